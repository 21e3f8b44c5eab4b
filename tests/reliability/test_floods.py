"""Strangers shout at the box as loud as they can; whoever belongs here notices nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.product.box import ROOT, Box
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import RECORDED, Note
from tests.reliability.gauges import MemoryWatch, metric, status
from tests.reliability.witness import Witness, percentile

CALLS = 5


def _script(module: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.reliability.{module}", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _said(script: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = script.communicate(timeout=30)
    assert script.returncode == 0
    said: dict[str, Any] = json.loads(out)
    return said


@pytest.mark.parametrize(
    ("invites", "options", "seconds"),
    [
        pytest.param(500, 5000, 6, id="both"),
        pytest.param(500, 0, 60, id="invites", marks=pytest.mark.long),
        pytest.param(0, 5000, 60, id="options", marks=pytest.mark.long),
    ],
)
def test_a_flood_of_strangers_disturbs_nobody(
    box: Box, note: Note, invites: int, options: int, seconds: int
) -> None:
    """Calls in progress lose no audio, a carrier's OPTIONS are answered, no stranger hears a word."""
    place = box.place
    host = f"{place.box}:5060"
    carrier = Witness(place.sip, place.carrier, place.target, RECORDED)
    try:
        calls = carrier.hold(CALLS)
        dropped = status(box).counters["sip_strangers"]
        with MemoryWatch(box) as memory:
            peer = _script("peer", host, place.carrier, 20, seconds + 1)
            strangers = _script("flood", host, place.network, invites, options, seconds)
            carrier.run(seconds + 15, lambda: peer.poll() is not None and strangers.poll() is not None)
            peer_said, flood_said = _said(peer), _said(strangers)
        dropped = status(box).counters["sip_strangers"] - dropped
        lag = metric(box, "box400_reactor_lag_seconds")
        carrier.run(0.3)
        carrier.leave(calls)
    finally:
        carrier.close()
    sides = [*calls, *carrier.legs]
    heard = [carrier.heard_by(side) for side in sides]
    lost = sum(each.lost() for each in heard)
    delays = [delay * 1000 for each in heard for delay in each.delays]
    note(
        f"{flood_said['INVITE']} INVITEs and {flood_said['OPTIONS']} OPTIONS in {flood_said['seconds']} s, "
        f"{dropped} dropped at the gate, {flood_said['answers']} answered; known peer {peer_said}; "
        f"memory +{memory.growth_mb:.1f} MB at most, {memory.left_mb():+.1f} MB after; "
        f"{len(delays)} RTP packets of {CALLS} calls, {lost} lost, delay p50 {percentile(delays, 50):.2f} "
        f"p99 {percentile(delays, 99):.2f} ms; reactor lag {lag * 1000:.0f} ms"
    )
    assert flood_said["answers"] == 0
    assert dropped > 0.9 * (flood_said["INVITE"] + flood_said["OPTIONS"])
    assert peer_said["answered"] >= 0.99 * peer_said["sent"]
    assert lost == 0
    assert memory.growth_mb <= 60
    assert memory.left_mb() <= 20
    assert {side.ended_by for side in calls} == {"us"}, "a call was cut"
    records = one_record_each(box, calls)
    assert wrong_seconds(calls, records) == []
    wait_until(
        lambda: all(box.json("records", records[seen.caller]["id"])["recorded"] for seen in calls), "recorded"
    )
