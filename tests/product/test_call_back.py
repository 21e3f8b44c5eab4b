"""A missed call is called back: the agent's phone rings first (docs/call-flows/call-back.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from tests.product.audio import read_stereo, seconds_of
from tests.product.baresip import Baresip
from tests.product.box import Box
from tests.product.conftest import CALLER_HERTZ, GATEWAY_HERTZ, Carrier
from tests.product.sipp import gateway, tone_file
from tests.product.waiting import wait_until

BOUND_TO_8001 = "4001003725"
SECRET = "correct-horse-battery"


def missed(box: Box, *options: str) -> list[dict[str, Any]]:
    """Return the items of the current test's caller."""
    found: list[dict[str, Any]] = box.json("missed", "list", "demo", "--caller", box.caller, *options)
    return found


def the_item(box: Box) -> dict[str, Any]:
    """Return the one item of the current test's caller, once it is there."""
    found = wait_until(lambda: missed(box, "--all"), "a missed call")
    assert len(found) == 1
    return found[0]


def test_a_missed_call_is_claimed_called_back_and_closed(
    quiet_box: Box, carrier: Carrier, tmp_path: Path
) -> None:
    """Agent and customer hear each other; record, recording and list tell the whole story."""
    carrier.brings("carrier_refused", BOUND_TO_8001, status=480).good()
    item = the_item(quiet_box)
    assert (item["state"], item["count"], item["number"]) == ("open", 1, BOUND_TO_8001)
    quiet_box.cli("missed", "claim", "demo", item["id"], "--as", "8001")
    quiet_box.cli("missed", "claim", "demo", item["id"], "--as", "8002", status=1)

    quiet_box.cli("missed", "call-back", "demo", item["id"], "--as", "13900001111", status=1)

    phone = Baresip(tmp_path / "phone", quiet_box.place.sip, "8001", SECRET, hertz=GATEWAY_HERTZ)
    try:
        phone.registered()
        customer_sound = tone_file(tmp_path / "customer.alaw", CALLER_HERTZ)
        place = quiet_box.place
        with gateway(
            tmp_path / "gw", "gateway_hangs_up", *place.target, sound=customer_sound, seconds=4
        ) as customer:
            call = quiet_box.cli("missed", "call-back", "demo", item["id"], "--as", "8001").strip()
            wait_until(
                lambda: [live for live in quiet_box.calls() if live["call"] == call and live["talk_seconds"]],
                "agent and customer talk",
                30,
            )
            played = customer.good()
        quiet_box.quiet()
    finally:
        phone.stop()
    assert f"INVITE sip:{quiet_box.caller}@" in played.messages
    record = next(each for each in quiet_box.records(count=2) if each["id"] == call)
    assert (record["direction"], record["contact"], record["agent"]) == ("callback", item["id"], "8001")
    assert (record["outcome"], record["answered_by"], record["hung_up_by"]) == ("answered", "8001", "caller")
    assert [leg["leg"] for leg in record["legs"]] == ["b1", "a"]
    assert 3500 < record["talk_ms"] < 4800
    sound = read_stereo(quiet_box.recording(call))
    assert seconds_of(sound.left, CALLER_HERTZ) > 3.2
    assert seconds_of(sound.right, GATEWAY_HERTZ) > 3.2
    assert seconds_of(phone.heard(), CALLER_HERTZ) > 3.0

    done = wait_until(lambda: missed(quiet_box, "--state", "called-back"), "the item is done")
    assert (done[0]["called_back_by"], done[0]["tries"]) == ("8001", 0)
    quiet_box.cli("missed", "close", "demo", item["id"], "--as", "8001", "--note", "已下单")
    assert the_item(quiet_box)["note"] == "已下单"


def test_a_caller_who_reaches_us_later_needs_no_call_back(quiet_box: Box, carrier: Carrier) -> None:
    """His item closes by itself."""
    carrier.brings("carrier_refused", BOUND_TO_8001, status=480).good()
    assert the_item(quiet_box)["state"] == "open"
    quiet_box.answered_by("4001003722", "--seconds", "1")
    closed = wait_until(lambda: missed(quiet_box, "--state", "closed"), "the item is closed")
    assert closed[0]["closed"] == "reached-us"


def test_nothing_but_a_contact_can_be_called_back(quiet_box: Box, carrier: Carrier) -> None:
    """No number, no call of another tenant, no agent who is none."""
    carrier.brings("carrier_refused", BOUND_TO_8001, status=480).good()
    item = the_item(quiet_box)
    for tenant, contact, agent in (
        ("demo", "13900009999", "8001"),
        ("stopped", item["id"], "8001"),
        ("demo", item["id"], "13900009999"),
        ("demo", "01M8172EV8WM5RPGMQH3500BQN", "8001"),
    ):
        done = quiet_box.try_cli("missed", "call-back", tenant, contact, "--as", agent)
        assert done.returncode == 1, (contact, agent, done.stdout)
    assert len(quiet_box.records(count=1)) == 1


def test_both_legs_of_a_call_back_are_ended_after_a_crash(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """kill -9 in mid-talk: agent and customer, both reached by the trunk, get their BYE."""
    target = quiet_box.place.target
    with gateway(tmp_path / "busy", "gateway_refuses", *target, status="486 Busy Here") as busy:
        carrier.brings("carrier_refused", "4001003722", status=486).good()
        busy.good()
    item = the_item(quiet_box)
    with gateway(tmp_path / "gw", "gateway_answers", *target, sound=gateway_sound, calls=2) as both:
        call = quiet_box.cli("missed", "call-back", "demo", item["id"], "--as", "13900001111").strip()
        wait_until(
            lambda: [live for live in quiet_box.calls() if live["call"] == call and live["talk_seconds"]],
            "agent and customer talk",
            30,
        )
        (pid,) = [each["pid"] for each in quiet_box.json("status")["processes"] if each["name"] == "b2bua"]
        psutil.Process(pid).kill()
        both.good()
    record = next(each for each in quiet_box.records(count=2) if each["id"] == call)
    assert (record["outcome"], record["direction"]) == ("cut-by-crash", "callback")
    assert [leg["leg"] for leg in record["legs"]] == ["b1", "a"]
    assert wait_until(lambda: missed(quiet_box, "--state", "called-back"), "the item is done")
