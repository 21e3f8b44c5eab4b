"""Ctrl-C while calls are up: they are ended properly, closed in the records, and nothing is left behind."""

from __future__ import annotations

import signal
import time

import psutil

from tests.product.box import Box
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import RECORDED, Note
from tests.reliability.witness import Witness

CALLS = 5


def test_ctrl_c_during_calls(own_box: Box, note: Note) -> None:
    """Both legs get BYE, the records say `shutdown` with the right seconds, the recordings are kept."""
    box, place = own_box, own_box.place
    box.start()
    carrier = Witness(place.sip, place.carrier, place.target, RECORDED)
    try:
        calls = carrier.hold(CALLS)
        ringing = carrier.place(1.0)
        carrier.run(5, lambda: ringing.responded is not None)
        carrier.run(1.0)
        everything = box.processes()
        began = time.monotonic()
        psutil.Process(box.pid).send_signal(signal.SIGINT)
        carrier.run(10, lambda: not any(side.up for side in carrier.calls + carrier.legs))
        ended_after = time.monotonic() - began
    finally:
        carrier.close()
    box.stop()
    gone_after = time.monotonic() - began
    left = [process for process in everything if process.is_running()]
    box.start()
    records = one_record_each(box, carrier.calls)
    outcomes = {records[seen.caller]["outcome"] for seen in calls}
    recorded = [box.recording(records[seen.caller]["id"]).stat().st_size for seen in calls]
    note(
        f"{CALLS} calls up and one ringing: all sides ended by BYE after {ended_after:.2f} s, all "
        f"processes gone after "
        f"{gone_after:.1f} s, outcomes {outcomes}, {len(recorded)} recordings"
    )
    assert {side.ended_by for side in calls + carrier.legs} == {"box"}
    assert outcomes == {"shutdown"}
    assert records[ringing.caller]["outcome"] in ("shutdown", "answered")
    assert wrong_seconds(calls, records) == []
    assert left == []
    box.stop()
