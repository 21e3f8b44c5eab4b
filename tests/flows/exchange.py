"""The real call services on the real SIP stack, over the in-memory network; media and journal are twins."""

from __future__ import annotations

import random

from b2bua.calls.ports import CallPorts, Dialling, Invitation
from b2bua.calls.switchboard import Switchboard
from b2bua.sdp import PCMA, TELEPHONE_EVENT, SessionDescription, make_offer
from b2bua.sip.core_admission import Admission, Admitted
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.core_user import Reply
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.respond import response_to
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver
from b2bua.stack.next_hop import NextHop
from b2bua.stack.reception import SipReception
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.journal.events import Ended
from tests.flows.network import Address, MemoryTransport, Network, Peer
from tests.twins.directory import MemoryDirectory
from tests.twins.journal import MemoryJournal
from tests.twins.media import MemoryRelay
from tests.twins.stage import NUMBER, TARGETS, a_plan

BOX = ("10.0.0.1", 5060)
CARRIER = ("10.0.0.2", 5060)
PHONES = {target: ("10.0.1.1", 5080 + number) for number, target in enumerate(TARGETS)}


class NetworkClock:
    """The services' clock on the network's."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def mono(self) -> float:
        """Seconds since the test began."""
        return self.network.clock.seconds()

    def utc(self) -> float:
        """The same, on from some day."""
        return 1_790_000_000.0 + self.network.clock.seconds()

    def after(self, seconds: float):  # type: ignore[no-untyped-def]
        """Fire after so long; cancellable."""
        from twisted.internet.defer import Deferred

        fired: Deferred[None] = Deferred(lambda _: delayed.cancel())
        delayed = self.network.clock.callLater(seconds, fired.callback, None)
        return fired


class PhoneHops:
    """Every telephone number behind a phone of its own, an extension behind its desk or, without one, behind
    all of them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def targets(self, dialling: Dialling):  # type: ignore[no-untyped-def]
        """Give the target's phones."""
        from twisted.internet.defer import succeed

        if dialling.is_extension:
            desk = self._exchange.desks.get(dialling.target)
            phones = PHONES.values() if desk is None else (desk.address,)
        else:
            phones = (PHONES[dialling.target],)
        return succeed(
            [
                NextHop(
                    trunk=None if dialling.is_extension else dialling.trunks[0],
                    uri=f"sip:{dialling.target}@{address[0]}:{address[1]}",
                    flow=self._exchange.transport.flow_to(address),
                    from_=f"<sip:{dialling.tenant_number}@{BOX[0]}>",
                    to=f"<sip:{dialling.target}@{address[0]}>",
                )
                for address in phones
            ]
        )

    def begin(self, hop: NextHop) -> bool:
        """Have room."""
        return True

    def tried(self, hop: NextHop, status: int) -> None:
        """Learn nothing."""

    def end(self, hop: NextHop) -> None:
        """Count nothing."""


class Exchange:
    """A box with one tenant, a carrier that calls, and phones that ring."""

    def __init__(
        self, plan: NumberPlan | None = None, *, network: Network | None = None, **box: object
    ) -> None:
        self.network = network or Network()
        self.journal = MemoryJournal()
        self.clock = NetworkClock(self.network)
        self.media = MemoryRelay(self.clock)
        tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan or a_plan(),))
        trunks = (TrunkSnapshot(name="carrier", listener="carrier"),)
        self.directory = MemoryDirectory(BoxSnapshot(**{"trunks": trunks, **box}), tenant)  # type: ignore[arg-type]
        chance = random.Random(self.network.seed)
        self.transport = MemoryTransport(self.network, BOX)
        self.traced: list[tuple[str, str, str]] = []
        self.driver = Driver(
            self.network.clock,
            self.transport,
            SipReception(self, self._read, self._register),  # type: ignore[arg-type]
            self._admit,
            find_flow=self.transport.find_flow,
            settings=Settings(session_seconds=0),
            token=lambda: f"{chance.getrandbits(80):020x}",
            back_off=chance.random,
        )
        self.transport.receiver = self.driver.received
        self.switchboard = Switchboard(
            CallPorts(
                dialler=SipDialler(self.driver, PhoneHops(self)),
                media=self.media,
                journal=self.journal,
                directory=self.directory,
                clock=self.clock,
                randomness=lambda length: chance.randbytes(length),
                may_record=lambda: True,
                belongs=lambda *what: self.traced.append(what),
            )
        )
        self.arrive = self.switchboard.arrive
        self.refused = self.switchboard.refused
        self.caller = Peer(self.network, CARRIER, BOX)
        self.phones = {target: Peer(self.network, address, BOX) for target, address in PHONES.items()}
        self.desks: dict[str, Peer] = {}
        """Registered phones, one of each extension."""

    def register(self, extension: str) -> Peer:
        """Let the phone of an extension be registered."""
        address = ("10.0.2.1", int(extension))
        self.desks[extension] = desk = Peer(self.network, address, BOX)
        return desk

    def _admit(self, request: Request, flow: Flow) -> Admission:
        for extension, desk in self.desks.items():
            if flow.remote == desk.address:
                return Admitted(extension=extension)
        return Admitted(trunk="carrier")

    def _register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        reply(response_to(request, 403, to_tag="no"))

    def _read(self, request: Request, admitted: Admitted, sdp: SessionDescription | None) -> Invitation:
        return Invitation(
            trunk=admitted.trunk,
            extension=admitted.extension,
            listener="carrier",
            called_raw=request.uri,
            called=request.request_uri.user or "",
            caller_raw="13900001111",
            caller="13900001111",
            caller_display="",
            anonymous=False,
            sip_call_id=request.call_id,
            source="10.0.0.2:5060",
            user_agent="",
            offer=sdp,
        )

    def ended(self) -> Ended:
        """Return the one call's last line once the network is quiet, after checking that nothing is left."""
        self.assert_nothing_left()
        (ended,) = self.journal.of(Ended)
        return ended

    def assert_nothing_left(self) -> None:
        """Check, once the network is quiet, that no call has left anything."""
        self.network.idle_until_quiet()
        assert not self.switchboard.calls
        assert not self.media.open_endpoints()
        core = self.driver.core.endpoint
        assert core.dialogs == {}
        assert core.transactions.clients == {}
        assert core.transactions.servers == {}
        assert len(self.driver.timers) == 0
        assert self.driver.faults == 0
        assert self.switchboard.counts.faults == 0


def sdp(address: Address, port: int = 4000) -> bytes:
    """Describe a peer's media."""
    description = make_offer(address[0], port, (PCMA, TELEPHONE_EVENT), session_id=1)
    return description.encode()


__all__ = ["CARRIER", "NUMBER", "PHONES", "TARGETS", "Exchange", "a_plan", "sdp"]
