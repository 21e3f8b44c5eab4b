"""The installer at work: what it writes, what it refuses, what it asks, what it keeps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from appliance.image.machine import INSTALLER, Hardware, Machine, switched_on
from appliance.image.workshop import ImageFailed, Workshop

INSTALL, KEEP, ERASE = "i", "k", "x"
"""Keys of the medium's menu."""
DISC = ("-device", "ide-cd,drive=m,bus=ide.1", "-boot", "d")
STICK = ("-device", "qemu-xhci", "-device", "usb-storage,drive=m,bootindex=0")
WITHIN = 1800.0
ASKS = "Type the name of the disk"
READS_AFTER = 2.0
"""Seconds after the question: what is typed before anybody reads the line is lost, as it should be."""


def empty_disk(shop: Workshop, name: str, gigabytes: float) -> Path:
    """Make a disk with nothing on it."""
    disk = shop.work / f"{name}.raw"
    with disk.open("wb") as file:
        file.truncate(int(gigabytes * (1 << 30)))
    return disk


def installer(
    shop: Workshop,
    medium: Path,
    disks: Sequence[Path],
    hardware: Hardware,
    key: str,
    expected: str,
    *,
    drive: Sequence[str] = DISC,
    answers: Sequence[tuple[str, str]] = (),
) -> float:
    """Start the medium, choose in its menu, answer its questions, wait for what it is to say; return when."""
    more = ["-drive", f"file={shop.inside(medium)},format=raw,if=none,id=m,readonly=on", *drive]
    with switched_on(shop, "installer", disks, hardware, INSTALLER, more=more) as machine:
        machine.await_words("Install box400 onto", 120)
        machine.type(key)
        for asked, (question, answer) in enumerate(answers, 1):
            machine.await_words(question, WITHIN)
            machine.await_words(ASKS, WITHIN, asked)
            time.sleep(READS_AFTER)
            machine.type(f"{answer}\r")
        _await_end(machine, expected)
        return machine.seconds()


def _await_end(machine: Machine, expected: str) -> None:
    ends = ("box400: DONE", "box400: NOT INSTALLED", "box400: FAILED")
    machine.await_(lambda: any(end in machine.said() for end in ends), "the installer's end", WITHIN)
    machine.await_words("Press Enter" if "DONE" not in machine.said() else "press Enter", 30)
    if expected not in machine.said():
        raise ImageFailed(f"the installer did not say {expected!r}:\n{machine.said()[-3000:]}")
