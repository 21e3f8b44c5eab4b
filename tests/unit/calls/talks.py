"""A stage on which a caller talks with the agent at extension 8001; colleagues can be rung."""

from __future__ import annotations

from b2bua.sdp import Direction
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    NumberPlan,
    TargetKind,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.journal.events import Bridged, TakesPart, Unbridged
from storage.records.fold import fold
from storage.records.record import CallRecord
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.stage import NUMBER, Stage, sdp

MOBILE = "13800002222"
MUSIC = "m" * 64
OTHER_NUMBER = "4001003799"


def extension(name: str, tenant: str = "acme") -> ExtensionSnapshot:
    """Make a registered phone."""
    return ExtensionSnapshot(name=name, tenant=tenant, secret="s")


class TalkStage(Stage):
    """Twins around a real switchboard, with a talk going on."""

    def __init__(
        self, *, agent: BoundNumber | None = None, music: str | None = MUSIC, **plan: object
    ) -> None:
        bound = (
            agent or BoundNumber(number="8001", kind=TargetKind.EXTENSION, job_number="66"),
            BoundNumber(number=MOBILE, job_number="77"),
        )
        first = NumberPlan(number=NUMBER, bound=bound, **plan)  # type: ignore[arg-type]
        second = NumberPlan(number=OTHER_NUMBER, bound=(BoundNumber(number="01088880000"),))
        super().__init__(
            first,
            tenant=TenantSnapshot(id="acme", name="Acme", numbers=(first, second), hold_music=music),
            box=BoxSnapshot(
                trunks=(TrunkSnapshot(name="carrier-a"),),
                extensions=(
                    *(extension(name) for name in ("8001", "8002", "8009")),
                    extension("9001", "rival"),
                ),
            ),
        )
        self.caller: MemoryInboundLeg = self.call()
        self.answer("b1")

    def box_music(self, address: str) -> None:
        """Let the box have music of its own."""
        self.directory.shipped = {"hold-music": address}

    def answer(self, leg: str) -> MemoryOutboundLeg:
        """Let somebody who is rung answer."""
        rung = self.leg(leg)
        rung.peer_answers(sdp(port=41000 + 2 * int(leg[1:])))
        return rung

    def key(self, keys: str, leg: str = "b1") -> None:
        """Let a party press keys, which come as RFC 4733 events."""
        for key in keys:
            self.endpoint(leg).press(key)

    def hears(self) -> dict[str, str]:
        """Return what each leg that is up hears: legs, or what is played to it."""
        up = {"a": not self.caller.over, **{leg.id: leg.up for leg in self.dialler.legs}}
        return {
            leg: " ".join(sorted(self.endpoint(leg).hears())) or "/".join(self.endpoint(leg).playing)[:8]
            for leg, is_up in up.items()
            if is_up
        }

    def rings(self) -> list[str]:
        """Return who rings now."""
        targets = {dialling.leg: dialling.target for dialling in self.dialler.dialled}
        return [targets[leg.id] for leg in self.dialler.legs if not leg.up and not leg.over]

    def parts(self) -> list[str]:
        """Return what the journal says of who takes part, in order."""
        told = []
        for event in self.journal.events:
            if isinstance(event, TakesPart):
                told.append(f"{event.leg} {event.part}".strip())
            elif isinstance(event, Bridged | Unbridged):
                told.append(f"{event.leg} {'talk' if isinstance(event, Bridged) else 'waits'}")
        return told

    def record(self) -> CallRecord:
        """Return the record of the one call, over by now."""
        self.end()
        return fold(self.journal.events)

    def holds(self, leg: str, on: bool = True) -> None:
        """Let a party's phone send a re-INVITE that holds the call, or takes it back."""
        direction = Direction.SENDONLY if on else Direction.SENDRECV
        peer = self.caller if leg == "a" else self.leg(leg)
        port = 40000 if leg == "a" else 41000 + 2 * int(leg[1:])
        assert peer.peer_reoffers(sdp(port=port, direction=direction, version=2 + on)) is not None
