"""What goes wrong in the process is told, and for how long."""

from __future__ import annotations

from twisted.internet.task import Clock

from b2bua.alarms import AlarmBoard
from b2bua.calls.rates import Limit
from b2bua.process.troubles import REMEMBERED_SECONDS, Troubles


def test_ringing_too_often_is_told_once_and_until_it_has_stopped() -> None:
    """One alarm for each number or tenant, however many legs were refused."""
    clock = Clock()
    saved: list[bytes] = []
    board = AlarmBoard(clock.seconds, saved.append)
    troubles = Troubles(board, clock.callLater)
    for _ in range(1000):
        troubles.rung_too_often(Limit.NUMBER, "13900001111")
    troubles.rung_too_often(Limit.TENANT, "acme")
    assert [alarm.key for alarm in board.up()] == ["rings:number:13900001111", "rings:tenant:acme"]
    assert "13900001111" in board.up()[0].zh
    assert len(saved) == 2
    clock.advance(REMEMBERED_SECONDS)
    assert [alarm.key for alarm in board.up()] == ["rings:number:13900001111"]
    clock.advance(REMEMBERED_SECONDS)
    assert board.up() == []
    assert clock.getDelayedCalls() == []
