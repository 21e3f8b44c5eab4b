"""``box400 status`` and who hung up, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b2bua.control import Status, TrunkState, WorkerState
from b2bua.ledger.status import LedgerStatus
from b2bua.recorder.status import RecorderStatus
from box400.cli.live import _process_detail, _trunk_state
from box400.cli.records import _who_hung_up
from box400.cli.words import speak
from box400.processes import BoxStatus, ProcessState


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Leave the language as it was found."""
    speak("en")
    yield
    speak("en")


def test_what_processes_do_is_told_in_the_language_spoken() -> None:
    """English is what programs read in JSON; Chinese is made of the same figures."""
    now = _status()
    assert [_process_detail(each, now) for each in now.processes] == ["e"] * 6
    speak("zh")
    assert [_process_detail(each, now) for each in now.processes] == [
        "e", "待入库话单 3，未结束呼叫 2", "待合成录音 4，已合成 5", "通话 2，已注册话机 7",
        "媒体端点 6", "e",
    ]  # fmt: skip
    states = ("up", "down", "unknown", "off")
    assert [_trunk_state(state) for state in states] == [
        "正常",
        "故障",
        "未知",
        "停用",
    ]


def test_who_hung_up_is_told_in_the_language_spoken() -> None:
    """What is new is told as it stands."""
    assert [_who_hung_up(by) for by in ("caller", "answerer", "box")] == ["caller", "answerer", "box"]
    speak("zh")
    assert [_who_hung_up(by) for by in ("caller", "answerer", "box", "x")] == ["主叫", "接听方", "系统", "x"]


def _status() -> BoxStatus:
    names = ("run", "ledger", "recorder", "b2bua", "media-0", "b2bua-spare")
    b2bua = Status(
        pid=1, uptime_seconds=1.0, memory_kib=1, calls=2, draining=False, box_version=1, tenants=1,
        registrations=7, reactor_lag_ms=0.0, trunks=[TrunkState("t", "up")],
        workers=[WorkerState(0, 1, True, 6)], listeners=[], counters={}, alarms=[],
    )  # fmt: skip
    ledger = LedgerStatus(
        pid=1, at=1.0, lag_bytes=0, waiting=3, open_calls=2, committed_rows=0, rows_per_second=0.0,
        committed_at=0.0, store_down="", damaged_lines=0,
    )  # fmt: skip
    processes = [ProcessState(name, True, 1, 1, 1.0, "e") for name in names]
    return BoxStatus(
        data="d", up=True, processes=processes, memory_kib=6,
        b2bua=b2bua, ledger=ledger, recorder=RecorderStatus(pid=1, backlog=4, made=5), alarms=[],
    )  # fmt: skip
