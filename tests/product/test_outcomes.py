"""Every way a call can end has its reason in the record, a fitting SIP answer, and words the caller hears."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.product.box import Box
from tests.product.conftest import Carrier
from tests.product.sipp import gateway
from tests.product.waiting import wait_until

STRAIGHT = "4001003722"
TWO_BOUND = "4001003723"


@pytest.mark.parametrize(
    ("number", "status", "outcome"),
    [
        pytest.param("4001999999", 404, "number-unknown", id="unknown"),
        pytest.param("4001003726", 403, "suspended", id="out-of-service"),
        pytest.param("4001003727", 480, "nothing-bound", id="nothing-bound"),
        pytest.param("4001003730", 403, "suspended", id="suspended"),
    ],
)
def test_a_number_that_cannot_be_reached(
    quiet_box: Box, carrier: Carrier, number: str, status: int, outcome: str
) -> None:
    """The caller is told by announcement and status; nobody is rung."""
    carrier.brings("carrier_refused", number, status=status).good()
    record = quiet_box.record()
    assert (record["outcome"], record["sip_status"], record["talk_ms"]) == (outcome, status, 0)
    assert record["legs"] == []


def test_all_bound_numbers_are_busy(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """Both are tried, the caller gets 486."""
    with gateway(
        tmp_path / "gw", "gateway_refuses", *quiet_box.place.target, calls=2, status="486 Busy Here"
    ) as gw:
        carrier.brings("carrier_refused", TWO_BOUND, status=486).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["sip_status"]) == ("busy", 486)
    assert [(leg["target"], leg["status"]) for leg in record["legs"]] == [
        ("13900001111", 486),
        ("13900002222", 486),
    ]


def test_nobody_answers(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """Each bound number rings for its time and is given up; the caller gets 480."""
    with gateway(tmp_path / "gw", "gateway_rings", *quiet_box.place.target, calls=2) as gw:
        carrier.brings("carrier_refused", TWO_BOUND, status=480).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["sip_status"]) == ("no-answer", 480)
    assert [leg["target"] for leg in record["legs"]] == ["13900001111", "13900002222"]
    assert all(4900 <= leg["ended_ms"] - leg["dialled_ms"] <= 5300 for leg in record["legs"])


def test_the_caller_gives_up_while_it_rings(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """CANCEL goes on to the bound number, the record says at which step the caller left."""
    with gateway(tmp_path / "gw", "gateway_rings", *quiet_box.place.target) as gw:
        carrier.brings("carrier_gives_up", STRAIGHT, seconds=1).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["hung_up_by"], record["talk_ms"]) == ("gave-up-ringing", "caller", 0)


def test_the_caller_gives_up_in_the_welcome(quiet_box: Box, carrier: Carrier) -> None:
    """He was answered, so he is charged for access, but nobody was rung."""
    carrier.brings("carrier_call", "4001003721", seconds=1).good()
    record = quiet_box.record()
    assert (record["outcome"], record["hung_up_by"]) == ("gave-up-welcome", "caller")
    assert 900 <= record["access_ms"] <= 1400
    assert (record["talk_ms"], record["legs"]) == (0, [])


def test_the_bound_number_refuses(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """603 of the only bound number becomes 480 for the caller."""
    with gateway(tmp_path / "gw", "gateway_refuses", *quiet_box.place.target, status="603 Decline") as gw:
        carrier.brings("carrier_refused", STRAIGHT, status=480).good()
        gw.good()
    record = quiet_box.record()
    assert (record["outcome"], record["legs"][0]["status"]) == ("refused-by-target", 603)


def test_the_trunk_is_down(quiet_box: Box, carrier: Carrier) -> None:
    """Nothing listens where calls leave to."""
    carrier.brings("carrier_refused", STRAIGHT, status=503).good()
    record = quiet_box.record()
    assert (record["outcome"], record["sip_status"]) == ("trunk-down", 503)


def test_an_operator_takes_a_call_down(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """`box400 hangup` ends both legs; the record says so."""
    with gateway(tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound) as gw:
        caller = carrier.brings("carrier_waits", STRAIGHT)
        call = wait_until(
            lambda: [each for each in quiet_box.calls() if each["state"] == "talking"], "talking"
        )[0]
        assert (call["number"], call["who"]) == (STRAIGHT, "13900001111")
        known = quiet_box.json("places", "find", call["caller"])
        assert (call["area_code"], call["place"].split(" ")[-1]) == (known["area_code"], known["city"])
        quiet_box.cli("hangup", call["call"])
        caller.good()
        gw.good()
    assert quiet_box.record()["outcome"] == "cut-by-operator"


def test_the_welcome_prompt_is_heard_and_then_the_bound_number(quiet_box: Box, tmp_path: Path) -> None:
    """The caller is answered at once, hears the whole welcome, then is connected."""
    heard = tmp_path / "heard.wav"
    report = quiet_box.answered_by("4001003721", "--seconds", "2", "--hear", str(heard))
    record = quiet_box.record()
    assert record["answer_ms"] < 200
    welcome = record["bridge_ms"] - record["answer_ms"]
    assert welcome > 3000, "the welcome is some seconds long"
    assert record["access_ms"] >= record["talk_ms"] + welcome - 50
    assert report["caller"]["loudest_dbfs"] > -30
    assert report["caller"]["seconds"] == pytest.approx(record["access_ms"] / 1000, abs=0.3)


def test_a_stranger_gets_nothing(quiet_box: Box) -> None:
    """An INVITE from an address that is no trunk is neither answered nor recorded."""
    before = quiet_box.json("records", "--limit", "0")
    place = quiet_box.place
    done = quiet_box.try_cli(
        "call", STRAIGHT, "--from", place.stranger, "--to", f"{place.box}:5060", "--patience", "2", "--json"
    )
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) == (1, 0)
    assert not [moment for moment in report["story"] if moment["what"].startswith("<-")]
    assert quiet_box.json("records", "--limit", "0") == before
