"""What the box knows goes on elsewhere: restored onto a fresh box, or kept on its disk under a new system."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.acceptance.shown import DATA, NotProven, contents, require_nothing_failed, require_same
from appliance.container import Container

ELSEWHERE = "/mnt/elsewhere"
"""The disk that the backups go to."""
PASSWORD = "acceptance-of-a-box"  # noqa: S105 of a repository that ends with the proof
PLAN = f"""\
box: {{offsite_to: {ELSEWHERE}/box400, offsite_password: {PASSWORD}}}
"""
WITHIN = 300.0
OTHER = "977"
"""Number of an account."""


class Moved:
    """What one box knew, to be found in another."""

    def __init__(self) -> None:
        self._contents: dict[str, Any] = {}

    def backed_up(self, box: Container) -> str:
        """Switch encrypted backups on as a technician does; the unit of the box makes the first by itself."""
        box.run("chown", "box400:box400", ELSEWHERE)
        box.write(f"{DATA}/offsite.yaml", PLAN)
        box.run("box400", "apply", f"{DATA}/offsite.yaml")
        state = _first_backup(box)
        drilled = box.run("box400", "backup", "drill").strip()
        return f"{state['seconds']:.1f} s, {state['added_bytes'] / 1e6:.1f} MB; {drilled}"

    def backed_up_again(self, box: Container) -> str:
        """What happened since is in the next one, which the command makes."""
        self._contents = contents(box)
        said = box.run("box400", "backup", "offsite").strip()
        return f"{require_same(self._contents, self._contents)}; {said}"

    def restored(self, box: Container) -> str:
        """A fresh box fetches the backup, starts anew with it by itself, and shows the same."""
        box.run("chown", "box400:box400", ELSEWHERE)
        began = box.run("systemctl", "show", "-P", "MainPID", "box400-b2bua").strip()
        said = box.run(
            "env", f"RESTIC_PASSWORD={PASSWORD}", "sh", "-c",
            f"echo y | box400 restore {ELSEWHERE}/box400 --new", within=WITHIN, check=False,
        )  # fmt: skip
        if "started with it" not in said:
            raise NotProven(said + box.run("journalctl", "-b", "-u", "box400-*", "-n", "60", "--no-pager"))
        if box.run("systemctl", "show", "-P", "MainPID", "box400-b2bua").strip() == began:
            raise NotProven("the box was not started anew")
        told = require_same(self._contents, self._settled(box))
        require_nothing_failed(box)
        return f"{told}\n{said.strip()}"

    def kept(self, box: Container) -> str:
        """A new system on the same data shows the same."""
        return require_same(self._contents, self._settled(box))

    def _settled(self, box: Container) -> dict[str, Any]:
        """Ask once the store and all the others are up."""
        box.settle(WITHIN)
        return contents(box)


def _first_backup(box: Container) -> dict[str, Any]:
    """Wait until the box has made it by itself; return what it tells of it."""
    end, told = time.monotonic() + WITHIN, "nothing"
    while time.monotonic() < end:
        told = box.run("cat", f"{DATA}/offsite.json", check=False)
        with suppress(ValueError):
            state: dict[str, Any] = json.loads(told)
            if state["good_at"]:
                return state
        time.sleep(1)
    raise NotProven(f"no backup within {WITHIN:.0f} s: {told}")


def with_other_accounts(root: Path) -> None:
    """Give the account of the data another number in a tree, as the packages of another version may."""
    for file in ("passwd", "group"):
        lines = (root / "etc" / file).read_text().splitlines()
        fields = [line.split(":") for line in lines]
        for each in fields:
            if each[0] == "box400":
                each[2:4] = [OTHER, OTHER] if file == "passwd" else [OTHER, *each[3:]]
        (root / "etc" / file).write_text("".join(":".join(each) + "\n" for each in fields))
    for place in (root / "data/box400", root / "etc/box400/settings.json"):
        if place.exists():  # data may lie on a partition of their own
            shutil.chown(place, group=int(OTHER))
