"""The carrier behind a trunk fails: calls leave by the next one, and by the first again when it is well."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.crash.carrier import Seen
from tests.product.box import Box, Place
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import Note
from tests.reliability.gauges import alarm, status
from tests.reliability.sick_gateway import SickGateway
from tests.reliability.witness import Witness

HOW = {"silent": "4001003722", "answers 503": "4001003723", "not there": "4001003724"}
WATCHED = "4001003725"
TRUNK = """
  {name}:
    target: "@NETWORK@.{host}:5080"
    inbound: false
    shown_caller: caller
    options_seconds: {options}
"""
TENANT = """
  {name}:
    outbound_trunks: [{name}, second]
    numbers:
      "{number}":
        bound: [{{number: "13900001111", skip_busy: false}}]
"""
CONFIGURATION = f"""
box:
  announcements: false
trunks:
  second:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    shown_caller: caller
    options_seconds: 0
{TRUNK.format(name="silent", host=5, options=0)}
{TRUNK.format(name="refusing", host=6, options=0)}
{TRUNK.format(name="absent", host=7, options=0)}
{TRUNK.format(name="watched", host=8, options=1)}
tenants:
{TENANT.format(name="silent", number=HOW["silent"])}
{TENANT.format(name="refusing", number=HOW["answers 503"])}
{TENANT.format(name="absent", number=HOW["not there"])}
{TENANT.format(name="watched", number=WATCHED)}
"""


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Box, SickGateway]]:
    """Return a box with trunks that are dead, and the gateway of the one that is watched, well at first."""
    box = Box(tmp_path_factory.mktemp("trunks") / "data", Place(), CONFIGURATION)
    with SickGateway((f"{box.place.network}.8", 5080)) as sick:
        sick.status = 200
        with box.running():
            yield box, sick


def test_the_next_trunk_takes_the_call(trunks: tuple[Box, SickGateway], note: Note) -> None:
    """Within three seconds somebody rings; one record, one charge, and it says by which trunk."""
    box, _ = trunks
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, "")
    calls: dict[str, list[Seen]] = {how: [] for how in HOW}
    try:
        with SickGateway((f"{place.network}.5", 5080)), SickGateway((f"{place.network}.6", 5080)) as refusing:
            refusing.status = 503
            for _ in range(3):  # the first two calls find the trunk dead, the third knows
                now = []
                for how, number in HOW.items():
                    carrier._number = number
                    now.append(carrier.place(1.0))
                    carrier.held.add(now[-1].caller)
                    calls[how].append(now[-1])
                carrier.run(10, lambda now=now: all(carrier.talks(seen) for seen in now))
                carrier.leave(now)
    finally:
        carrier.close()
    everyone = [seen for placed in calls.values() for seen in placed]
    records = one_record_each(box, everyone)
    full = {seen.caller: box.json("records", records[seen.caller]["id"]) for seen in everyone}
    rang = {seen.caller: carrier.legs_of(seen)[0].started - seen.started for seen in everyone}
    for how, placed in calls.items():
        seconds = ", ".join(f"{rang[seen.caller]:.2f}" for seen in placed)
        tried = [leg["trunks"] for seen in placed for leg in full[seen.caller]["legs"]]
        note(f"first trunk {how}: rang by the second after {seconds} s; tried {tried}")
    assert max(rang.values()) <= 3.0
    assert {record["trunk_out"] for record in full.values()} == {"second"}
    assert {len(record["legs"]) for record in full.values()} == {1}, "one leg, however many trunks"
    assert {len(carrier.legs_of(seen)) for seen in everyone} == {1}
    assert wrong_seconds(everyone, records) == []


def test_a_watched_trunk_goes_down_and_comes_back_once(trunks: tuple[Box, SickGateway], note: Note) -> None:
    """OPTIONS notice a dead trunk without any call and raise an alarm; well again, it takes calls again."""
    box, sick = trunks
    place = box.place
    key = "trunk:watched"
    carrier = Witness(place.sip, place.carrier, place.target, WATCHED)
    try:
        wait_until(lambda: sick.count() > 1, "the trunk is probed", 10)
        raised = status(box).counters["alarms_raised"]
        sick.status = None
        died = time.monotonic()
        wait_until(lambda: alarm(box, key) is not None, "the alarm", 30)
        down_after = time.monotonic() - died
        (seen,) = carrier.hold(1)
        at_once = carrier.legs_of(seen)[0].started - seen.started
        carrier.leave([seen])
        assert not sick.count("INVITE"), "a call was sent to a trunk that is known to be down"
        sick.status = 200
        well = time.monotonic()
        wait_until(lambda: alarm(box, key) is None, "the alarm is over", 60)
        up_after = time.monotonic() - well
        states = set()
        for _ in range(6):
            carrier.run(0.5)
            states.add(state(box))
        sick.status = 486
        refused = carrier.place(1.0)
        carrier.run(10, lambda: refused.ended is not None)
        sick.status = 200
        raised = status(box).counters["alarms_raised"] - raised
    finally:
        carrier.close()
    note(
        f"probes each second were answered no more: alarm after {down_after:.1f} s, the next call rang by "
        f"the other "
        f"trunk after {at_once * 1000:.0f} ms; answered again: up after {up_after:.1f} s; {raised} alarm "
        f"in all"
    )
    assert states == {"up"}, "it flaps"
    assert raised == 1
    assert at_once < 1.0
    assert sick.count("INVITE"), "no call went by the trunk that is well again"
    assert one_record_each(box, [seen, refused])[refused.caller]["outcome"] == "busy"


@pytest.mark.long
def test_a_flapping_trunk_stays_out(trunks: tuple[Box, SickGateway], note: Note) -> None:
    """One that answers one probe and not the next is alarmed once and gets no calls."""
    box, sick = trunks
    sick.status = None
    wait_until(lambda: alarm(box, "trunk:watched") is not None, "the alarm is up", 40)
    raised = status(box).counters["alarms_raised"]
    probes = sick.count()
    states = set()
    sick.every_second = True
    until = time.monotonic() + 60
    while time.monotonic() < until:
        states.add(state(box))
        time.sleep(0.02)
    sick.every_second = False
    raised = status(box).counters["alarms_raised"] - raised
    sick.status = 200
    note(
        f"every second of {sick.count() - probes} probes in 60 s answered: states {states}, {raised} more "
        f"alarms"
    )
    assert "up" not in states
    assert raised == 0


def state(box: Box) -> str:
    """Return how the watched trunk is."""
    (found,) = [trunk.state for trunk in status(box).trunks if trunk.name == "watched"]
    return found
