"""A virtual machine without KVM, driven by its serial line.

QEMU 10 of the workshop. Debian 13's kernel sometimes dies under emulation where it uses cmpxchg16b, and never
did without; yet numpy asks for a processor that has it (x86-64-v2). So the processor offers it, and the box's
kernel is told to leave it alone (``KERNEL``); the installer, which has no numpy, gets a processor without.
``vectors=0``: virtio's MSI-X once failed an assertion of QEMU.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.image.disk import ESP, MIB
from appliance.image.grubenv import place
from appliance.image.workshop import ImageFailed, Workshop
from domain.upgrade.boot_variables import BYTES, with_variable

KERNEL = (
    "clearcpuid=cx16 mitigations=off nokaslr tsc=reliable no_timer_check systemd.service_watchdogs=no"
    " systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900"
    " systemd.mask=appliance-inspect.timer systemd.mask=sysstat-collect.timer"
)
"""What spares the emulation work, and gives it time."""
BOX = ("-accel", "tcg,thread=multi", "-cpu", "max,-la57", "-smp", "2")
STEADY = ("-accel", "tcg,thread=single", "-icount", "shift=1,sleep=on", "-cpu", "max,-la57", "-smp", "1")
"""The box's clock counts its instructions (2 ns each): where the emulation gets little of a processor, no
limit of time ends early. It takes three times the work."""
INSTALLER = ("-accel", "tcg,thread=multi", "-cpu", "max,-la57,-cx16", "-smp", "2")
PROBE = """[Unit]
Description=What the test asks of the box
[Service]
ExecStart=/bin/sh -c "echo {script} | base64 -d | sh >/dev/console 2>&1"
"""
"""Of what is open when the sign-in takes the line, the kernel leaves only the console alone."""


BEFORE = """[Unit]
Description=What the test changes
Before=box400-settings.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "echo {script} | base64 -d | sh -e"
"""
ALONE = "systemd.unit=probe.target"
PROBE_TARGET = """[Unit]
Description=What the test asks, and nothing else
Requires=basic.target
Wants=probe.service
After=basic.target
AllowIsolate=yes
"""
PATIENT = "[Service]\nTimeoutStartSec=900\n"
SLOW = tuple(f"box400-{name}" for name in ("store", "ledger", "recorder", "notices", "b2bua", "webui"))
"""Units whose own limits are not for a machine that is emulated: under load they began again and again."""


@dataclass(frozen=True)
class Hardware:
    """What a machine is made of."""

    machine: str
    disk: str
    """QEMU's device; the drive and the slot are added."""
    card: str
    firmware: tuple[str, ...] = ()


KVM = Hardware("pc", "virtio-blk-pci,vectors=0", "virtio-net-pci,vectors=0")
"""As under KVM, started by a BIOS."""
PLAIN = Hardware("q35", "ide-hd", "e1000", ("-bios", "/usr/share/ovmf/OVMF.fd"))
"""SATA and an Intel card, as in the OVA and in many real machines, started by UEFI."""


