"""Torture messages over TCP, each on a connection of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.conftest import Wire
from tests.wire.peer import StreamPeer
from tests.wire.torture import Tally, final_status, messages, patience


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
