"""A caller dials a 400 number, the carrier brings the call, the bound number answers, both talk."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.product.audio import gaps, onsets, read_stereo, seconds_of
from tests.product.box import Box
from tests.product.conftest import CALLER_HERTZ, GATEWAY_HERTZ, Carrier
from tests.product.sipp import burst_file, gateway

STRAIGHT = "4001003722"


def steps(record: dict[str, Any]) -> list[str]:
    """Return what happened in the call, in order."""
    return [moment["what"] for moment in record["timeline"]]


def test_a_call_leaves_its_record_and_its_recording(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """Who, when, how long, what became of it; left is the caller, right who answered, without a gap."""
    place = quiet_box.place
    began = time.monotonic()
    with gateway(tmp_path / "gw", "gateway_answers", *place.target, sound=gateway_sound) as answerer:
        caller = carrier.brings("carrier_call", STRAIGHT, seconds=4)
        caller.good()
        answerer.good()
    took = time.monotonic() - began
    record = quiet_box.record()
    assert (record["number"], record["caller"], record["answered_by"]) == (
        STRAIGHT,
        quiet_box.caller,
        "13900001111",
    )
    assert (record["tenant"], record["trunk_in"], record["trunk_out"]) == (
        "demo",
        "demo-carrier",
        "demo-carrier",
    )
    assert (record["outcome"], record["hung_up_by"], record["sip_status"]) == ("answered", "caller", 200)
    # Upper bounds are what was seen from outside: on a busy machine the peers themselves are late.
    assert 3900 <= record["talk_ms"] <= record["access_ms"] <= took * 1000
    assert steps(record)[-1] == "end"
    for leg in record["media"]:
        assert leg["packets_in"] >= 190, leg
        assert (leg["lost"], leg["strangers"]) == (0, 0), leg

    sound = read_stereo(quiet_box.recording(record["id"]))
    assert sound.seconds == pytest.approx(record["talk_ms"] / 1000, abs=0.1)
    assert seconds_of(sound.left, CALLER_HERTZ) > 3
    assert seconds_of(sound.right, GATEWAY_HERTZ) > 3
    assert seconds_of(sound.left, GATEWAY_HERTZ) == seconds_of(sound.right, CALLER_HERTZ) == 0
    # No packet is lost (above); a peer that slips on a busy machine moves its sound by a packet or two.
    assert len(gaps(sound.left, CALLER_HERTZ)) <= 2
    assert len(gaps(sound.right, GATEWAY_HERTZ)) <= 2


def test_both_channels_of_a_recording_are_at_the_same_time(
    quiet_box: Box, carrier: Carrier, tmp_path: Path
) -> None:
    """What the answerer echoes at once lies within 40 ms of what the caller said."""
    place = quiet_box.place
    with gateway(tmp_path / "gw", "gateway_echoes", *place.target, echo=True) as answerer:
        carrier.brings("carrier_call", STRAIGHT, seconds=5, sound=burst_file(tmp_path / "burst.alaw")).good()
        answerer.good()
    record = quiet_box.record()
    sound = read_stereo(quiet_box.recording(record["id"]))
    said, echoed = onsets(sound.left), onsets(sound.right)
    assert len(said) == len(echoed) >= 4
    assert all(0 <= echo - burst <= 0.040 for burst, echo in zip(said, echoed, strict=True)), (said, echoed)
    assert all(abs(later - earlier - 1) <= 0.001 for earlier, later in pairwise(said)), said


def test_both_parties_hear_each_other(quiet_box: Box) -> None:
    """The test phone on both sides hears the other's tone all the time, without loss."""
    report = quiet_box.answered_by(STRAIGHT, "--seconds", "3")
    for party in ("caller", "answerer"):
        assert report[party]["tone_seconds"] > 2.7, report
        assert report[party]["lost"] == 0


def test_keys_reach_who_answered(quiet_box: Box) -> None:
    """Digits pressed in the talk pass as RFC 4733 events and stand in the record."""
    report = quiet_box.answered_by(STRAIGHT, "--seconds", "2.5", "--keys", "w1,5,9,#")
    assert report["answerer"]["keys"] == "59#"
    assert quiet_box.record()["keys"] == "59#"


def test_keys_and_speech_captured_from_real_phones(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """Debian's captures, played by sipp: the keys stand in the record, the speech in the recording."""
    place = quiet_box.place
    with gateway(tmp_path / "gw", "gateway_answers", *place.target, sound=gateway_sound) as answerer:
        carrier.brings("carrier_keys", STRAIGHT, seconds=3, samples="/usr/share/sip-tester").good()
        answerer.good()
    record = quiet_box.record()
    assert record["keys"] == "19"
    sound = read_stereo(quiet_box.recording(record["id"]))
    assert abs(sound.left).max() > 0.05


def test_who_answered_hangs_up(quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path) -> None:
    """The caller gets the BYE; the record says who it was."""
    place = quiet_box.place
    began = time.monotonic()
    with gateway(
        tmp_path / "gw", "gateway_hangs_up", *place.target, sound=gateway_sound, seconds=2
    ) as answerer:
        carrier.brings("carrier_waits", STRAIGHT).good()
        answerer.good()
    took = time.monotonic() - began
    record = quiet_box.record()
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "answerer")
    assert 1900 <= record["talk_ms"] <= took * 1000


def test_a_number_that_is_not_recorded_leaves_no_recording(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """`record: false` keeps the record only."""
    with gateway(
        tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound
    ) as answerer:
        carrier.brings("carrier_call", "4001003728", seconds=1).good()
        answerer.good()
    record = quiet_box.record()
    assert (record["outcome"], record["recorded"]) == ("answered", False)
    quiet_box.cli("recording", "show", record["id"], status=1)


def test_twenty_calls_at_once_leave_twenty_records(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """Nothing is lost or doubled when calls overlap."""
    place = quiet_box.place
    began = time.monotonic()
    with gateway(
        tmp_path / "gw", "gateway_answers", *place.target, sound=gateway_sound, calls=20
    ) as answerer:
        carrier.brings("carrier_call", STRAIGHT, seconds=2, calls=20, rate=10).good()
        answerer.good()
    took = time.monotonic() - began
    records = quiet_box.records(count=20)
    assert {record["outcome"] for record in records} == {"answered"}
    assert all(1900 <= record["talk_ms"] <= took * 1000 for record in records)
