"""``appliance/image/build``: make the images of this version."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from appliance import bundle
from appliance.image import disk, formats, installer, tree
from appliance.image.system import os_bundle
from appliance.image.workshop import ImageFailed, Workshop

ROOT = Path(__file__).parents[2]


class Steps:
    """Says what is done, and how long it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, said: str) -> None:
        """Say what has just been done."""
        now = time.monotonic()
        print(f"{said} ({now - self._began:.0f} s)", flush=True)
        self._began = now


def epoch() -> int:
    """Return the time that everything in the image bears at most: that of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    told = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(told.stdout)


def build(
    shop: Workshop, ansible: Path, results: Path, *, keep_tree: bool, twice: bool, key: Path | None
) -> None:
    """Make every format; ``keep_tree`` packs the tree that is there, ``twice`` proves it repeats.

    With a ``key`` that releases are signed with: the upgrade of a whole system, too.
    """
    done = Steps()
    shop.prepare()
    done("tools")
    made = bundle.make(shop.place / "bundle")
    version = (made / "VERSION").read_text().strip()
    done(f"bundle {made.name}")
    root = shop.work / "tree"
    if not (keep_tree and (root / "opt/box400" / version / "complete").exists()):
        tree.make(shop, made, ansible, ROOT / "appliance/ansible")
    done("tree")
    out = _packed(shop, root, version, shop.work / "out", done)
    sums = _sums(out)
    if key:
        os_bundle(out / f"box400-{version}.raw", key, ("", ""), out)
        done("bundle of the system")
    if twice:
        _compare(sums, _sums(_packed(shop, root, version, shop.work / "again", done)))
        done("packed twice, the same bytes")
    (out / "packages.txt").write_text(tree.manifest(root))
    (out / "requirements.txt").write_bytes((made / "requirements.txt").read_bytes())
    (out / "SHA256SUMS").write_text("".join(f"{each}  {name}\n" for name, each in _sums(out).items()))
    results.mkdir(parents=True, exist_ok=True)
    for file in sorted(out.iterdir()):
        shutil.move(file, results / file.name)
        print(f"{(results / file.name).stat().st_blocks * 512 / 1e6:9.1f} MB  {results / file.name}")


def _packed(shop: Workshop, root: Path, version: str, out: Path, done: Steps) -> Path:
    """Pack a tree into an empty directory below the workshop's work; returns that directory."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    name, moment = f"box400-{version}", epoch()
    raw = out / f"{name}.raw"
    disk.pack(shop, root, (Path(__file__).parent / "grub.cfg").read_text(), moment, raw)
    done("raw")
    formats.qcow2(shop, raw, out / f"{name}.qcow2")
    done("qcow2")
    formats.ova(shop, raw, version, moment, out / f"{name}.ova")
    done("OVA")
    installer.iso(shop, root, raw, version, moment, out / f"{name}.iso")
    done("ISO")
    return out


def _sums(out: Path) -> dict[str, str]:
    return {file.name: _sum(file) for file in sorted(out.iterdir())}


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _compare(one: dict[str, str], other: dict[str, str]) -> None:
    different = [name for name in one if one[name] != other[name]]
    if different:
        raise ImageFailed(f"packed twice, these differ: {', '.join(different)}")


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="appliance/image/build", description="Make the images of this version."
    )
    parser.add_argument(
        "--place", type=Path, default=ROOT / "build/image", help="where it works; needs 15 GB"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "build/images", help="where the results go")
    parser.add_argument("--ansible", type=Path, required=True, help="directory of ansible-playbook")
    parser.add_argument("--keep-tree", action="store_true", help="pack the tree of the last build again")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="make the upgrade of a whole system, too")
    parser.add_argument("--twice", action="store_true", help="pack twice and compare")
    options = parser.parse_args()
    if os.geteuid():
        print("Building needs root: it makes a root file system.", file=sys.stderr)
        return 2
    try:
        build(
            Workshop(options.place),
            options.ansible.absolute(),
            options.to.absolute(),
            keep_tree=options.keep_tree,
            twice=options.twice,
            key=options.sign,
        )
    except (ImageFailed, bundle.BundleFailed) as failure:
        print(f"The image was not made. {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
