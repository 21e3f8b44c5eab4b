"""How a disk is put together, without building one; `appliance/image/test` boots the whole."""

from __future__ import annotations

import hashlib
import io
import itertools
import struct
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from appliance.acceptance.slots import SlotDisk
from appliance.image import boots, disk, formats, grubenv, installer
from appliance.image.boot_sector import SECTOR, embed
from domain.upgrade.boot_variables import BYTES, MAGIC, variables, with_variable
from tests.appliance.roles import ROLES

IMAGE = Path(disk.__file__).parent


def test_a_bios_finds_grub() -> None:
    """The first sector names the loader's, the loader its rest; signature and table stay as they were."""
    medium = io.BytesIO(b"\xaa" * SECTOR * 4096)
    embed(medium, bytes(range(256)) * 2, b"\x01" * (3 * SECTOR + 7), first=2048, sectors=2048)
    written = medium.getvalue()
    assert struct.unpack_from("<Q", written, 0x5C) == (2048,)
    assert written[0x66:0x68] == b"\x90\x90"
    assert written[440:SECTOR] == b"\xaa" * 72
    assert struct.unpack_from("<QHH", written, 2048 * SECTOR + 0x1F4) == (2049, 3, 0x820)


def test_a_loader_that_is_too_big_is_refused() -> None:
    """It would overwrite the next partition."""
    with pytest.raises(ValueError, match=r"core\.img"):
        embed(io.BytesIO(), b"", bytes(SECTOR + 1), first=1, sectors=1)


def test_partitions_follow_each_other_and_the_data_come_last() -> None:
    """So that the data can grow, and an installation that keeps them need not move them."""
    for one, next_one in itertools.pairwise(disk.PARTITIONS):
        assert one.start + one.size == next_one.start
    assert disk.PARTITIONS[-1] is disk.DATA
    assert len({each.guid for each in disk.PARTITIONS}) == len(disk.PARTITIONS)


def test_both_slots_are_in_the_boot_menu() -> None:
    """By the numbers that the table gives them."""
    menu = (IMAGE / "grub.cfg").read_text()
    for slot in (disk.ROOT_A, disk.ROOT_B):
        assert f"($disk,gpt{slot.number})/vmlinuz root=PARTLABEL={slot.name} " in menu


def test_a_variable_of_grub_is_set_in_its_block() -> None:
    """The others stay, an older value goes, the block keeps its size: GRUB writes it in place."""
    block = (MAGIC + b"good=a\noptions=nomodeset\n").ljust(BYTES, b"#")
    written = with_variable(block, "options", "clearcpuid=cx16")
    assert written.rstrip(b"#") == MAGIC + b"good=a\noptions=clearcpuid=cx16\n"
    assert len(written) == BYTES
    assert variables(written) == {"good": "a", "options": "clearcpuid=cx16"}


def test_the_block_is_told_from_its_words_in_a_program() -> None:
    """GRUB's own files lie on the same file system."""
    program = bytes(100) + MAGIC
    content = program.ljust(4 * SECTOR, b"\0") + MAGIC.ljust(BYTES, b"#")
    assert grubenv.place(content) == 4 * SECTOR
    with pytest.raises(ValueError, match="block"):
        grubenv.place(program)


def test_a_system_is_tried_once(tmp_path: Path) -> None:
    """As `grub.cfg` says: the one in `try`, and after it the good one, unless that was changed."""
    raw, at = tmp_path / "disk.raw", disk.ESP.start * disk.MIB + 8 * SECTOR
    with raw.open("wb") as file:
        file.truncate(disk.DISK_MIB * disk.MIB)
        file.seek(at)
        file.write((MAGIC + b"good=a\ntry=b\n").ljust(BYTES, b"#"))
    slots = SlotDisk(raw, tmp_path, tmp_path)
    assert [slots.chosen(), slots.chosen()] == ["b", "a"]
    assert slots.variables == {"good": "a", "try": ""}


@pytest.mark.parametrize("block", [b"", bytes(BYTES)])
def test_what_is_no_block_of_grub_is_not_written(block: bytes) -> None:
    """It would be written over something else."""
    with pytest.raises(ValueError, match="block"):
        with_variable(block, "good", "b")


def test_a_block_of_grub_does_not_grow() -> None:
    """What does not fit is refused."""
    block = MAGIC.ljust(BYTES, b"#")
    with pytest.raises(ValueError, match="room for options"):
        with_variable(block, "options", "x" * BYTES)


OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"
RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"


