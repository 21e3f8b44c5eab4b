"""``appliance/image/test``: boot what was built, and install it, in QEMU without KVM.

A kernel that dies under emulation is started once more, and that is told.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from appliance.image.boots import boot
from appliance.image.installations import ERASE, INSTALL, KEEP, STICK, empty_disk, installer
from appliance.image.machine import BOX, KVM, PLAIN, STEADY
from appliance.image.upgrades import FOUND, GO_ON, OTHER, bundle_disk, copy_of, ended, found, written
from appliance.image.workshop import ImageFailed, Workshop

ROOT = Path(__file__).parents[2]
DIED = ("Kernel panic", "Oops", "double fault")
OWNED = {"owner": "box400", "units": ""}
"""The data are its own, and no unit failed."""
Proof = tuple[str, Callable[[], object]]


def boots_of(shop: Workshop, image: Path, firmware: str, processor: Sequence[str]) -> Iterator[Proof]:
    """The image, on what KVM offers (by BIOS) or on a machine like that of the OVA (by UEFI)."""

    def started() -> object:
        disk = copy_of(shop, image, "test")
        return boot(shop, firmware, disk, KVM if firmware == "bios" else PLAIN, processor)

    yield f"the qcow2 boots by {firmware.upper()}", started


def installations_of(shop: Workshop, medium: Path, processor: Sequence[str]) -> Iterator[Proof]:
    """The medium: empty disk, full disk, several disks, too small a one, and the data of an older box."""
    disk = shop.work / "installed.raw"
    keys: list[str] = []

    def onto_empty() -> str:
        empty_disk(shop, "installed", 12)
        return f"{installer(shop, medium, [disk], KVM, INSTALL, 'DONE'):.0f} s"

    def starts() -> object:
        started = boot(shop, "installed", disk, KVM, processor)
        if int(started.told["data"]) < 5 << 30:
            raise ImageFailed(f"the data did not grow: {started.told}")
        keys.append(started.told["host"])
        return started

    def refuses() -> str:
        return f"{installer(shop, medium, [disk], PLAIN, INSTALL, 'is not empty', drive=STICK):.0f} s"

    def asks() -> str:
        disks = [empty_disk(shop, "one", 9), empty_disk(shop, "two", 4)]
        answers = [("Type the name of the disk", "vdx"), ("there is no disk vdx", "vdb")]
        told = installer(
            shop, medium, disks, KVM, INSTALL, "vdb has 4096 MiB, 8 GiB are needed", answers=answers
        )
        return f"{told:.0f} s"

    def finds_no_data() -> str:
        one = empty_disk(shop, "one", 9)
        return f"{installer(shop, medium, [one], KVM, KEEP, 'vda holds no data of a box400'):.0f} s"

    def keeps_data() -> str:
        other = empty_disk(shop, "one", 1)
        return f"{installer(shop, medium, [other, disk], KVM, KEEP, 'DONE'):.0f} s"

    def starts_with_old_data() -> object:
        started = boot(shop, "installed", disk, KVM, processor)
        if started.told["host"] != keys[-1]:
            raise ImageFailed(f"the data are not the old ones: {started.told}")
        return started

    def erases() -> str:
        return f"{installer(shop, medium, [disk], PLAIN, ERASE, 'DONE', drive=STICK):.0f} s"

    def starts_anew() -> object:
        started = boot(shop, "installed", disk, PLAIN, processor)
        if started.told["host"] == keys[-1]:
            raise ImageFailed(f"two installations have the same key: {started.told}")
        return started

    yield "the ISO installs on an empty disk (BIOS, disc)", onto_empty
    yield "what it installed boots, its data have the rest of the disk", starts
    yield "a full disk is refused (UEFI, stick)", refuses
    yield "two disks: it asks; one too small is refused", asks
    yield "keeping data that are not there is refused", finds_no_data
    yield "installs again beside the data, finding their disk among two", keeps_data
    yield "boots with the data of before", starts_with_old_data
    yield "erases when told to (UEFI, stick)", erases
    yield "boots by UEFI with keys of its own", starts_anew


def upgrades_of(
    shop: Workshop, image: Path, bundle: Path, public: Path, processor: Sequence[str]
) -> Iterator[Proof]:
    """A bundle of a whole system, into a box made of the image; the box's copies go on from its restart."""
    brought = bundle_disk(shop, bundle, public)
    copies: dict[str, Path] = {}

    def writes() -> str:
        disk = copy_of(shop, image, "upgraded")
        told = written(shop, disk, brought, processor)
        copies.update({name: copy_of(shop, disk, name) for name in ("cut", "kept")})
        return told

    def tries() -> str:
        wanted = {"slot": "b", "good": "a", "done": "evolve", "failed": "", "keys": "release.pub", **OWNED}
        return found(shop, copies["cut"], "slot-b", wanted, processor, GO_ON)

    def goes_back() -> str:
        wanted = {"slot": "a", "good": "a", "result": "rolled-back", "interrupted": "1", **OWNED}
        return ended(shop, copies["cut"], "slot-a-again", wanted | {"number": str(OTHER)}, processor)

    def keeps() -> str:
        wanted = {"slot": "b", "good": "b", "result": "upgraded", "interrupted": "0", **OWNED}
        return ended(shop, copies["kept"], "slot-b-kept", wanted, processor)

    def starts_it_again() -> str:
        wanted = {"slot": "b", "good": "b", "result": "upgraded"}
        return found(shop, copies["kept"], "slot-b-again", wanted, processor, FOUND)

    yield "a box in use writes a system into its idle slot", writes
    yield "GRUB starts it once; it knows the box and goes on with the upgrade", tries
    yield "the power was cut: GRUB starts the old system, which puts the data back and serves", goes_back
    yield "without a cut: the new system serves, takes a test call and is kept", keeps
    yield "the power was cut: GRUB starts the new system from now on", starts_it_again
    brought.unlink()


