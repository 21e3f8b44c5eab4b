"""Hold, transfers and star codes over the real SIP stack (docs/call-flows/hold.md, blind-transfer.md,
attended-transfer.md, three-way.md)."""

from __future__ import annotations

from dataclasses import dataclass, field

from b2bua.recovery import open_legs
from b2bua.sdp import PCMA, TELEPHONE_EVENT, Direction, make_offer
from b2bua.sip.dialog import Phase
from b2bua.sip.message import Request, Response
from domain.snapshot import BoundNumber, ExtensionSnapshot, NumberPlan, TargetKind
from storage.journal import OpenCall
from storage.journal.events import Ended, Started
from storage.records.fold import fold
from storage.records.record import CallRecord
from tests.flows.exchange import CARRIER, NUMBER, TARGETS, Exchange, sdp
from tests.flows.network import Address, Peer

EXTENSIONS = ("8001", "8002")


@dataclass
class Dialog:
    """One dialog of a phone, from its own side."""

    phone: Peer
    opened_by: Request | Response
    cseq: int = 10

    def send(self, method: str, *, rows: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        """Send a request in it."""
        self.cseq += 1
        self.phone.send(self.phone.in_dialog(method, self.opened_by, self.cseq, rows=rows, body=body))

    def reoffer(self, direction: Direction, version: int) -> None:
        """Hold, or take the call back."""
        self.send("INVITE", body=described(self.phone.address, direction, version))
        self.phone.expect("200 INVITE")
        self.phone.send(self.phone.in_dialog("ACK", self.opened_by, self.cseq))
        self.phone.network.run(0.05)

    def key(self, key: str) -> None:
        """Press a key that goes by INFO."""
        self.cseq += 1
        info = self.phone.in_dialog("INFO", self.opened_by, self.cseq)
        info.headers.append(("Content-Type", "application/dtmf-relay"))
        info.body = f"Signal={key}\r\n".encode()
        self.phone.send(info)
        self.phone.expect("200 INFO")

    def refer(self, target: str) -> None:
        """Ask for a transfer."""
        self.send("REFER", rows=(("Refer-To", f"<{target}>"), ("Contact", self.phone.contact)))

    def progress(self) -> list[str]:
        """Take the NOTIFYs that have come so far; return what they say."""
        self.phone.network.run(0.05)
        told = []
        for message in list(self.phone.inbox):
            if isinstance(message, Request) and message.method == "NOTIFY":
                self.phone.inbox.remove(message)
                self.phone.respond(message, 200)
                status = message.body.split(b" ", 2)[1].decode()
                told.append(f"{status} {(message.get('Subscription-State') or '').partition(';')[0]}")
        return told

    @property
    def replaces(self) -> str:
        """Name it in a Refer-To: call, the box's tag, our own."""
        opened = self.opened_by
        if isinstance(opened, Response):
            theirs, ours = opened.to.tag, opened.from_.tag
        else:
            theirs, ours = opened.from_.tag, "callee"
        return f"Replaces={opened.call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"


def described(address: Address, direction: Direction = Direction.SENDRECV, version: int = 1) -> bytes:
    """Describe a phone's media."""
    return make_offer(
        address[0], 6000, (PCMA, TELEPHONE_EVENT), session_id=1, version=version, direction=direction
    ).encode()


@dataclass
class Office:
    """A caller talks with extension 8001; 8002 is registered, too."""

    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        bound = (BoundNumber(number="8001", kind=TargetKind.EXTENSION), BoundNumber(number=TARGETS[0]))
        plan = NumberPlan(number=NUMBER, bound=bound)
        extensions = tuple(ExtensionSnapshot(name=name, tenant="acme", secret="s") for name in EXTENSIONS)
        self.exchange = exchange = Exchange(plan, extensions=extensions)
        self.agent, self.colleague = [exchange.register(name) for name in EXTENSIONS]
        self.caller = exchange.caller
        self.caller.send(self.caller.invite(body=sdp(CARRIER)))
        self.first = self.picks_up(self.agent)
        ok = self.caller.expect_response("200 INVITE")
        self.caller.send(self.caller.in_dialog("ACK", ok, 1))
        self.customer = Dialog(self.caller, ok)
        exchange.network.run(0.1)

    def picks_up(self, phone: Peer) -> Dialog:
        """Let a phone that is rung answer."""
        invite = phone.expect_request("INVITE")
        phone.respond(invite, 200, body=described(phone.address))
        phone.expect("ACK")
        self.exchange.network.run(0.05)
        return Dialog(phone, invite)

    def hears(self, leg: str) -> str:
        """Return whom a leg hears, or what is played to it."""
        endpoint = self.exchange.media.leg(leg)
        return " ".join(sorted(endpoint.hears())) or "/".join(endpoint.playing)

    def takes_bye(self, phone: Peer) -> None:
        """Let a phone be hung up by the box."""
        phone.respond(phone.expect_request("BYE"), 200)

    def caller_hangs_up(self, *others: Peer) -> CallRecord:
        """End the call; return its record, after checking that nothing is left."""
        self.customer.send("BYE")
        self.caller.expect("200 BYE")
        for phone in others:
            self.takes_bye(phone)
        self.exchange.assert_nothing_left()
        first = self.exchange.journal.of(Started)[0].call
        return fold([event for event in self.exchange.journal.events if getattr(event, "call", "") == first])


def test_the_agents_phone_holds_and_resumes() -> None:
    """re-INVITE sendonly is answered recvonly; the caller hears music until the next one."""
    office = Office()
    office.exchange.directory.shipped = {"hold-music": "music"}
    assert office.hears("a") == "b1"
    office.first.reoffer(Direction.SENDONLY, 2)
    assert office.hears("a") == "music"
    office.first.reoffer(Direction.SENDRECV, 3)
    assert office.hears("a") == "b1"
    office.first.reoffer(Direction.INACTIVE, 4)
    assert office.hears("a") == "music"
    record = office.caller_hangs_up(office.agent)
    assert [each.part for each in record.participants] == ["talk", "hold", "talk", "hold"]


def test_the_caller_holds_and_the_agent_hears_music() -> None:
    """The carrier's re-INVITE."""
    office = Office()
    office.exchange.directory.shipped = {"hold-music": "music"}
    office.customer.reoffer(Direction.SENDONLY, 2)
    assert office.hears("b1") == "music"
    office.customer.reoffer(Direction.SENDRECV, 3)
    assert (office.hears("a"), office.hears("b1")) == ("b1", "a")
    office.caller_hangs_up(office.agent)


def test_refer_blind() -> None:
    """202, NOTIFY 100, the colleague rings and answers, NOTIFY 200, BYE to the transferer."""
    office = Office()
    office.first.reoffer(Direction.SENDONLY, 2)
    office.first.refer("sip:8002@10.0.0.1")
    office.agent.expect("202 REFER")
    assert office.first.progress() == ["100 active"]
    assert office.hears("a") == "ringback"
    second = office.picks_up(office.colleague)
    assert office.first.progress() == ["200 terminated"]
    office.takes_bye(office.agent)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    second.send("BYE")
    office.colleague.expect("200 BYE")
    office.takes_bye(office.caller)
    office.exchange.assert_nothing_left()
    (ended,) = office.exchange.journal.of(Ended)
    assert (ended.outcome, ended.by) == ("answered", "answerer")


def test_refer_blind_to_who_is_busy() -> None:
    """NOTIFY 486; the phone has its caller back in the same dialog."""
    office = Office()
    office.first.refer("sip:8002@10.0.0.1")
    office.agent.expect("202 REFER")
    office.colleague.respond(office.colleague.expect_request("INVITE"), 486)
    office.colleague.expect("ACK")
    assert office.first.progress() == ["100 active", "486 terminated"]
    assert (office.hears("a"), office.hears("b1")) == ("b1", "a")
    record = office.caller_hangs_up(office.agent)
    assert record.answered_by == "8001"


def test_refer_and_bye_at_once() -> None:
    """Phones that hang up on 202: the transfer goes on."""
    office = Office()
    office.first.refer("sip:8002@10.0.0.1")
    office.agent.expect("202 REFER")
    office.first.send("BYE")
    office.agent.expect("200 BYE")
    office.picks_up(office.colleague)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    office.caller_hangs_up(office.colleague)


def test_refer_to_the_world_is_forbidden() -> None:
    """403; nobody is rung, the talk goes on. A trunk's REFER is forbidden whatever it names."""
    office = Office()
    for target in ("sip:0014155551234@elsewhere.example", "tel:+14155551234", "sip:nobody@10.0.0.1"):
        office.first.refer(target)
        office.agent.expect("403 REFER")
    office.customer.refer("sip:8002@10.0.0.1")
    office.caller.expect("403 REFER")
    assert "INVITE" not in office.colleague.seen
    assert (office.hears("a"), office.hears("b1")) == ("b1", "a")
    record = office.caller_hangs_up(office.agent)
    assert len(record.legs) == 1


def second_line(office: Office) -> tuple[Dialog, Dialog]:
    """Let the agent hold his caller and call 8002, who answers; returns both their dialogs."""
    office.first.reoffer(Direction.SENDONLY, 2)
    agent = office.agent
    invite = agent.request(
        "INVITE",
        call_id="second-line",
        from_="<sip:8001@10.0.0.1>;tag=line2",
        to="<sip:8002@10.0.0.1>",
        cseq=1,
        uri="sip:8002@10.0.0.1",
        rows=(("Contact", agent.contact),),
        body=described(agent.address),
    )
    agent.send(invite)
    ringing = office.colleague.expect_request("INVITE")
    office.colleague.respond(ringing, 180)
    agent.expect("180 INVITE")
    office.colleague.respond(ringing, 200, body=described(office.colleague.address))
    office.colleague.expect("ACK")
    ok = agent.expect_response("200 INVITE")
    agent.send(agent.in_dialog("ACK", ok, 1))
    office.exchange.network.run(0.05)
    return Dialog(agent, ok), Dialog(office.colleague, ringing)


def test_refer_with_replaces() -> None:
    """The phone joins its two lines: NOTIFY 200, both of its dialogs get BYE, the two others talk."""
    office = Office()
    line, _ = second_line(office)
    assert (office.hears("second"), office.hears("b2")) == ("b2", "second")
    office.first.refer(f"sip:8002@10.0.0.1?{line.replaces}")
    office.agent.expect("202 REFER")
    assert office.first.progress() == ["100 active", "200 terminated"]
    byes = [message for message in office.agent.inbox if isinstance(message, Request)]
    assert sorted(bye.call_id for bye in byes) == sorted(
        [line.opened_by.call_id, office.first.opened_by.call_id]
    )
    for bye in byes:
        assert bye.method == "BYE"
        office.agent.respond(bye, 200)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    record = office.caller_hangs_up(office.colleague)
    assert record.answered_by == "8002"
    assert [(each.who, each.part) for each in record.participants] == [
        ("8001", "talk"),
        ("8001", "hold"),
        ("8002", "consult"),
        ("8002", "talk"),
    ]
    assert len(office.exchange.journal.of(Ended)) == 2


def test_refer_with_replaces_of_a_strange_dialog() -> None:
    """481; a dialog of somebody else's: 403."""
    office = Office()
    line, colleague = second_line(office)
    office.first.refer("sip:8002@10.0.0.1?Replaces=no%3Bto-tag%3Da%3Bfrom-tag%3Db")
    office.agent.expect("481 REFER")
    office.first.refer(f"sip:8002@10.0.0.1?{colleague.replaces}")
    office.agent.expect("403 REFER")
    assert office.hears("b2") == "second"
    line.send("BYE")
    office.agent.expect("200 BYE")
    office.takes_bye(office.colleague)
    office.caller_hangs_up(office.agent)


def test_star_codes_consult_join_and_complete() -> None:
    """By RFC 4733 (here from the media twin) and by SIP INFO."""
    office = Office()
    for key in "*28002#":
        office.first.key(key)
    second = office.picks_up(office.colleague)
    assert (office.hears("b1"), office.hears("b2")) == ("b2", "b1")
    for key in "*3":
        office.exchange.media.leg("b1").press(key)
    assert (office.hears("a"), office.hears("b1"), office.hears("b2")) == ("b1 b2", "a b2", "a b1")
    for key in "*2":
        office.exchange.media.leg("b1").press(key)
    office.takes_bye(office.agent)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    assert office.exchange.media.leg("a").keys == ""
    second.send("BYE")
    office.colleague.expect("200 BYE")
    office.takes_bye(office.caller)
    office.exchange.assert_nothing_left()


def test_a_blind_transfer_by_star_code_to_a_telephone() -> None:
    """*1 and a bound number: the agent gets BYE at once, the telephone rings by the trunk."""
    office = Office()
    for key in f"*1{TARGETS[0]}#":
        office.exchange.media.leg("b1").press(key)
    office.takes_bye(office.agent)
    phone = office.exchange.phones[TARGETS[0]]
    office.picks_up(phone)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    record = office.caller_hangs_up(phone)
    assert (record.answered_by, record.trunk_out) == (TARGETS[0], "carrier")


def takes_over(office: Office) -> Dialog:
    """Let 8002's phone take the agent's place by INVITE with Replaces."""
    phone, opened = office.colleague, office.first.opened_by
    replaces = f"{opened.call_id};to-tag={opened.from_.tag};from-tag=callee"
    phone.send(
        phone.request(
            "INVITE",
            call_id="taking-over",
            from_="<sip:8002@10.0.0.1>;tag=taker",
            to="<sip:8001@10.0.0.1>",
            cseq=1,
            uri="sip:8001@10.0.0.1",
            rows=(("Contact", phone.contact), ("Replaces", replaces), ("Require", "replaces")),
            body=described(phone.address),
        )
    )
    ok = phone.expect_response("200 INVITE")
    phone.send(phone.in_dialog("ACK", ok, 1))
    office.takes_bye(office.agent)
    office.exchange.network.run(0.05)
    return Dialog(phone, ok)


def test_invite_with_replaces() -> None:
    """The agent's phone gets BYE, the other one talks, holds, and transfers the caller back by REFER."""
    office = Office()
    office.exchange.directory.shipped = {"hold-music": "music"}
    taker = takes_over(office)
    assert (office.hears("a"), office.hears("b2")) == ("b2", "a")
    taker.reoffer(Direction.SENDONLY, 2)
    assert office.hears("a") == "music"
    taker.reoffer(Direction.SENDRECV, 3)
    taker.refer("sip:8001@10.0.0.1")
    office.colleague.expect("202 REFER")
    assert taker.progress() == ["100 active"]
    office.agent.inbox.clear()
    office.picks_up(office.agent)
    assert taker.progress() == ["200 terminated"]
    office.takes_bye(office.colleague)
    record = office.caller_hangs_up(office.agent)
    assert record.answered_by == "8001"
    assert [(each.who, each.part) for each in record.participants] == [
        ("8001", "talk"),
        ("8002", "talk"),
        ("8002", "hold"),
        ("8002", "talk"),
        ("8001", "talk"),
    ]
    assert len(office.exchange.journal.of(Ended)) == 2


def test_a_crash_ends_a_phone_that_took_over_once() -> None:
    """The journal names its dialog in one of the two calls only, so that it gets one BYE."""
    office = Office()
    taker = takes_over(office)
    events = office.exchange.journal.events
    calls = [event.call for event in office.exchange.journal.of(Started)]
    legs = [
        leg
        for call in calls
        for leg in open_legs(
            OpenCall(call, [e for e in events if getattr(e, "call", "") == call], None, 0, 0)
        )
    ]
    dialogs = sorted((dialog.call_id, dialog.phase) for leg in legs for dialog in leg.dialogs)
    assert dialogs == sorted(
        [(office.customer.opened_by.call_id, Phase.CONFIRMED), ("taking-over", Phase.CONFIRMED)]
    )
    office.caller_hangs_up(taker.phone)
