"""What a box holds, counted while it is down."""

from __future__ import annotations

from pathlib import Path

from storage.data_directory import DataDirectory
from storage.upgrade.census import Census, count_stopped, evolve_stopped


def test_a_box_that_was_never_started(tmp_path: Path) -> None:
    """It holds nothing, and nothing is to be evolved: an upgrade of it goes through."""
    data = DataDirectory(tmp_path / "box")
    data.root.mkdir()
    assert evolve_stopped(data) == []
    assert count_stopped(data) == Census()
