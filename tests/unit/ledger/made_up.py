"""Calls as the b2bua writes them to the journal, made up from a seed."""

from __future__ import annotations

import random

import msgspec

from domain.calling.caller import canonical_caller
from domain.outcomes import HungUpBy, Outcome
from domain.places.places import shipped_places
from storage.journal.events import (
    Answered,
    Bridged,
    DialogNow,
    Ended,
    Event,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegProgress,
    MediaMeasured,
    Spooled,
    Started,
    Step,
    Unbridged,
)
from storage.records.call_id import ulid_text

NOON = 1_795_320_000.0
"""2026-11-22 12:00 in Beijing."""
TARGETS = ("13900001111", "01061234567", "02161234567", "13800138000")
DIALOG = msgspec.Raw(
    msgspec.json.encode(
        {
            "call_id": "7d1a3c5e9f2b4d6880ac@10.1.2.3",
            "local_tag": "a1b2c3d4e5f60718",
            "remote_tag": "1928301774",
            "local_uri": "sip:4001003721@10.0.0.1",
            "remote_uri": "sip:13900001111@10.1.2.3;user=phone",
            "local_cseq": 101,
            "remote_cseq": 1,
            "target": "sip:10.1.2.3:5060;transport=udp",
            "routes": ["<sip:10.1.2.4;lr>"],
        }
    )
)


def call_id(rnd: random.Random, at: float) -> str:
    """Return a ULID of this moment."""
    return ulid_text(round(at * 1000).to_bytes(6, "big") + rnd.randbytes(10))


def a_call(
    rnd: random.Random,
    at: float = NOON,
    *,
    mono: float = 5000.0,
    tenant: str | None = "acme",
    number: str | None = "4001003721",
    outcome: Outcome = Outcome.ANSWERED,
    call: str = "",
    ring: float | None = None,
    talk: float | None = None,
) -> list[Event]:
    """Return all lines of one call; answered, or busy everywhere. ``ring`` and ``talk`` in seconds."""
    call = call or call_id(rnd, at)
    ring = rnd.uniform(1, 20) if ring is None else ring
    talk = rnd.uniform(5, 300) if talk is None else talk
    who = canonical_caller(caller := f"1{rnd.randrange(3 * 10**9, 10**10):010d}")

    def when(seconds: float) -> dict[str, float]:
        return {"at": round(at + seconds, 6), "mono": round(mono + seconds, 6)}

    def id_and(seconds: float) -> dict[str, object]:
        return {"call": call, **when(seconds)}

    def make(kind: type, seconds: float, **facts: object) -> Event:
        made: Event = kind(**id_and(seconds), **facts)
        return made

    lines = [
        make(
            Started,
            0.0,
            trunk="demo-carrier",
            source="127.0.0.2:5070",
            sip_call_id=f"{rnd.getrandbits(128):032x}@10.1.2.3",
            called_raw=f"sip:{number or '4009999999'}@10.0.0.1;user=phone",
            called=number or "4009999999",
            caller_raw=f'"" <sip:+86{caller}@10.1.2.3;user=phone>',
            caller=caller,
            tenant=tenant,
            number=number,
            record=True,
            caller_class=who.kind.value,
            caller_header="From",
            place=shipped_places().place_of(who),
        ),
        make(DialogNow, 0.001, leg="a", state=DIALOG),
    ]
    if outcome is Outcome.NUMBER_UNKNOWN:
        return [*lines, make(Ended, 0.01, outcome=outcome, by=HungUpBy.BOX, sip_status=404)]
    lines += [
        make(Step, 0.002, name="hunt", detail="sequential"),
        make(
            LegDialled, 0.01, leg="b1", target=rnd.choice(TARGETS), trunk="demo-carrier", listener="carrier"
        ),
        make(LegProgress, 0.05, leg="b1", status=180),
        make(DialogNow, 0.05, leg="b1", state=DIALOG),
    ]
    if outcome is not Outcome.ANSWERED:
        return [
            *lines,
            make(LegEnded, ring, leg="b1", status=486, reason="Busy Here", by_peer=True),
            make(LegEnded, ring + 0.001, leg="a", status=486),
            make(Ended, ring + 0.002, outcome=outcome, by=HungUpBy.BOX, sip_status=486),
        ]
    end = ring + talk
    return [
        *lines,
        make(LegAnswered, ring, leg="b1"),
        make(DialogNow, ring, leg="b1", state=DIALOG),
        make(Answered, ring),
        make(Bridged, ring, leg="b1"),
        make(LegEnded, end, leg="a", by_peer=True),
        make(Unbridged, end, leg="b1"),
        make(LegEnded, end, leg="b1"),
        make(MediaMeasured, end + 0.01, leg="a", packets_in=900, packets_out=900, jitter_ms=1.2, mos=4.38),
        make(MediaMeasured, end + 0.01, leg="b1", packets_in=900, packets_out=900, jitter_ms=1.3, mos=4.38),
        make(Spooled, end + 0.02),
        make(Ended, end + 0.02, outcome=outcome, by=HungUpBy.CALLER, sip_status=200),
    ]
