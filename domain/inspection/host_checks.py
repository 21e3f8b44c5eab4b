"""Is the machine as it should be: clock, disks, memory, load, network, units?"""

from __future__ import annotations

from typing import Final

from domain.inspection.facts import Facts, FileSystem
from domain.inspection.verdict import Result, Verdict

CLOCK_WARN_SECONDS: Final = 0.5
CLOCK_BAD_SECONDS: Final = 5.0
DISK_WARN: Final = 0.80
DISK_BAD: Final = 0.90
"""The b2bua stops recording at 0.95."""
MEMORY_WARN: Final = 0.15
"""Part of the memory that is available."""
MEMORY_BAD: Final = 0.05
LOAD_WARN: Final = 1.0
"""Of each core, over 15 minutes."""
LOAD_BAD: Final = 2.0
HOT_WARN: Final = 75.0
HOT_BAD: Final = 90.0
GIB: Final = 1024**3


def clock(facts: Facts) -> Result:
    """Does the clock follow a time source?"""
    machine, name = facts.machine, "clock"
    if machine.clock_synchronised is None:
        return Result(
            name, Verdict.UNKNOWN, "无法得知时钟是否同步", "Whether the clock is in step is unknown"
        )
    source = (machine.clock_source,) if machine.clock_source else ()
    if not machine.clock_synchronised:
        return Result(name, Verdict.BAD, "时钟未与时间源同步", "The clock follows no time source", source)
    offset = machine.clock_offset
    if offset is None:
        return Result(name, Verdict.GOOD, "时钟已同步", "The clock is in step", source)
    verdict = _above(abs(offset), CLOCK_WARN_SECONDS, CLOCK_BAD_SECONDS)
    shown = f"{offset * 1000:+.1f} ms"
    return Result(name, verdict, f"时钟偏差 {shown}", f"The clock is off by {shown}", source)


def disk_space(facts: Facts) -> Result:
    """Have the file systems room?"""
    name, found = "disk_space", facts.machine.file_systems
    if not found:
        return Result(name, Verdict.UNKNOWN, "无法得知磁盘空间", "Free space is unknown")
    fullest = max(found, key=_fullness)
    verdict = _above(_fullness(fullest), DISK_WARN, DISK_BAD)
    percent = round(_fullness(fullest) * 100)
    return Result(
        name, verdict, f"{fullest.path} 已用 {percent}%", f"{fullest.path} is {percent} % full",
        tuple(f"{each.path}: {each.used:.0%} of {each.octets / GIB:.1f} GiB, inodes {each.inodes_used:.0%}"
              for each in found),
    )  # fmt: skip


def disk_health(facts: Facts) -> Result:
    """Do the disks pass their own test?"""
    name, found = "disk_health", facts.machine.disk_health
    if found is None and facts.machine.virtual:
        return Result(
            name,
            Verdict.GOOD,
            "虚拟机：磁盘健康由宿主机负责",
            "A virtual machine: the host looks after the disks",
        )
    if not found:
        return Result(name, Verdict.UNKNOWN, "无法读取磁盘 SMART 状态", "The disks' SMART state is unknown")
    evidence = tuple(
        f"{each.device}: {'PASSED' if each.passed else 'FAILED'} {each.detail}".rstrip() for each in found
    )
    bad = [each.device for each in found if not each.passed]
    if bad:
        names = " ".join(bad)
        return Result(
            name,
            Verdict.BAD,
            f"磁盘 {names} 自检未通过，请尽快更换",
            f"Replace {names} soon: its test fails",
            evidence,
        )
    return Result(name, Verdict.GOOD, "磁盘自检通过", "Every disk passes its test", evidence)


def memory(facts: Facts) -> Result:
    """Is there memory left?"""
    name, machine = "memory", facts.machine
    if not machine.memory or machine.memory_available is None:
        return Result(name, Verdict.UNKNOWN, "无法得知内存", "Memory is unknown")
    part = machine.memory_available / machine.memory
    verdict = Verdict.BAD if part < MEMORY_BAD else Verdict.WARN if part < MEMORY_WARN else Verdict.GOOD
    free, total = machine.memory_available / GIB, machine.memory / GIB
    return Result(
        name,
        verdict,
        f"可用内存 {free:.1f} / {total:.1f} GiB",
        f"{free:.1f} of {total:.1f} GiB memory available",
    )


def load(facts: Facts) -> Result:
    """Have the processors time?"""
    name, machine = "load", facts.machine
    if machine.load is None or not machine.cores:
        return Result(name, Verdict.UNKNOWN, "无法得知负载", "The load is unknown")
    verdict = _above(machine.load / machine.cores, LOAD_WARN, LOAD_BAD)
    return Result(
        name, verdict, f"15 分钟平均负载 {machine.load:.2f}（{machine.cores} 核）",
        f"Load of 15 minutes {machine.load:.2f} on {machine.cores} cores",
    )  # fmt: skip


def temperature(facts: Facts) -> Result:
    """Is the machine cool enough?"""
    name, found = "temperature", facts.machine.temperature
    if found is None:
        if facts.machine.virtual:
            return Result(name, Verdict.GOOD, "虚拟机无温度传感器", "A virtual machine has no sensor")
        return Result(name, Verdict.UNKNOWN, "没有可读的温度传感器", "No sensor of temperature can be read")
    return Result(
        name,
        _above(found, HOT_WARN, HOT_BAD),
        f"设备最高温度 {found:.0f} °C",
        f"Hottest sensor {found:.0f} degrees",
    )


def network_address(facts: Facts) -> Result:
    """Is the machine on a network?"""
    name, address = "network_address", facts.machine.address
    if address is None:
        return Result(name, Verdict.UNKNOWN, "无法得知网络地址", "The address is unknown")
    if not address:
        return Result(name, Verdict.BAD, "没有默认路由", "There is no default route")
    return Result(name, Verdict.GOOD, f"本机地址 {address}", f"The address is {address}")


def failed_units(facts: Facts) -> Result:
    """Has any unit of systemd failed?"""
    name, found = "failed_units", facts.machine.failed_units
    if found is None:
        return Result(name, Verdict.UNKNOWN, "无法得知系统服务状态", "The units of the system are unknown")
    if not found:
        return Result(name, Verdict.GOOD, "没有失败的系统服务", "No unit has failed")
    return Result(
        name, Verdict.BAD, f"{len(found)} 个系统服务失败：{' '.join(found[:3])}",
        f"{len(found)} units failed: {' '.join(found[:3])}", found,
    )  # fmt: skip


def _fullness(each: FileSystem) -> float:
    return max(each.used, each.inodes_used)


def _above(value: float, warn: float, bad: float) -> Verdict:
    return Verdict.BAD if value >= bad else Verdict.WARN if value >= warn else Verdict.GOOD
