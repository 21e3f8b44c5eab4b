"""Which system runs, what GRUB is told, and what is written into the idle slot."""

from __future__ import annotations

import gzip
import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from domain.refusal import NotPossible
from domain.upgrade.boot_variables import BYTES, MAGIC, variables
from domain.upgrade.release import SYSTEM, Manifest
from storage.upgrade.slots import NOTED_EVERY, Slots, other, slot_of

CONTENT = bytes(range(256)) * 4096 * 3 + bytes(5 << 20)


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    """Return the slots of a machine that runs a."""
    for place in ("proc", "boot/efi/grub", "dev/disk/by-partlabel"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "proc/cmdline").write_text("BOOT_IMAGE=/vmlinuz root=PARTLABEL=root-a rw quiet\n")
    (tmp_path / "boot/efi/grub/grubenv").write_bytes((MAGIC + b"good=a\noptions=x=1\n").ljust(BYTES, b"#"))
    (tmp_path / "dev/disk/by-partlabel/root-b").write_bytes(b"old" * (3 << 20))
    return Slots(tmp_path)


def manifest(content: bytes = CONTENT) -> Manifest:
    """Return what is said of a system."""
    return Manifest(
        "2.0.0", 9, 3, (), format=SYSTEM, image_bytes=len(content),
        image_sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def write(slots: Slots, packed: bytes, said: Manifest) -> None:
    """Write a system in small blocks, as a bundle is read."""
    with closing(slots.writer("b", said, lambda en, zh: None)) as writer:
        for at in range(0, len(packed), 1000):
            writer.write(packed[at : at + 1000])
        writer.flush()


@pytest.mark.parametrize(
    ("line", "slot"),
    [
        ("BOOT_IMAGE=/vmlinuz root=PARTLABEL=root-b rw", "b"),
        ("root=PARTLABEL=root-a", "a"),
        ("root=UUID=12 ro quiet", ""),
        ("root=PARTLABEL=root-c rw", ""),
        ("", ""),
    ],
)
def test_the_slot_of_a_kernel(line: str, slot: str) -> None:
    """By what it was started with; a Debian of its own has none."""
    assert slot_of(line) == slot


def test_the_other_slot() -> None:
    """Where there are two."""
    assert (other("a"), other("b"), other("")) == ("b", "a", "")


def test_grub_is_told_what_to_try_and_what_is_good(slots: Slots, tmp_path: Path) -> None:
    """In its block, whose size and other variables stay."""
    block = tmp_path / "boot/efi/grub/grubenv"
    slots.try_once("b")
    assert variables(block.read_bytes()) == {"good": "a", "try": "b", "options": "x=1"}
    assert slots.good == "a"
    slots.mark_good("b")
    assert variables(block.read_bytes()) == {"good": "b", "try": "", "options": "x=1"}
    assert (slots.good, len(block.read_bytes())) == ("b", BYTES)


def test_nobody_knows_what_is_good_without_grub(slots: Slots, tmp_path: Path) -> None:
    """A block that is none stops no start of the box."""
    (tmp_path / "boot/efi/grub/grubenv").write_bytes(b"")
    assert slots.good == ""
    assert Slots(tmp_path / "elsewhere").running == ""


def test_a_system_is_written_and_read_back(slots: Slots) -> None:
    """What lay there before is overwritten; a disk that keeps something else is found out."""
    said = manifest()
    write(slots, gzip.compress(CONTENT), said)
    device = slots.device("b")
    assert device.read_bytes()[: len(CONTENT)] == CONTENT
    slots.check("b", said, lambda en, zh: None)
    with device.open("r+b") as file:
        file.seek(5000)
        file.write(b"!")
    with pytest.raises(NotPossible) as refusal:
        slots.check("b", said, lambda en, zh: None)
    assert "读回后不一致" in refusal.value.zh


def test_how_far_it_is(slots: Slots) -> None:
    """Is told now and then, of a system as large as a real one's part."""
    notes: list[str] = []
    content = bytes(2 * NOTED_EVERY)
    writer = slots.writer("b", manifest(content), lambda en, zh: notes.append(zh))
    writer.write(gzip.compress(content, 1))
    writer.close()
    assert notes == ["已写入 50%", "已写入 100%"]


@pytest.mark.parametrize(
    ("packed", "why"),
    [(b"no archive", "已损坏"), (gzip.compress(CONTENT + b"x"), "大于升级包声明的大小")],
)
def test_what_is_no_such_system(slots: Slots, packed: bytes, why: str) -> None:
    """Damaged, or more than was said: it never writes beyond."""
    with pytest.raises(NotPossible) as refusal:
        write(slots, packed, manifest())
    assert why in refusal.value.zh


def test_a_system_that_ends_too_early(slots: Slots) -> None:
    """It is found out by what is read back."""
    write(slots, gzip.compress(CONTENT[:-1]), manifest())
    slots.device("b").write_bytes(CONTENT[:-1])
    with pytest.raises(NotPossible):
        slots.check("b", manifest(), lambda en, zh: None)


def test_a_slot_that_is_not_there(slots: Slots) -> None:
    """It is named."""
    with pytest.raises(NotPossible) as refusal:
        slots.room("a")
    assert "系统分区 A" in refusal.value.zh
