"""Who is not known is not heard, and what is damaged costs nobody else his call."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.wire.conftest import STRAIGHT, Wire
from tests.wire.leg import Leg
from tests.wire.message import Sip, branch, fresh, response, write
from tests.wire.mutations import damage
from tests.wire.peer import Peer, StreamPeer
from tests.wire.torture import messages

MUTATIONS = 4500
SEED = int(os.environ.get("BOX400_SEED", "4475"))
IN_A_CALL = ["INVITE", "INVITE", "UPDATE", "INFO", "PRACK", "REFER", "NOTIFY", "ACK"]


def everything(directory: Path) -> list[bytes]:
    """Return all torture messages."""
    return [one.data for table in ("rfc4475", "rfc5118") for one in messages(directory, table)]


def invite(peer: Peer) -> bytes:
    """Write a sound INVITE to a number that exists."""
    return Leg.of(peer, STRAIGHT, "13700000000").invitation()


def test_a_stranger_is_not_heard(wire: Wire, tortures: Path) -> None:
    """Where no phones are nothing of a stranger is answered: not a torture message, not an INVITE."""
    stranger = wire.udp(wire.place.stranger, 5060)
    stranger.box = (wire.place.plain, 5060)
    for data in [*everything(tortures), invite(stranger)]:
        stranger.send(data)
    known = wire.udp(wire.place.carrier)
    known.box = stranger.box
    wire.ping(known)  # what came before has been looked at
    assert stranger.collect(0.3) == []


def test_a_stranger_may_only_try_to_register_where_phones_are(wire: Wire, tortures: Path) -> None:
    """Where phones register, a stranger's REGISTER is challenged; nothing else of him is answered."""
    stranger = wire.udp(wire.place.stranger, 5060)
    sent = [*everything(tortures), invite(stranger)]
    for data in sent:
        stranger.send(data)
    wire.ping()
    heard = stranger.collect(0.3)
    assert [one for one in heard if one.method != "REGISTER" or one.status not in (400, 401)] == []
    assert 0 < len(heard) <= sum(data.startswith(b"REGISTER ") for data in sent), "at most one answer each"


def test_a_strangers_connection_is_closed(wire: Wire) -> None:
    """TCP and TLS connections of strangers end at once where there are no phones."""
    for port, host in ((5060, wire.place.plain), (5061, wire.place.box)):
        with socket.create_connection((host, port), 8, (wire.place.stranger, 0)) as connection:
            connection.settimeout(8)
            connection.sendall(b"OPTIONS sip:x SIP/2.0\r\n\r\n")
            try:
                assert connection.recv(100) == b""
            except ConnectionError:
                continue


