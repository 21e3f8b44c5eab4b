"""``python -m appliance.acceptance TREE [--bundle DIR --ansible DIR] [--upgrades DIR]``: prove a box.

Prints each proof with its time and the machine's load, and ends with 1 at the first that fails. The tree
stays as it is: every box is a copy. One that is not there is made of a bare Debian 13 and the bundle, which
takes mmdebstrap. With a bundle the roles run once more in the running box: nothing may change. With
``--upgrades`` the box upgrades itself to a next version and goes back from a sick one; both are made in that
directory of the sources that are committed. ``appliance/accept`` does all of it with what it needs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.acceptance import calls, machine, upgrades
from appliance.acceptance.moves import ELSEWHERE, Moved, with_other_accounts
from appliance.acceptance.releases import NEWER, SICK, release
from appliance.acceptance.shown import ROOT, NotProven, Proof, named, show
from appliance.container import booted, copied
from appliance.image.tree import converged

PARTS = ("machine", "upgrades", "moves")


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="appliance.acceptance", description="Prove a box in containers.")
    parser.add_argument("tree", type=Path, help="made with bundle and ansible unless it is there")
    parser.add_argument("--bundle", type=Path, help="directory of the version that the tree has")
    parser.add_argument("--ansible", type=Path, help="directory of ansible-playbook")
    parser.add_argument("--upgrades", type=Path, metavar="DIR", help="make versions there, take them")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    options = parser.parse_args()
    tree = options.tree.absolute()
    if not tree.exists():
        if not (options.bundle and options.ansible):
            parser.error(f"{tree} is made of --bundle by --ansible")
        _make(tree, options.bundle.absolute(), options.ansible.absolute())
    proofs = named([machine.nothing_failed])
    if "machine" in options.only:
        proofs += named([machine.confined, machine.hardened, machine.open_ports, machine.pages])
    proofs += named([calls.configured, calls.call_with_audio])
    if "machine" in options.only:
        proofs += named([calls.sipp_call, calls.comes_back, calls.comes_up_late])
        if options.bundle:
            again = machine.changes_nothing(options.bundle.absolute(), options.ansible.absolute())
            proofs.append(("a second run changes nothing", again))
    if options.upgrades and "upgrades" in options.only:
        proofs += _upgrades(options.upgrades.absolute())
    moved = Moved()
    if "moves" in options.only:
        proofs += [
            ("backups off the machine, and a restore drill", moved.backed_up),
            *named([calls.call_with_audio]),
            ("another backup", moved.backed_up_again),
        ]
    used = named([machine.nothing_failed, machine.pages, calls.call_with_audio])
    try:
        with tempfile.TemporaryDirectory(dir=tree.parent, prefix="acceptance-") as place:
            boxes = Boxes(tree, Path(place))
            boxes.prove("acceptance", proofs, data="data")
            if "moves" in options.only:
                fresh = [("a fresh box", machine.nothing_failed), ("restored onto it", moved.restored)]
                boxes.prove("fresh", [*fresh, *used], data="data-of-fresh")
                kept = [("a new system beside the data that are there", moved.kept)]
                boxes.prove("again", [*kept, *used], data="data", other_accounts=True)
    except NotProven:
        return 1
    return 0


def _make(tree: Path, bundle: Path, ansible: Path) -> None:
    """Make the tree as a technician makes a box; one that failed half way is not there."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    began, half = time.monotonic(), tree.with_name(f"{tree.name}.half")
    converged(tree.parent, half, bundle, ansible, ROOT / "appliance/ansible/site.yml", {})
    half.rename(tree)
    print(f"made    {tree.name} of a bare Debian ({time.monotonic() - began:.1f} s)", flush=True)


def _upgrades(place: Path) -> list[Proof]:
    place.mkdir(parents=True, exist_ok=True)
    newer, sick = release("newer", NEWER, place), release("sick", SICK, place)
    return [
        ("trust in who signed", upgrades.trusting(place / "release")),
        ("an upgrade by a signed bundle", upgrades.upgraded(newer)),
        *named([machine.pages, calls.call_with_audio]),
        ("a sick version goes back by itself", upgrades.goes_back(sick)),
        *named([calls.call_with_audio]),
    ]


class Boxes:
    """Copies of one tree, each with the data that it is given."""

    def __init__(self, tree: Path, place: Path) -> None:
        self._tree = tree
        self._place = place
        self._disk = place / "elsewhere"
        self._disk.mkdir()

    def prove(self, name: str, proofs: Sequence[Proof], *, data: str, other_accounts: bool = False) -> None:
        """Boot a box and show each; raises NotProven when one was not shown, which is told.

        ``data`` names its data; those that no box had yet are a new box's.
        """
        kept = self._place / data
        if not kept.exists():
            subprocess.run(["cp", "-a", str(self._tree / "data"), str(kept)], check=True)
        binds = {"/data": kept, ELSEWHERE: self._disk}
        with copied(self._tree, self._place / name) as root:
            (root / ELSEWHERE.lstrip("/")).mkdir(exist_ok=True)
            if other_accounts:
                with_other_accounts(root)
            with booted(root, f"{name}-{os.getpid()}", binds=binds) as box:
                for proof in proofs:
                    show(box, *proof)


if __name__ == "__main__":
    sys.exit(main())
