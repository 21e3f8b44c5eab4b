"""Who does not belong here gets nothing: no call, no audio into a call, no hint of extensions."""

from __future__ import annotations

import contextlib
import socket
import struct

from tests.product.box import Box
from tests.reliability.bills import one_record_each
from tests.reliability.conftest import RECORDED, UNRECORDED, Note
from tests.reliability.flood import message
from tests.reliability.gauges import alarm, status
from tests.reliability.scan import Scanner, alike
from tests.reliability.witness import Witness, marked

SCANNED = [str(number) for number in range(7800, 8300)]
EXISTING = "8001"
STRANGE = 4_000_000


def test_a_strangers_packets_do_not_get_into_a_call(box: Box, note: Note) -> None:
    """Somebody who guessed the port of a call sends audio there: nobody hears it, the record counts it."""
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, RECORDED)
    try:
        (seen,) = carrier.hold(1)
        (leg,) = carrier.legs
        targets = [carrier.rtp_of(seen), carrier._sides[True, leg.call_id].rtp]
        sent = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((place.stranger, 0))
            stranger.setblocking(False)
            for number in range(100):
                for target in targets:
                    head = struct.pack("!BBHII", 0x80, 8, number, number * 160, 99)
                    stranger.sendto(head + marked(False, STRANGE, number), target)
                    sent += 1
                carrier.run(0.02)
            carrier.run(0.2)
            carrier.leave([seen])
            echoed = 0
            while True:
                try:
                    echoed += bool(stranger.recv(2048))
                except BlockingIOError:
                    break
    finally:
        carrier.close()
    record = box.json("records", one_record_each(box, [seen])[seen.caller]["id"])
    counted = sum(each["strangers"] for each in record["media"])
    heard = [carrier.heard_by(side) for side in (seen, leg)]
    note(
        f"{sent} packets of a stranger: {counted} counted in the record, "
        f"{sum(each.strange for each in heard)} heard"
    )
    assert [each.strange for each in heard] == [0, 0]
    assert [each.lost() for each in heard] == [0, 0]
    assert counted == sent
    assert echoed == 0, "the stranger was sent audio"


def test_a_strangers_call_gets_nothing(box: Box, note: Note) -> None:
    """Whatever he asks for, over UDP or TCP: no answer, no call to anybody, no record."""
    place = box.place
    before = status(box).counters["calls_started"]
    records = len(box.json("records", "--limit", "0"))
    carrier = Witness(place.sip, place.carrier, place.target, UNRECORDED)  # hears if the box calls anybody
    answers = 0
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((place.stranger, 0))
            stranger.setblocking(False)
            own = stranger.getsockname()
            for serial, method in enumerate(
                ("INVITE", "OPTIONS", "REFER", "MESSAGE", "INFO", "BYE", "CANCEL") * 3
            ):
                stranger.sendto(message(method, place.sip, own, serial), place.sip)
            carrier.run(1.0)
            while True:
                try:
                    answers += bool(stranger.recv(4096))
                except BlockingIOError:
                    break
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stranger:
            stranger.bind((place.stranger, 0))
            stranger.settimeout(1.0)
            stranger.connect(place.sip)
            stranger.sendall(
                message("INVITE", place.sip, stranger.getsockname(), 99).replace(b"/UDP", b"/TCP")
            )
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                answers += bool(stranger.recv(4096))
    finally:
        carrier.close()
    note(
        f"22 requests of a stranger: {answers} answers, {len(carrier.legs)} calls, records "
        f"{len(box.json('records', '--limit', '0')) - records}"
    )
    assert answers == 0
    assert carrier.legs == []
    assert status(box).counters["calls_started"] == before
    assert len(box.json("records", "--limit", "0")) == records


def test_a_scanner_finds_no_extension(box: Box, note: Note) -> None:
    """500 extensions tried from one address: all get the same answer, and soon none."""
    place = box.place
    scanner = Scanner(place.sip, f"{place.network}.77")
    guessed: dict[str, str] = {}
    try:
        # the existing one first: this scanner is luckier than one that goes in order
        answers = scanner.scan([EXISTING, *[name for name in SCANNED if name != EXISTING]])
    finally:
        scanner.close()
    guesser = Scanner(place.sip, f"{place.network}.78")
    try:
        for name in [EXISTING, *SCANNED[:30]]:
            answer = guesser.guess(name, "8001" if name == EXISTING else name)
            if answer is None:
                break
            guessed[name] = answer
    finally:
        guesser.close()
    kinds = {alike(answer, name) for name, answer in answers.items()}
    guesses = {alike(answer, name) for name, answer in guessed.items()}
    note(
        f"{len(SCANNED)} extensions tried, {len(answers)} answered, {len(kinds)} kinds of answer; "
        f"passwords tried until nobody answered: {len(guessed)}, {len(guesses)} kinds; extensions found: "
        f"{(len(kinds) > 1) + (len(guesses) > 1)}"
    )
    assert EXISTING in answers
    assert EXISTING in guessed
    assert len(kinds) == len(guesses) == 1, "answers tell extensions apart"
    assert len(answers) < len(SCANNED) / 2, "the scan was not throttled"
    assert len(guessed) <= 11, "guessing was not silenced"
    assert alarm(box, f"guessing:{place.network}.78") is not None
    assert status(box).registrations == 0
