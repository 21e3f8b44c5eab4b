"""A system in the idle slot, as GRUB and the kernel see it: tried once, cut short, back to the old one.

The boxes start no further than ``basic.target`` and what the upgrade itself starts: all of their processes
would take an emulated machine most of an hour. ``tests/product/test_system_upgrade.py`` asks those.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from appliance.image.boots import told_by_probe
from appliance.image.machine import ALONE, KERNEL, KVM, Machine, alone, give_kernel_options, switched_on
from appliance.image.workshop import ImageFailed, Workshop

WITHIN = 2400.0
ASK = r"""
slot=$(sed -n 's/.*root=PARTLABEL=root-\([ab]\).*/\1/p' /proc/cmdline)
echo "PROBE runs in slot $slot"
mount -o ro /dev/disk/by-label/bundle /mnt
if [ ! -e /data/upgrade/history ]; then
    cp /mnt/release.pub /etc/box400/upgrade-keys/
    /usr/local/bin/box400 upgrade /mnt/system.bundle || echo "PROBE refused"
    exec sleep 600
fi
systemctl start appliance-recover.service
journal=$(ls /data/upgrade/history/*.jsonl)
last() { sed -n "s/.*\"e\":\"$1\".*\"$2\":\"\([a-z-]*\)\".*/\1/p" "$journal" | tail -n 1; }
told="slot=$slot good=$(sed -n 's/^good=//p' /boot/efi/grub/grubenv)"
told="$told done=$(last done step) undone=$(last undone undo) failed=[$(last failed step)]"
told="$told interrupted=$(grep -c '"e":"interrupted"' "$journal")"
told="$told keys=$(ls /etc/box400/upgrade-keys | paste -sd,)"
while :; do
    echo "PROBE $told SUM $(printf %s "$told" | sha256sum | cut -c1-12) END"
    sleep 5
done
"""


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
    """Upgrade a box that was never started; it ends by restarting."""
    give_kernel_options(shop, disk, f"{KERNEL} {ALONE}")
    with switched_on(shop, "slot-a", [disk, bundle], KVM, processor, more=alone(ASK)) as machine:
        machine.await_words("PROBE runs in slot a", WITHIN)
        machine.await_off(WITHIN, unless="PROBE refused")
        return f"written, read back, restarted after {machine.seconds():.0f} s"


def found(
    shop: Workshop, disk: Path, bundle: Path, processor: Sequence[str], name: str, wanted: dict[str, str]
) -> str:
    """Start the box and wait until it has told what became of the upgrade; then its power is cut."""
    with switched_on(shop, name, [disk, bundle], KVM, processor, more=alone(ASK)) as machine:
        told = _told(machine)
        if {key: told.get(key) for key in wanted} != wanted:
            raise ImageFailed(f"{name}: {told}, wanted {wanted}\n{machine.said()[-3000:]}")
        return f"{told} after {machine.seconds():.0f} s"


def _told(machine: Machine) -> dict[str, str]:
    machine.await_(lambda: told_by_probe(machine.said()) is not None, "what the box tells", WITHIN)
    told = told_by_probe(machine.said())
    assert told is not None
    return told
