"""A real SIP phone registers as an agent's extension, is rung and answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product.audio import read_stereo, seconds_of
from tests.product.baresip import Baresip
from tests.product.box import Box
from tests.product.conftest import CALLER_HERTZ, GATEWAY_HERTZ, Carrier
from tests.product.waiting import wait_until

BOUND_TO_8001 = "4001003725"
SECRET = "correct-horse-battery"


@pytest.fixture
def phone(quiet_box: Box, tmp_path: Path) -> Iterator[Baresip]:
    """Return a registered phone."""
    baresip = Baresip(tmp_path / "phone", quiet_box.place.sip, "8001", SECRET, hertz=GATEWAY_HERTZ)
    try:
        baresip.registered()
        yield baresip
    finally:
        baresip.stop()


def test_an_agents_phone_registers_is_rung_and_answers(
    quiet_box: Box, carrier: Carrier, phone: Baresip
) -> None:
    """The caller reaches the extension; both hear each other; the record names the extension."""
    assert quiet_box.json("status")["b2bua"]["registrations"] == 1
    carrier.brings("carrier_call", BOUND_TO_8001, seconds=3).good()
    record = quiet_box.record()
    assert (record["outcome"], record["answered_by"], record["trunk_out"]) == ("answered", "8001", None)
    assert record["legs"][0]["is_extension"]
    sound = read_stereo(quiet_box.recording(record["id"]))
    assert seconds_of(sound.left, CALLER_HERTZ) > 2.7
    assert seconds_of(sound.right, GATEWAY_HERTZ) > 2.5
    assert seconds_of(phone.heard(), CALLER_HERTZ) > 2.5


def test_nobody_is_registered(quiet_box: Box, carrier: Carrier) -> None:
    """A number whose only extension is away ends with a reason."""
    carrier.brings("carrier_refused", BOUND_TO_8001, status=480).good()
    assert quiet_box.record()["outcome"] == "refused-by-target"


def test_a_phone_that_guesses_passwords_is_silenced(quiet_box: Box, tmp_path: Path) -> None:
    """baresip asks again and again with a wrong one; then it gets no answer; nothing is registered."""

    def strangers() -> int:
        counters = quiet_box.json("status")["b2bua"]["counters"]
        return int(counters["sip_strangers"])

    before = strangers()
    wrong = Baresip(tmp_path / "phone", quiet_box.place.sip, "8001", "wrong-horse-battery")
    try:
        wait_until(lambda: strangers() > before, "the guesser is silenced", explain=wrong.story)
        assert quiet_box.json("status")["b2bua"]["registrations"] == 0
    finally:
        wrong.stop()