class Damaged:
    """Sends damaged messages of every kind in place of the sound ones of calls and requests."""

    def __init__(self, wire: Wire, seed: int) -> None:
        self.wire = wire
        self.dice = random.Random(seed)
        self.sent = 0

    def send(self, peer: Peer, data: bytes) -> None:
        """Damage and send."""
        peer.send(damage(data, self.dice))
        self.sent += 1

    def one(self, peer: Peer) -> None:
        """Send one message that stands by itself, or one of a call."""
        method = self.dice.choice(
            ["INVITE", "INVITE", "INVITE", "OPTIONS", "REGISTER", "BYE", "CANCEL", "ACK", "PRACK", "UPDATE",
             "INFO", "REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "200", "503"]
        )  # fmt: skip
        number = self.dice.choice([STRAIGHT, "4009999999", "x"])
        if method == "INVITE":
            self.send(peer, Leg.of(peer, number, "13700000000").invitation())
        elif method.isdigit():
            start = f"SIP/2.0 {method} Whatever"
            self.send(peer, write(start, self._rows(peer, number, "INVITE")))
        else:
            body = b"Signal=5\r\nDuration=160\r\n" if method == "INFO" else b""
            self.send(
                peer, write(f"{method} sip:{number}@box SIP/2.0", self._rows(peer, number, method), body)
            )

    def _rows(self, peer: Peer, number: str, method: str) -> list[tuple[str, str]]:
        return [
            ("Via", peer.via(branch())),
            ("Max-Forwards", "70"),
            ("From", f'"A. \\"B\\"" <sip:13700000000@{peer.host};user=phone>;tag={fresh("m")}'),
            ("To", f"<sip:{number}@box>" + self.dice.choice(["", f";tag={fresh('n')}"])),
            ("Call-ID", fresh("mutation-")),
            ("CSeq", f"{self.dice.randrange(1, 99999)} {method}"),
            ("Contact", f"<sip:us@{peer.authority};transport=udp>;expires=60;q=0.5"),
            ("Allow", "INVITE, ACK, BYE"),
            ("Supported", "timer, 100rel"),
            ("Session-Expires", "1800;refresher=uas"),
            ("Content-Type", "application/dtmf-relay"),
        ]

    def answer_damaged(self, peer: Peer) -> None:
        """Answer what the box sends to the bound number, damaged as well, and in the end soundly."""
        for message in take(peer):
            if message.status or message.method == "ACK":
                continue
            if message.method == "INVITE":
                leg = Leg.to(peer, message)
                self.send(peer, response(message, 183, [("Contact", leg.contact)], leg.offer(), tag=leg.tag))
                self.send(peer, response(message, 200, [("Contact", leg.contact)], leg.offer(), tag=leg.tag))
                peer.send(response(message, 486, tag=fresh("busy")))
            else:
                self.send(peer, response(message, 200))

    def end_calls(self, peer: Peer) -> None:
        """Wait until no call is up: who was answered hangs up, what the box asks for gets its answer."""
        for _ in range(100):
            self.wire.gateway.listen(0.1)
            self.answer_damaged(self.wire.gateway)
            for leg in answered(peer):
                leg.send("BYE")
            if not self.wire.journal.open_calls():
                break
        self.wire.gateway.forget()

    def in_a_call(self, requests: int) -> None:
        """Damage what both sides of a call that is up ask for, then hang up."""
        caller, callee = self.wire.bridge()
        for _ in range(requests):
            leg = self.dice.choice([caller, callee])
            method = self.dice.choice(
                ["INVITE", "INVITE", "UPDATE", "INFO", "PRACK", "REFER", "NOTIFY", "ACK"]
            )
            body = leg.offer(version=self.sent) if method in ("INVITE", "UPDATE") else b""
            self.send(
                leg.peer, leg.request(method, [("RAck", "1 1 INVITE"), ("Refer-To", "<sip:x@y>")], body)
            )
            leg.peer.listen(0.002)
            for message in take(leg.peer):
                if message.status == 200 and message.method == "INVITE":
                    leg.ack(message)
        caller.cseq = callee.cseq = 2_000_000_000  # above whatever damage has made of it
        caller.send("BYE")
        callee.send("BYE")
        for leg in (caller, callee):
            leg.peer.listen(0.1)
            for message in take(leg.peer):
                if message.method == "BYE" and not message.status:
                    leg.reply(200, to=message)
        self.wire.quiet()


def take(peer: Peer) -> list[Sip]:
    """Return all that a peer has heard."""
    while peer.listen(0):
        pass
    heard, peer.heard = peer.heard, []
    return heard


def test_damaged_messages(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    """4,500 damaged messages from a trunk, both ways in calls too: the box answers every OPTIONS between
    them, logs no error, and every call comes to its end."""
    damaged = Damaged(wire, SEED)
    peer = wire.udp(wire.place.carrier)
    pings = 0
    while damaged.sent < MUTATIONS:
        damaged.one(peer)
        if damaged.sent // 100 > pings:
            pings = damaged.sent // 100
            wire.ping()
            damaged.answer_damaged(wire.gateway)
            peer.forget()
            if pings % 3 == 0:
                damaged.end_calls(peer)
                damaged.in_a_call(50)
    wire.ping()
    damaged.end_calls(peer)
    faults = wire.metric("box400_call_faults_total")
    outcomes = Counter(record.outcome for record in wire.journal.records().values())
    with capsys.disabled():
        print(
            f"\n{damaged.sent} damaged messages, {pings} pings answered, {faults:g} faults, {dict(outcomes)}"
        )
    assert faults == 0


def answered(peer: Peer) -> list[Leg]:
    """Acknowledge every 200 to an INVITE that a peer has heard."""
    legs = []
    for message in take(peer):
        if message.status == 200 and message.method == "INVITE":
            leg = Leg(peer, message.call_id, message["from"], message["to"], message.contact)
            leg.cseq = message.cseq
            leg.ack(message)
            legs.append(leg)
    return legs


def test_damaged_streams(wire: Wire) -> None:
    """Damaged messages over TCP: at the worst the connection ends, and the next one is served."""
    dice = random.Random(5118)
    for _ in range(100):
        peer = StreamPeer((wire.place.carrier, 0), wire.place.sip)
        with contextlib.suppress(OSError):  # closed, where no message boundary could be found
            for _ in range(5):
                if peer.is_open:
                    peer.send(damage(Leg.of(peer, "4009999999", "13700000000").invitation(), dice))
                    peer.listen(0)
        peer.close()
    wire.ping()
