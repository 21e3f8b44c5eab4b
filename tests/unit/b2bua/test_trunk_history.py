"""When trunks went down and came up is kept, over restarts too."""

from __future__ import annotations

from pathlib import Path

from b2bua.alarms import save_to
from b2bua.trunk_history import MOST, TrunkHistory, Turn, read_history


class History:
    """A history with a settable time and a file."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = 100.0
        self.file = tmp_path / "trunk-history.json"
        self.history = self.again()

    def again(self) -> TrunkHistory:
        """Begin anew with what the file holds."""
        return TrunkHistory(read_history(self.file), lambda: self.now, save_to(self.file))


def test_each_turn_is_kept_once(tmp_path: Path) -> None:
    """The same state once more tells nothing new."""
    each = History(tmp_path)
    each.history.note("demo", False, "no answer to OPTIONS")
    each.history.note("demo", False, "503")
    each.now = 160.0
    each.history.note("demo", True, "OPTIONS answered 200")
    assert read_history(each.file) == {
        "demo": [Turn(100.0, False, "no answer to OPTIONS"), Turn(160.0, True, "OPTIONS answered 200")]
    }


def test_a_restart_ends_what_was_down(tmp_path: Path) -> None:
    """The new process thinks well of every trunk until its probes say otherwise."""
    each = History(tmp_path)
    each.history.note("demo", False, "503")
    each.now = 200.0
    each.again()
    assert read_history(each.file)["demo"][-1] == Turn(200.0, True, "restarted")


def test_a_flapping_trunk_fills_no_disk_and_one_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    """The latest turns are kept; a damaged file is no reason not to start."""
    each = History(tmp_path)
    for number in range(MOST + 50):
        each.now += 1
        each.history.note("demo", bool(number % 2), "")
    each.history.note("gone", False, "")
    assert len(read_history(each.file)["demo"]) == MOST
    each.history.forget(["demo"])
    each.history.note("other", False, "")
    assert sorted(read_history(each.file)) == ["demo", "other"]
    each.file.write_text("{")
    assert read_history(each.file) == {}
