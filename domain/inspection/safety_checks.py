"""Is the machine safe: certificates, firewall, ports, accounts, updates, logs?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from domain.inspection.facts import Facts, Ports, Socket
from domain.inspection.verdict import Result, Verdict

DAY: Final = 86400.0
CERTIFICATE_WARN_DAYS: Final = 30
CERTIFICATE_BAD_DAYS: Final = 7
LISTS_WARN_DAYS: Final = 30
HARDENING_WISHED: Final = 80
HARDENING_LEAST: Final = 65
HARDENING_WARN_DAYS: Final = 120
LOG_DAYS: Final = 183
"""Logs are kept for six months at least."""


def certificates(facts: Facts) -> Result:
    """Do the certificates hold for a while?"""
    name, found = "certificates", facts.machine.certificates
    if not found:
        return Result(name, Verdict.UNKNOWN, "没有找到证书", "No certificate was found")
    first = min(found, key=lambda each: each.ends)
    days = int((first.ends - facts.at) // DAY)
    evidence = tuple(f"{each.subject}: {_date(each.ends)} ({each.path})" for each in found)
    verdict = (
        Verdict.BAD if days < CERTIFICATE_BAD_DAYS
        else Verdict.WARN if days < CERTIFICATE_WARN_DAYS else Verdict.GOOD
    )  # fmt: skip
    if days < 0:
        return Result(
            name,
            verdict,
            f"证书 {first.subject} 已过期",
            f"The certificate {first.subject} has ended",
            evidence,
        )
    return Result(
        name, verdict, f"最早到期的证书还有 {days} 天", f"The first certificate ends in {days} days", evidence
    )


def firewall(facts: Facts) -> Result:
    """Does the firewall refuse by default?"""
    name, refuses = "firewall", facts.machine.firewall_refuses
    if refuses is None:
        return Result(name, Verdict.UNKNOWN, "无法读取防火墙规则", "The firewall's rules cannot be read")
    if refuses:
        return Result(name, Verdict.GOOD, "防火墙默认拒绝入站", "The firewall drops by default")
    return Result(name, Verdict.BAD, "防火墙未启用或默认放行", "The firewall is off or lets in by default")


def open_ports(facts: Facts) -> Result:
    """Does anything listen that was not declared?"""
    name, listening = "open_ports", facts.machine.listening
    if listening is None:
        return Result(name, Verdict.UNKNOWN, "无法得知监听端口", "What listens is unknown")
    foreign = [each for each in listening if not _declared(each, facts.box.declared)]
    shown = tuple(
        f"{each.transport} {each.address}:{each.port} {each.process}".rstrip()
        for each in foreign or listening
    )
    if not foreign:
        return Result(
            name, Verdict.GOOD, f"{len(listening)} 个监听端口均已声明",
            f"All of {len(listening)} listening sockets are declared", shown[:40],
        )  # fmt: skip
    first = f"{foreign[0].transport}/{foreign[0].port}"
    return Result(
        name, Verdict.WARN, f"{len(foreign)} 个监听端口未声明，如 {first}",
        f"{len(foreign)} sockets listen undeclared, such as {first}", shown[:40],
    )  # fmt: skip


def ssh_keys(facts: Facts) -> Result:
    """Does SSH take keys only?"""
    name, passwords = "ssh_keys", facts.machine.ssh_passwords
    if passwords is None:
        return Result(name, Verdict.UNKNOWN, "无法读取 SSH 配置", "The settings of SSH cannot be read")
    if passwords:
        return Result(name, Verdict.BAD, "SSH 允许密码登录", "SSH lets in by password")
    return Result(name, Verdict.GOOD, "SSH 仅允许密钥登录", "SSH takes keys only")


def system_accounts(facts: Facts) -> Result:
    """Has any account of the system an empty password?"""
    name, empty = "system_accounts", facts.machine.empty_passwords
    if empty is None:
        return Result(name, Verdict.UNKNOWN, "无法读取系统账号", "The system's accounts cannot be read")
    held = facts.machine.with_passwords or ()
    if empty:
        names = " ".join(empty)
        return Result(name, Verdict.BAD, f"账号 {names} 密码为空", f"{names} has an empty password", empty)
    return Result(
        name, Verdict.GOOD, f"无空密码账号；有密码的账号 {len(held)} 个",
        f"No empty password; {len(held)} accounts have one", held,
    )  # fmt: skip


def superusers(facts: Facts) -> Result:
    """Is root the only superuser?"""
    name, found = "superusers", facts.machine.superusers
    if found is None:
        return Result(name, Verdict.UNKNOWN, "无法读取系统账号", "The system's accounts cannot be read")
    if found == ("root",):
        return Result(name, Verdict.GOOD, "仅 root 为超级用户", "root is the only superuser")
    return Result(
        name,
        Verdict.BAD,
        f"存在多个超级用户：{' '.join(found)}",
        f"Several superusers: {' '.join(found)}",
        found,
    )


def updates(facts: Facts) -> Result:
    """Are updates installed, and are the lists recent?"""
    name, machine = "updates", facts.machine
    if machine.updates is None:
        return Result(name, Verdict.UNKNOWN, "无法得知待装更新", "Updates that wait are unknown")
    evidence = () if not machine.updated_at else (f"lists of {_date(machine.updated_at)}",)
    if machine.security_updates:
        count = machine.security_updates
        return Result(
            name,
            Verdict.BAD,
            f"{count} 个安全更新未安装",
            f"{count} security updates are not installed",
            evidence,
        )
    if machine.updated_at is None or facts.at - machine.updated_at > LISTS_WARN_DAYS * DAY:
        return Result(
            name, Verdict.WARN, f"软件包列表超过 {LISTS_WARN_DAYS} 天未刷新",
            f"Package lists were not fetched for {LISTS_WARN_DAYS} days", evidence,
        )  # fmt: skip
    verdict = Verdict.WARN if machine.updates else Verdict.GOOD
    return Result(
        name,
        verdict,
        f"{machine.updates} 个普通更新待安装",
        f"{machine.updates} ordinary updates wait",
        evidence,
    )


def hardening(facts: Facts) -> Result:
    """Is the hardening index of lynis as wished?"""
    name, machine = "hardening", facts.machine
    if machine.hardening is None:
        return Result(
            name, Verdict.UNKNOWN, "没有 lynis 报告（运行 lynis audit system）",
            "There is no report of lynis (run lynis audit system)",
        )  # fmt: skip
    index, at = machine.hardening, machine.hardening_at or 0.0
    verdict = (
        Verdict.BAD if index < HARDENING_LEAST
        else Verdict.WARN if index < HARDENING_WISHED or facts.at - at > HARDENING_WARN_DAYS * DAY
        else Verdict.GOOD
    )  # fmt: skip
    return Result(
        name,
        verdict,
        f"lynis 加固评分 {index}（{_date(at)}）",
        f"lynis hardening index {index} of {_date(at)}",
    )


def logs_kept(facts: Facts) -> Result:
    """Are the system's logs kept for six months?"""
    name, machine = "logs_kept", facts.machine
    if machine.log_days is None:
        return Result(name, Verdict.UNKNOWN, "无法得知日志保存时间", "How long logs are kept is unknown")
    kept = machine.log_kept_days
    shown = f"{machine.log_days:.0f}"
    if machine.log_days >= LOG_DAYS or kept is None or kept >= LOG_DAYS:
        verdict = Verdict.GOOD if machine.log_days >= LOG_DAYS or (kept or 0) >= LOG_DAYS else Verdict.WARN
        return Result(
            name, verdict, f"日志已保存 {shown} 天", f"Logs reach back {shown} days",
            () if kept is None else (f"MaxRetentionSec {kept:.0f} d",),
        )  # fmt: skip
    return Result(
        name, Verdict.BAD, f"日志只保存 {kept:.0f} 天，少于 6 个月", f"Logs are kept for {kept:.0f} days only"
    )


def guessing(facts: Facts) -> Result:
    """Does somebody guess passwords of phones?"""
    name, found = "guessing", facts.box.guessing
    if found is None:
        return Result(name, Verdict.UNKNOWN, "信令进程无应答", "The SIP process does not answer")
    if not found:
        return Result(name, Verdict.GOOD, "当前无 SIP 密码猜测", "Nobody guesses SIP passwords now")
    return Result(
        name,
        Verdict.WARN,
        f"{len(found)} 个来源正在猜测 SIP 密码",
        f"{len(found)} sources guess SIP passwords",
        found,
    )


def _declared(socket: Socket, ports: tuple[Ports, ...]) -> bool:
    return any(
        each.transport == socket.transport and each.first <= socket.port <= each.last for each in ports
    )


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
