"""Torture messages over TCP, each on a connection of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.wire.conftest import Wire
from tests.wire.peer import StreamPeer
from tests.wire.torture import Tally, final_status, messages, patience

CLOSING_SECONDS = 36.0
"""A connection with half a message is closed within 32 s; the machine may be busy."""


@pytest.mark.parametrize("table", ["rfc4475", "rfc5118"])
def test_torture_over_tcp(own: Wire, tortures: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every message is answered as its RFC asks or allows, on a connection of its own."""
    tally = Tally(table, "TCP")
    for message in messages(tortures, table):
        peer = StreamPeer((own.place.carrier, 0), own.place.sip)
        try:
            tally.enter(message, final_status(peer, message, patience(message)))
        finally:
            peer.close()
        own.ping()
    with capsys.disabled():
        print(f"\n{tally}")
    assert not tally.wrong


def test_half_a_message_ends_its_connection(own: Wire, tortures: Path) -> None:
    """A Content-Length beyond the message (clerr) makes the box wait for a bounded time, and nobody else."""
    stuck = StreamPeer((own.place.carrier, 0), own.place.sip)
    try:
        (message,) = [one for one in messages(tortures, "rfc4475") if one.name == "clerr"]
        stuck.send(message.data)
        own.ping()
        until = time.monotonic() + CLOSING_SECONDS
        while stuck.is_open:
            assert time.monotonic() < until, "the connection is still open"
            stuck.listen(1.0)
        own.ping()
    finally:
        stuck.close()
