"""Route plans on a whole box, with sipp on both sides: PIN, blacklist, rules, forwards, press 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product.box import Box, Place
from tests.product.conftest import Carrier
from tests.product.sipp import gateway

WITH_PIN = "4001003751"
WITH_BLACKLIST = "4001003752"
WITH_RULES = "4001003753"
PRESS_1 = "4001003754"
WITH_MEMORY = "4001003755"


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with route plans."""
    configuration = (Path(__file__).parent / "routing.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


def test_the_pin_is_keyed_wrong_then_right(quiet_box: Box) -> None:
    """As RFC 4733 events into the prompts; the record keeps that digits were keyed, not which."""
    report = quiet_box.answered_by(WITH_PIN, "--seconds", "2", "--keys", "w1,1111#,w2,2580#")
    assert report["answerer"]["tone_seconds"] > 1
    record = quiet_box.record()
    assert (record["outcome"], record["answered_by"]) == ("answered", "13900001111")
    assert set(record["keys"]) == {"x"}
    steps = [moment["detail"] for moment in record["timeline"] if moment["what"] == "step"]
    assert [each for each in steps if each.startswith("pin ")] == ["pin wrong", "pin right"]


def test_a_blacklisted_caller_is_refused(quiet_box: Box, carrier: Carrier) -> None:
    """603 after the announcement; he was never answered."""
    carrier.brings("carrier_refused", WITH_BLACKLIST, status=603).good()
    record = quiet_box.record()
    assert (record["outcome"], record["sip_status"], record["answer_ms"]) == ("blacklisted", 603, None)
    assert "命中黑名单 137*" in quiet_box.cli("--lang", "zh", "records", record["id"])


def test_a_rule_then_a_forward_on_busy(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """The group of the rule is busy, so is the forward number; the record says why each phone rang."""
    busy = {"calls": 2, "status": "486 Busy Here"}
    with gateway(tmp_path / "gw", "gateway_refuses", *quiet_box.place.target, **busy) as gw:
        carrier.brings("carrier_refused", WITH_RULES, status=486).good()
        gw.good()
    record = quiet_box.record()
    assert [leg["target"] for leg in record["legs"]] == ["13900002222", "13900003333"]
    told = quiet_box.cli("--lang", "en", "records", record["id"])
    assert "rule 1 (手机) -> group north" in told
    assert "forwarded to 13900003333 on busy (1 of 3)" in told
    simulated = quiet_box.json("simulate", WITH_RULES, "--from", quiet_box.caller)
    assert simulated["to"] == "group:north"
    assert simulated["rounds"][0][0]["number"] == "13900002222"


def test_who_presses_1_has_the_call(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """By SIP INFO; the caller is answered only then."""
    with gateway(
        tmp_path / "gw", "gateway_accepts", *quiet_box.place.target, sound=gateway_sound, seconds=2
    ) as gw:
        carrier.brings("carrier_waits", PRESS_1).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "answerer")
    answered = record["legs"][0]["answered_ms"]
    assert record["answer_ms"] - answered >= 400, "the caller is not charged before"
    assert 1900 <= record["talk_ms"] <= 2500


def test_a_voicemail_that_presses_nothing_does_not_steal_the_call(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """After three seconds it is hung up; the caller was never answered."""
    with gateway(tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound) as gw:
        carrier.brings("carrier_refused", PRESS_1, status=480).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["answered_by"], record["answer_ms"]) == ("no-answer", "", None)


def test_who_answered_is_known_also_after_a_restart(quiet_box: Box) -> None:
    """The turn would be the other one's; the caller reaches who he knows."""
    quiet_box.answered_by(WITH_MEMORY, "--seconds", "1")
    quiet_box.caller, known = "13800138001", quiet_box.caller
    quiet_box.answered_by(WITH_MEMORY, "--seconds", "1")
    assert quiet_box.record()["answered_by"] == "13900002222"
    quiet_box.stop()
    quiet_box.start()
    quiet_box.answered_by(WITH_MEMORY, "--seconds", "1")
    latest, _ = quiet_box.records(count=2)
    assert latest["answered_by"] == "13900002222"
    assert "13900002222 answered last time" in quiet_box.cli("--lang", "en", "records", latest["id"])
    quiet_box.caller = known
    quiet_box.answered_by(WITH_MEMORY, "--seconds", "1")
    assert quiet_box.records(count=2)[0]["answered_by"] == "13900001111"