class Machine:
    """One that runs."""

    def __init__(self, child: subprocess.Popen[bytes], console: Path, line: socket.socket) -> None:
        self._child = child
        self._console = console
        self._line = line
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Since it was switched on."""
        return time.monotonic() - self._began

    def said(self) -> str:
        """Return what its serial line said."""
        return self._console.read_text(errors="replace")

    def type(self, keys: str) -> None:
        """Type on its serial line."""
        self._line.sendall(keys.encode())

    def await_(self, what: Callable[[], bool], told: str, within: float, pause: float = 0.3) -> float:
        """Wait until something holds; return when, since it was switched on. Raises ImageFailed."""
        end = time.monotonic() + within
        while time.monotonic() < end and self._child.poll() is None:
            with contextlib.suppress(BlockingIOError):
                self._line.recv(1 << 16)  # QEMU logs it; unread it would stop the machine
            if what():
                return self.seconds()
            time.sleep(pause)
        raise ImageFailed(f"not within {within:.0f} s: {told}\n{self.said()[-3000:]}")

    def await_off(self, within: float, unless: str) -> float:
        """Wait until it has restarted, which ends it; return when. Raises ImageFailed."""
        try:
            self.await_(lambda: unless in self.said(), "its restart", within)
        except ImageFailed:
            if self._child.poll() is not None:
                return self.seconds()
            raise
        raise ImageFailed(f"it did not restart:\n{self.said()[-3000:]}")

    def await_words(self, words: str, within: float, times: int = 1) -> float:
        """Wait until its serial line has said it so often."""
        return self.await_(lambda: self.said().count(words) >= times, words, within)


def probe(script: str) -> list[str]:
    """Return options that put a unit into the box at its start, by SMBIOS: the image stays as it is."""
    return _told_by_smbios(
        ("systemd.extra-unit.probe.service", PROBE.format(script=_base64(script))),
        ("systemd.unit-dropin.multi-user.target", "[Unit]\nWants=probe.service\n"),
        *((f"systemd.unit-dropin.{each}.service", PATIENT) for each in SLOW),
    )


def before_the_box(script: str) -> list[str]:
    """Return options that run a script in the box before anything of the program starts."""
    return _told_by_smbios(
        ("systemd.extra-unit.before.service", BEFORE.format(script=_base64(script))),
        ("systemd.unit-dropin.box400-settings.service", "[Unit]\nRequires=before.service\n"),
    )


def alone(script: str) -> list[str]:
    """Return options for a box that starts little but the probe; its kernel must be told ``ALONE``, too."""
    return _told_by_smbios(
        ("systemd.extra-unit.probe.service", PROBE.format(script=_base64(script))),
        ("systemd.extra-unit.probe.target", PROBE_TARGET),
        *((f"systemd.unit-dropin.{each}.service", PATIENT) for each in SLOW),
    )


def _told_by_smbios(*credentials: tuple[str, str]) -> list[str]:
    return [
        word
        for name, text in credentials
        for word in ("-smbios", f"type=11,value=io.systemd.credential.binary:{name}={_base64(text)}")
    ]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kind(disk: Path) -> str:
    """Return QEMU's name of the disk's format."""
    return "qcow2" if disk.suffix == ".qcow2" else "raw"


def give_kernel_options(shop: Workshop, disk: Path, options: str) -> None:
    """Let GRUB give the kernel more options, as a technician may: in its variables on the disk's ESP."""
    esp, block = shop.work / "esp.part", shop.work / "grubenv.part"
    shop.run(
        "qemu-img", "dd", "-f", kind(disk), "-O", "raw", "bs=1M", f"skip={ESP.start}",
        f"count={ESP.start + ESP.size}", "if=" + shop.inside(disk), "of=" + shop.inside(esp),
    )  # fmt: skip
    content = esp.read_bytes()
    at = place(content)
    block.write_bytes(with_variable(content[at : at + BYTES], "options", options))
    write = f"write -s {shop.inside(block)} {ESP.start * MIB + at} {BYTES}"
    shop.run("qemu-io", "-f", kind(disk), "-c", write, disk)
    for file in (esp, block):
        file.unlink()


@contextmanager
def switched_on(
    shop: Workshop,
    name: str,
    disks: Sequence[Path],
    hardware: Hardware,
    processor: Sequence[str],
    *,
    forwards: Sequence[str] = (),
    more: Sequence[str] = (),
) -> Iterator[Machine]:
    """Start a machine with disks (below the workshop's work); at the end its power is cut."""
    console, line = shop.work / f"{name}.console", shop.work / f"{name}.line"
    for old in (console, line):
        old.unlink(missing_ok=True)
    network = ",".join(("user,id=n", *(f"hostfwd={forward}" for forward in forwards)))
    drives = [
        word
        for slot, disk in enumerate(disks)
        for word in (
            "-drive", f"file={shop.inside(disk)},format={kind(disk)},if=none,id=d{slot},cache=unsafe",
            "-device", f"{hardware.disk},drive=d{slot}",
        )
    ]  # fmt: skip
    command = [
        "chroot", str(shop.tools), "qemu-system-x86_64", "-machine", hardware.machine,
        *processor, "-m", "2048", "-display", "none", "-no-reboot", "-nodefaults", "-vga", "std",
        "-chardev",
        f"socket,id=s,path={shop.inside(line)},server=on,wait=off,logfile={shop.inside(console)}",
        "-serial", "chardev:s", "-device", "virtio-rng-pci,vectors=0", *drives,
        "-netdev", network, "-device", f"{hardware.card},netdev=n", *hardware.firmware, *more,
    ]  # fmt: skip
    child = subprocess.Popen(["nice", "-n", "15", *command], stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        with _connected(child, line) as typed:
            yield Machine(child, console, typed)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(20)
        if child.poll() is None:
            child.kill()
            child.wait()


def _connected(child: subprocess.Popen[bytes], line: Path) -> socket.socket:
    end = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < end:
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            ours.connect(str(line))
        except OSError:
            ours.close()
            time.sleep(0.1)
        else:
            ours.setblocking(False)
            return ours
    raise ImageFailed("QEMU did not start; what it said is above")