def prove(proofs: Iterator[Proof]) -> None:
    """Show each; a kernel that died under emulation gets a second try, and that is told."""
    for name, shown in proofs:
        began = time.monotonic()
        try:
            told = shown()
        except ImageFailed as failure:
            if not any(word in str(failure) for word in DIED):
                raise ImageFailed(f"{name}: {failure}") from failure
            print(f"again   {name}: the kernel died under emulation", flush=True)
            told = shown()
        took, load = time.monotonic() - began, os.getloadavg()[0]
        print(f"passed  {name}: {told} (in all {took:.0f} s, load {load:.0f})", flush=True)


def newest(images: Path, kind: str) -> Path:
    """Return the image made last; ImageFailed: there is none."""
    found = sorted(images.glob(f"*.{kind}"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise ImageFailed(f"no {kind} in {images}: appliance/image/build makes it")
    return found[-1]


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="appliance/image/test", description="Boot and install the images.")
    parser.add_argument("--place", type=Path, default=ROOT / "build/image", help="the workshop of the build")
    parser.add_argument("--images", type=Path, default=ROOT / "build/images", help="what it made")
    parser.add_argument(
        "--steady", action="store_true", help="let the boxes' time pass by their work: for a busy machine"
    )
    parser.add_argument("--bundle", type=Path, help="os: the bundle of a system; default: the newest beside")
    parser.add_argument("--key", type=Path, help="os: the public half of the key that it is signed with")
    parser.add_argument("only", nargs="*", help="bios, uefi, iso, os; default: the first three")
    options = parser.parse_args()
    processor = STEADY if options.steady else BOX
    if unknown := set(options.only) - {"bios", "uefi", "iso", "os"}:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are bios, uefi, iso, os")
    if "os" in options.only and options.key is None:
        parser.error("os needs --key KEY.pub")
    wanted = options.only or ["bios", "uefi", "iso"]
    if os.geteuid():
        print("This needs root: the tools run in a root file system of their own.", file=sys.stderr)
        return 2
    shop = Workshop(options.place)
    try:
        for word in wanted:
            with shop.lent(newest(options.images, "iso" if word == "iso" else "qcow2")) as (image,):
                if word == "iso":
                    prove(installations_of(shop, image, processor))
                elif word == "os":
                    bundle = options.bundle or newest(options.images, "bundle")
                    prove(upgrades_of(shop, image, bundle, options.key, processor))
                else:
                    prove(boots_of(shop, image, word, processor))
    except (ImageFailed, subprocess.SubprocessError) as failure:
        print(f"FAILED  {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
