"""Torture messages and random damage, sent byte for byte to a running box from a trunk's address over UDP."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.wire.conftest import Wire
from tests.wire.peer import UdpPeer
from tests.wire.torture import Tally, Torture, final_status, messages, patience

TIMER_I = 5.5
"""How long an acknowledged INVITE transaction lives over UDP, and a little more."""


@pytest.mark.parametrize("table", ["rfc4475", "rfc5118"])
def test_torture_over_udp(own: Wire, tortures: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every message is answered as its RFC asks or allows, and the box goes on serving."""
    own.carrier.close()
    tally = Tally(table, "UDP")
    try:
        for number, turn in enumerate(turns(messages(tortures, table))):
            if number and any(message.data.startswith(b"INVITE") for message in turn):
                time.sleep(TIMER_I)
            for message in turn:
                peer = UdpPeer((own.place.carrier, message.port), own.place.sip)
                try:
                    tally.enter(message, final_status(peer, message, patience(message)))
                    own.ping(peer)
                    late = [one.call_id for one in peer.collect(0.05) if one.status >= 200]
                    assert not [one for one in late if one and one.encode("latin-1") in message.data], (
                        message.name
                    )
                finally:
                    peer.close()
    finally:
        own.carrier = UdpPeer((own.place.carrier, 5060), own.place.sip)
    with capsys.disabled():
        print(f"\n{tally}")
    assert not tally.wrong
    assert table != "rfc4475" or (tally.total == 49 and tally.ideal >= 45)
    assert table != "rfc5118" or tally.total == 15


def turns(found: list[Torture]) -> list[list[Torture]]:
    """Put messages that share a transaction into turns of their own: some of RFC 5118 are one INVITE or one
    REGISTER, written in several ways.

    Between the turns the INVITEs are forgotten. A REGISTER would take 32 s, so those of a later turn may be
    answered by the transaction of the first; over TCP, where none is kept, each is judged by itself.
    """
    made: list[list[Torture]] = []
    for message in found:
        for turn in made:
            if message.transaction not in {other.transaction for other in turn}:
                turn.append(message)
                break
        else:
            made.append([message])
    return made
