"""A whole box of twins: one tenant with one number, a carrier trunk, bound numbers; calls come from a
method."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from b2bua.calls.call import Call
from b2bua.calls.ports import CallPorts, Invitation
from b2bua.calls.switchboard import Switchboard
from b2bua.sdp import PCMA, PCMU, TELEPHONE_EVENT, Codec, Direction, SessionDescription, make_offer
from domain.calling.caller import CallerClass
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    NumberPlan,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.journal.events import Ended, Step
from tests.twins.clock import MemoryClock
from tests.twins.dialler import MemoryDialler
from tests.twins.directory import MemoryDirectory
from tests.twins.journal import MemoryJournal
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.media import MemoryEndpoint, MemoryRelay
from tests.twins.web import MemoryWeb

NUMBER = "4001003721"
CALLER = "13900001111"
TARGETS = ("01061234567", "13800002222", "13700003333")


def sdp(
    port: int = 40000,
    *codecs: Codec,
    host: str = "127.0.0.2",
    direction: Direction = Direction.SENDRECV,
    version: int = 1,
    key: bytes | None = None,
) -> SessionDescription:
    """Describe a peer's media."""
    chosen = codecs or (PCMA, PCMU, TELEPHONE_EVENT)
    return make_offer(host, port, chosen, session_id=77, version=version, direction=direction, srtp_key=key)


class Stage:
    """Twins around a real switchboard. ``log`` is what left the box and the journal, in order."""

    def __init__(
        self,
        plan: NumberPlan | None = None,
        *,
        tenant: TenantSnapshot | None = None,
        box: BoxSnapshot | None = None,
        durations: dict[str, float] | None = None,
        shipped: Mapping[str, str] | None = None,
    ) -> None:
        """``shipped`` is ``tests.twins.directory.SHIPPED`` where the product's voice shall be there."""
        self.log: list[str] = []
        self.clock = MemoryClock()
        self.journal = MemoryJournal(self.log)
        self.media = MemoryRelay(self.clock, durations)
        self.box = box or BoxSnapshot(
            trunks=(TrunkSnapshot(name="carrier-a"), TrunkSnapshot(name="carrier-b")),
            extensions=(
                ExtensionSnapshot(name="8001", tenant="acme", secret="s"),
                ExtensionSnapshot(name="9001", tenant="rival", secret="s"),
            ),
        )
        self.plan = plan or a_plan()
        self.tenant = tenant or TenantSnapshot(id="acme", name="Acme", numbers=(self.plan,))
        self.directory = MemoryDirectory(self.box, self.tenant, shipped=shipped)
        listeners: dict[str | None, str] = {trunk.name: trunk.listener for trunk in self.box.trunks}
        self.dialler = MemoryDialler({None: "office", **listeners}, self.log)
        self.recording_allowed = True
        self.web = MemoryWeb()
        seed = itertools.count(1)
        self.switchboard = Switchboard(
            CallPorts(
                dialler=self.dialler,
                media=self.media,
                journal=self.journal,
                directory=self.directory,
                clock=self.clock,
                randomness=lambda length: next(seed).to_bytes(length),
                may_record=lambda: self.recording_allowed,
                web=self.web,
            )
        )

    def call(
        self,
        called: str = NUMBER,
        *,
        offer: SessionDescription | None = None,
        late_offer: bool = False,
        trunk: str | None = "carrier-a",
        extension: str | None = None,
        acknowledges: bool = True,
    ) -> MemoryInboundLeg:
        """Let a caller dial."""
        leg = MemoryInboundLeg(
            an_invitation(
                called,
                offer=None if late_offer else (offer or sdp()),
                trunk=None if extension else trunk,
                extension=extension,
            ),
            self.log,
        )
        leg.acknowledges = acknowledges
        self.switchboard.arrive(leg)
        return leg

    def leg(self, name: str) -> MemoryOutboundLeg:
        """Return a dialled leg by name."""
        return next(leg for leg in self.dialler.legs if leg.id == name)

    def endpoint(self, leg: str) -> MemoryEndpoint:
        """Return a leg's media endpoint."""
        return self.media.leg(leg)

    def live(self) -> Call:
        """Return the one call that is up."""
        (call,) = self.switchboard.calls.values()
        return call

    def end(self) -> Ended:
        """Return the one call's last line, after checking that nothing is left of it."""
        assert not self.switchboard.calls
        assert not self.media.open_endpoints()
        assert not self.clock.pending()
        assert self.journal.tags()[-1] == "end"
        (ended,) = self.journal.of(Ended)
        return ended

    def steps(self) -> list[str]:
        """Return the names of the journal's steps."""
        return [step.name for step in self.journal.of(Step)]

    def sent(self) -> list[str]:
        """Return the SIP messages that left the box, in order."""
        return [line for line in self.log if not line.startswith("journal")]


def a_plan(*targets: str, **fields: object) -> NumberPlan:
    """Make a number's plan; without targets, one landline is bound. All take several calls at a time."""
    bound = tuple(BoundNumber(number=target, skip_busy=False) for target in targets or TARGETS[:1])
    return NumberPlan(number=NUMBER, bound=bound, **fields)  # type: ignore[arg-type]


def an_invitation(
    called: str = NUMBER,
    *,
    offer: SessionDescription | None = None,
    trunk: str | None = "carrier-a",
    extension: str | None = None,
) -> Invitation:
    """Make the facts of an INVITE."""
    return Invitation(
        trunk=trunk,
        extension=extension,
        listener="carrier",
        called_raw=called,
        called=called,
        caller_raw=f"0{CALLER}",
        caller=CALLER,
        caller_display="",
        anonymous=False,
        caller_class=CallerClass.MOBILE,
        caller_header="From",
        sip_call_id="peer-call-id",
        source="127.0.0.2:5070",
        user_agent="test",
        offer=offer,
    )