def test_the_description_of_the_machine_names_its_disk_everywhere() -> None:
    """VMware and VirtualBox follow file -> disk -> item, and the item's controller."""
    tree = ElementTree.fromstring(formats.descriptor("box400-disk1.vmdk", 451, 7233 << 20, "0.1.0+a<b"))
    file, kept = tree.find(f".//{OVF}File"), tree.find(f".//{OVF}Disk")
    assert file is not None
    assert kept is not None
    assert (file.get(f"{OVF}href"), file.get(f"{OVF}size")) == ("box400-disk1.vmdk", "451")
    assert kept.get(f"{OVF}fileRef") == file.get(f"{OVF}id")
    assert kept.get(f"{OVF}capacity") == str(7233 << 20)
    items = {item.findtext(f"{RASD}ElementName"): item for item in tree.iter(f"{OVF}Item")}
    assert items["disk"].findtext(f"{RASD}HostResource") == f"ovf:/disk/{kept.get(f'{OVF}diskId')}"
    assert items["disk"].findtext(f"{RASD}Parent") == items["SATA"].findtext(f"{RASD}InstanceID")
    network = tree.find(f".//{OVF}Network")
    assert network is not None
    assert items["network"].findtext(f"{RASD}Connection") == network.get(f"{OVF}name")


def test_elements_of_an_item_come_in_the_order_of_the_alphabet() -> None:
    """Importers check the schema, which wants that."""
    for item in formats.ITEMS:
        assert list(item) == sorted(item)


@pytest.mark.parametrize("name", ["box400", "hook"])
def test_the_installer_is_shell(name: str) -> None:
    """It runs where nobody can mend it."""
    done = subprocess.run(
        ["/bin/sh", "-n", str(IMAGE / "installer" / name)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_installer_may_use_a_stick() -> None:
    """The box refuses the driver of sticks; its installer, made of the same tree, comes on one."""
    refusals = Path("etc/modprobe.d/box400.conf")
    assert (ROLES / "hardening/templates" / f"{refusals}.j2").exists()
    assert f'rm -f "$DESTDIR/{refusals}"' in (IMAGE / "installer/hook").read_text()


def ask_installer(question: str, subject: Path) -> bool:
    """Ask a function of the installer about a file that stands for a disk."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'. "$0"; {installer.layout("0.1.0")}{question} "../$1"',
         str(IMAGE / "installer/box400"), str(subject)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode == 0


def partitioned(file: Path, table: str) -> Path:
    """Make a sparse file with a partition table."""
    with file.open("wb") as made:
        made.truncate((disk.DISK_MIB + 4096) << 20)
    subprocess.run(["sfdisk", "--quiet", str(file)], input=table, text=True, check=True)
    return file


def test_the_installer_knows_an_empty_disk(tmp_path: Path) -> None:
    """And takes none for it that has a table, or a byte where one would be."""
    blank, full = tmp_path / "blank", partitioned(tmp_path / "full", disk.table())
    blank.write_bytes(bytes(8 << 20))
    assert ask_installer("is_empty", blank)
    assert not ask_installer("is_empty", full)
    blank.write_bytes(bytes(4096) + b"x" + bytes(8 << 20))
    assert not ask_installer("is_empty", blank)


def test_the_installer_knows_the_data_of_a_box(tmp_path: Path) -> None:
    """By name and place, also when they have grown; other disks' it leaves alone."""
    box = partitioned(tmp_path / "box", disk.table())
    assert ask_installer("holds_data", box)
    subprocess.run(
        ["sfdisk", "--quiet", "-N", str(disk.DATA.number), str(box)], input=", +\n", text=True, check=True
    )
    assert ask_installer("holds_data", box)
    moved = disk.table().replace(f"start={disk.DATA.start}MiB", f"start={disk.DATA.start + 1}MiB")
    assert not ask_installer("holds_data", partitioned(tmp_path / "moved", moved))
    assert not ask_installer("holds_data", partitioned(tmp_path / "other", "label: gpt\nname=data\n"))


def test_what_a_started_box_says_is_read() -> None:
    """An empty list of failed units is an empty text; a line that the wire garbled is passed over."""
    told = "state=running failed=[] slot=root-a data=123"
    line = f"PROBE {told} SUM {hashlib.sha256(told.encode()).hexdigest()[:12]} END\r\n"
    facts = {"state": "running", "failed": "", "slot": "root-a", "data": "123"}
    assert boots.told_by_probe(f"login: {line.replace('running', 'runniing')}{line}") == facts
    assert boots.told_by_probe(line.replace("123", "1223")) is None
    assert boots.told_by_probe("PROBE state=") is None
