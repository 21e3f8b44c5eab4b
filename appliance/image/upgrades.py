"""A system in the idle slot, as GRUB and the kernel see it: tried once, found good, or cut short and left.

A box that nobody is to use starts no further than ``basic.target`` (``alone``): all of its processes take an
emulated machine ten minutes.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from appliance.image.boots import APPLY, FORWARDS, TELL, await_served, await_told
from appliance.image.machine import (
    ALONE,
    KERNEL,
    KVM,
    Machine,
    alone,
    before_the_box,
    give_kernel_options,
    kind,
    probe,
    switched_on,
)
from appliance.image.workshop import ImageFailed, Workshop

WITHIN = 3000.0
PATIENCE = 1200
"""Seconds that a box may take to be well which is emulated, for three minutes."""
OTHER = 977
RENUMBER = f"""
sed -i 's/^box400:x:[0-9]*:[0-9]*:/box400:x:{OTHER}:{OTHER}:/' /etc/passwd
sed -i 's/^box400:x:[0-9]*:/box400:x:{OTHER}:/' /etc/group
chgrp box400 /etc/box400/settings.json
"""
"""The system that is upgraded has the account under another number than the one in the bundle."""
WRITE = f"""
PATH=$PATH:/usr/local/bin
{APPLY}
echo "PROBE it is $state"
mount -o ro /dev/disk/by-label/bundle /mnt
cp /mnt/release.pub /etc/box400/upgrade-keys/
cd /mnt
box400 --lang en upgrade system.bundle --wait 5 --patience {PATIENCE} || echo "PROBE refused"
"""
FOUND = rf"""
journal=$(ls /data/upgrade/history/*.jsonl)
last() {{ sed -n "s/.*\"e\":\"$1\".*\"$2\":\"\([a-z-]*\)\".*/\1/p" "$journal" | tail -n 1; }}
told="slot=$(sed -n 's/.*root=PARTLABEL=root-\([ab]\).*/\1/p' /proc/cmdline)"
told="$told good=$(sed -n 's/^good=//p' /boot/efi/grub/grubenv)"
told="$told done=$(last done step) undone=$(last undone undo) failed=[$(last failed step)]"
told="$told interrupted=$(grep -c '"e":"interrupted"' "$journal") result=[$(last ended result)]"
told="$told owner=$(stat -c %U /data/box400) number=$(id -u box400)"
told="$told keys=$(ls /etc/box400/upgrade-keys | paste -sd,)"
told="$told units=[$(systemctl --failed --plain --no-legend | cut -d' ' -f1 | paste -sd,)]"
{TELL}"""
GO_ON = f"systemctl start appliance-recover.service\n{FOUND}"
"""Alone: only what must be done before the box starts."""
TO_THE_END = f"""
PATH=$PATH:/usr/local/bin
until grep -q '"e":"ended"' /data/upgrade/history/*.jsonl; do sleep 2; done
cat /data/upgrade/history/*.jsonl
box400 --lang en upgrade --status
{FOUND}"""


def bundle_disk(shop: Workshop, bundle: Path, public: Path) -> Path:
    """Make a disk with a bundle and the key of who signed it."""
    files, disk = shop.work / "bundle.files", shop.work / "bundle.raw"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    shutil.copy(bundle, files / "system.bundle")
    shutil.copy(public, files / "release.pub")
    disk.unlink(missing_ok=True)
    size = (bundle.stat().st_size >> 20) + 64
    shop.run("mke2fs", "-q", "-t", "ext4", "-L", "bundle", "-d", files, disk, f"{size}M")
    shutil.rmtree(files)
    return disk


def written(shop: Workshop, disk: Path, bundle: Path, processor: Sequence[str]) -> str:
    """Upgrade a box that is in use; it ends by restarting."""
    give_kernel_options(shop, disk, KERNEL)
    more = [*probe(WRITE), *before_the_box(RENUMBER)]
    with switched_on(shop, "slot-a", [disk, bundle], KVM, processor, more=more) as machine:
        up = machine.await_words("PROBE it is running", WITHIN)
        down = machine.await_off(WITHIN, unless="PROBE refused")
        return f"in use after {up:.0f} s, written, read back, restarted after {down:.0f} s"


def copy_of(shop: Workshop, disk: Path, name: str) -> Path:
    """Return a copy of a disk, made of what changes on it."""
    copy = shop.work / f"{name}.qcow2"
    copy.unlink(missing_ok=True)
    shop.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", kind(disk), "-b", disk, copy)
    return copy


def found(
    shop: Workshop, disk: Path, name: str, wanted: dict[str, str], processor: Sequence[str], script: str
) -> str:
    """Start a box alone and wait until it has told what became of the upgrade; then its power is cut."""
    give_kernel_options(shop, disk, f"{KERNEL} {ALONE}")
    with switched_on(shop, name, [disk], KVM, processor, more=alone(script)) as machine:
        return f"{_told(machine, name, wanted)} after {machine.seconds():.0f} s"


def ended(shop: Workshop, disk: Path, name: str, wanted: dict[str, str], processor: Sequence[str]) -> str:
    """Start a box with all that is in it, wait for the end of the upgrade, and for page and SIP."""
    give_kernel_options(shop, disk, KERNEL)
    more = probe(TO_THE_END)
    with switched_on(shop, name, [disk], KVM, processor, forwards=FORWARDS, more=more) as machine:
        told = _told(machine, name, wanted)
        over = machine.seconds()
        page, sip = await_served(machine)
        return f"{told} after {over:.0f} s, sign-in page {page:.0f} s, SIP {sip:.0f} s"


def _told(machine: Machine, name: str, wanted: dict[str, str]) -> dict[str, str]:
    told = await_told(machine, WITHIN)
    if {key: told.get(key) for key in wanted} != wanted:
        raise ImageFailed(f"{name}: {told}, wanted {wanted}\n{machine.said()[-6000:]}")
    return told
