"""Who answered whom, and whose turn it is, are known again after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from b2bua.calls import live as live_module
from b2bua.calls.live import Live
from b2bua.live_file import LiveFiles
from domain.routing.live import Remembered


def now(function, *arguments):  # type: ignore[no-untyped-def]
    function(*arguments)


def test_it_outlives_the_process(tmp_path: Path) -> None:
    """And is written only when something is new."""
    path = tmp_path / "caller_memory.json"
    live = Live()
    memory = LiveFiles(live, path, tmp_path / "turns.json", now)
    memory.load()
    memory.save()
    assert not path.exists()
    live.remember("4001003721", "13900001111", "13800002222", 1_790_000_000.0)
    memory.save()
    live.remember("4001003721", "13900003333", "13800002222", 1_790_000_000.0)
    memory.write_now()
    again = Live()
    LiveFiles(again, path, tmp_path / "turns.json", now).load()
    for caller in ("13900001111", "13900003333"):
        assert again.remembered("4001003721", caller) == Remembered("13800002222", 1_790_000_000.0)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff\x00"])
def test_a_damaged_file_is_an_empty_memory(tmp_path: Path, content: bytes) -> None:
    """The box serves calls all the same."""
    path = tmp_path / "caller_memory.json"
    path.write_bytes(content)
    live = Live()
    LiveFiles(live, path, tmp_path / "turns.json", now).load()
    assert live.memory == {}


def test_a_disk_that_is_full_stops_nothing(tmp_path: Path) -> None:
    """The next minute tries again with what is new then."""
    live = Live()
    memory = LiveFiles(live, tmp_path / "gone" / "memory.json", tmp_path / "gone" / "turns.json", now)
    memory.load()
    live.remember("4001003721", "13900001111", "13800002222", 0.0)
    memory.save()


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was answered longest ago is forgotten first; nobody without a number is kept."""
    monkeypatch.setattr(live_module, "MOST_REMEMBERED", 2)
    live = Live()
    live.remember("4001003721", "", "13800002222", 0.0)
    for caller in ("1", "2", "1", "3"):
        live.remember("4001003721", caller, "13800002222", 0.0)
    assert list(live.memory) == ["4001003721 1", "4001003721 3"]


def test_percentages_and_rotations_go_on(tmp_path: Path) -> None:
    """A restart in the middle of a hundred calls does not begin them anew."""
    files = (tmp_path / "memory.json", tmp_path / "turns.json")
    live = Live()
    kept = LiveFiles(live, *files, now)
    kept.load()
    for _ in range(37):
        live.take_turn("acme/4001003721/rule 1")
    kept.save()
    live.take_turn("acme/group north")
    kept.write_now()
    again = Live()
    LiveFiles(again, *files, now).load()
    assert (again.turn("acme/4001003721/rule 1"), again.turn("acme/group north")) == (37, 1)
    assert again.turn("acme/new") == 0


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": "b"}'])
def test_damaged_turns_begin_anew(tmp_path: Path, content: bytes) -> None:
    """And calls are served."""
    (tmp_path / "turns.json").write_bytes(content)
    live = Live()
    LiveFiles(live, tmp_path / "memory.json", tmp_path / "turns.json", now).load()
    live.take_turn("x")
    assert live.turn("x") == 1
