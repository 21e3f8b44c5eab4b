"""``box400 numbers classes``."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from box400.cli import main


def test_a_segment_of_a_million_has_the_known_counts(tmp_path: Path) -> None:
    """As the reseller's own list counts the numbers of one carrier; without a store by the shipped table."""
    command = ["numbers", "classes", "--segment", "4006", "--json", "--data", str(tmp_path)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "segment": "4006",
        "total": 1_000_000,
        "classes": {"special": 54_586, "A": 26_450, "B": 43_556, "C": 44_448, "D": 830_960},
    }
