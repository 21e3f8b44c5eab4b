"""SMPP against a third party's message centre; CMPP against published frames; what sessions do in trouble."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st
from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_encoding import PDUEncoder
from smpp.pdu.pdu_types import EsmClass, EsmClassMode, EsmClassType, MessageState, RegisteredDeliveryReceipt
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection

from b2bua.notices.arrived import Arrived
from b2bua.notices.cmpp import Cmpp, Terms, connect, submit
from b2bua.notices.segments import Segment, segments_of
from b2bua.notices.sending import SendFailed
from b2bua.notices.session import PROBE_SECONDS, Session
from b2bua.notices.sessions import Sessions
from b2bua.notices.smpp import Smpp
from domain.notices.ways import Gateway, GatewayKind
from tests.unit.notices.message_centre import MessageCentre, message_centre
from tests.unit.notices.messages import NOW, a_message

CMPP2 = Gateway("gw", GatewayKind.CMPP2, username="900001", password="888888", sender="1065900001")
CMPP3 = Gateway("gw", GatewayKind.CMPP3, username="900001", password="888888", sender="1065900001")
SMPP = Gateway("gw", GatewayKind.SMPP, username="box", password="geheim", sender="10690000")


@given(st.text(max_size=400))
def test_long_texts_are_cut_between_characters(text: str) -> None:
    """At most 140 octets each; the phone joins them to the same text."""
    parts = segments_of(text, 7)
    assert all(len(each.content) <= 140 for each in parts)
    assert [each.number for each in parts] == list(range(1, len(parts) + 1))
    skip = 6 if len(parts) > 1 else 0
    joined = [each.content[skip:].decode("utf-16-be", "surrogatepass") for each in parts]
    assert "".join(joined) == text
    if skip:
        assert {each.content[:5] for each in parts} == {bytes((5, 0, 3, 7, len(parts)))}


# CMPP: the frames of bigwhite/gocmpp, connect_test.go and submit_test.go.

_TEXT = "测试gocmpp submit".encode("utf-16-be")
_TERMS = Terms("test", 1, 1, 2, "13500002696", b"02", "10", "151105131555101+")


def test_cmpp_signs_in_as_published() -> None:
    """CMPP_CONNECT of 900001 with the secret 888888 at 1021080510, version 2.1."""
    assert connect(0x17, "900001", "888888", 1021080510, 0x21).hex() == (
        "00000027" "00000001" "00000017" "393030303031"
        "90d00c1d517abd0b4f65f6bcf8535d16" "21" "3cdc73be"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        (
            False,
            "000000bd0000000400000017000000000000000001010101746573740000000000000231333530303030323639360000"
            "000000000000000000000839303030303130323130000000003135313130353133313535353130312b00000000000000"
            "000000000000000000000039303030303100000000000000000000000000000001313335303030303236393600000000"
            "0000000000001e6d4b8bd50067006f0063006d00700070002000730075006200"
            "6d006900740000000000000000",
        ),
        (
            True,
            "000000e10000000400000017000000000000000001010101746573740000000000000231333530303030323639360000"
            "00000000000000000000000000000000000000000000083930303030313032313000000000313531313035313331353535"
            "3130312b0000000000000000000000000000000000003930303030310000000000000000000000000000000131333530303"
            "03032363936000000000000000000000000000000000000000000001e6d4b8bd50067006f0063006d0070007000200073"
            "007500620" "06d00690074" "0000000000000000000000000000000000000000",
        ),
    ],
)  # fmt: skip
def test_cmpp_submits_as_published(third: bool, expected: str) -> None:
    """CMPP_SUBMIT of the same message in 2.0 and 3.0."""
    frame = submit(0x17, "900001", "900001", "13500002696", Segment(1, 1, _TEXT), _TERMS, third=third)
    assert frame.hex() == expected


class Peer:
    """A session in memory whose other side the test plays."""

    def __init__(self, gateway: Gateway) -> None:
        self.clock = Clock()
        dialect = Smpp(gateway) if gateway.kind is GatewayKind.SMPP else Cmpp(gateway)
        self.receipts: list[tuple[str, str]] = []
        self.session = Session(
            dialect, self.clock, lambda: NOW, 10.0, lambda *receipt: self.receipts.append(receipt)
        )
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.session
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore[method-assign]
        self.told: list[str] = []
        self.session.signed_in.addCallbacks(lambda _: self.told.append("signed in"), self.failed)
        self.session.makeConnection(self.transport)

    def failed(self, failure: Any) -> None:
        error = failure.trap(SendFailed) and failure.value
        self.told.append(f"{'again' if error.again else 'never'} {error.why}")

    def submit(self) -> None:
        answered = self.session.submit("13900001111", Segment(1, 1, b"\x4e\x2d"))
        answered.addCallbacks(lambda note: self.told.append(f"sent {note}"), self.failed)

    def written(self) -> bytes:
        data = self.transport.value()
        self.transport.clear()
        return data

    def says(self, frame: str) -> None:
        self.session.dataReceived(bytes.fromhex(frame))


def test_a_cmpp_3_session_as_published() -> None:
    """The gateway's published answers to CMPP_CONNECT and CMPP_SUBMIT, with our sequence numbers."""
    peer = Peer(CMPP3)
    assert peer.written()[4:12] == bytes.fromhex("0000000100000001")
    peer.says("000000218000000100000001000000007942977274098cf210ab0c16c367bc8d30")
    peer.submit()
    peer.says("000000188000000400000002b2b9da800001000000000000")
    peer.submit()
    peer.says("000000188000000400000003b2b9da800001000000000008")
    assert peer.told == ["signed in", "sent b2b9da8000010000", "again CMPP 8 too many messages"]
    peer.session.end()


def test_a_cmpp_2_session_as_published() -> None:
    """Its results are one octet; a wrong secret is told; reports and probes are answered."""
    peer = Peer(CMPP2)
    peer.says("0000001e8000000100000001006c0b846e25bab6daa4ed1c466e0f4bd821")
    peer.submit()
    peer.says("000000158000000400000002b2b9da800001000000")
    peer.written()
    peer.says("0000000c00000008000000630000001400000005000000640102030405060708")
    assert peer.written().hex() == "0000000d800000080000006300000000158000000500000064010203040506070800"
    assert peer.told == ["signed in", "sent b2b9da8000010000"]
    refused = Peer(CMPP2)
    refused.says("0000001e800000010000000103" + "00" * 17)
    assert refused.told == ["again sign-in refused: CMPP 3 invalid sequence or source address"]
    peer.session.end()


CMPP_RECEIPT = (
    "b4c5530000010000" "44454c49565244" "31353131313230393535" "31353131313230393537"
    "313334313233343030303000000000000000000000" "12345678"
)  # fmt: skip
"""gocmpp, receipt_test.go: of 13412340000, submitted at 1511120955, DELIVRD at 1511120957."""


@pytest.mark.parametrize(
    ("gateway", "wide", "answer"), [(CMPP2, False, "00"), (CMPP3, True, "00000000")], ids=["2.0", "3.0"]
)
def test_cmpp_reports_as_published(gateway: Gateway, wide: bool, answer: str) -> None:
    """A CMPP_DELIVER with the published report tells that the SMS arrived; a message of a person does not."""
    peer = Peer(gateway)
    peer.written()
    before = "b525628000010000" + "393030303031".ljust(42, "0") + "00" * 10 + "000000"
    source = "3133343132333430303030".ljust(64 if wide else 42, "0") + ("00" if wide else "")
    after = "00" * (20 if wide else 8)
    text = "5468697320697320612074657374204d4f2e"
    for sequence, flag, content in ((1, "01", CMPP_RECEIPT), (2, "00", text)):
        body = before + source + flag + f"{len(content) // 2:02x}" + content + after
        peer.says(f"{len(body) // 2 + 12:08x}00000005{sequence:08x}{body}")
        length = 20 + len(answer) // 2
        assert peer.written().hex() == f"{length:08x}80000005{sequence:08x}b525628000010000{answer}"
    assert peer.receipts == [("b4c5530000010000", "DELIVRD")]
    peer.session.end()


def a_receipt(text: bytes, kind: EsmClassType = EsmClassType.SMSC_DELIVERY_RECEIPT, **more: Any) -> str:
    """Let a third party's encoder write a deliver_sm."""
    pdu = DeliverSM(
        sequence_number=7,
        source_addr="13900001111",
        destination_addr="10690000",
        esm_class=EsmClass(EsmClassMode.DEFAULT, kind),
        short_message=text,
        **more,
    )
    frame: bytes = PDUEncoder().encode(pdu)
    return frame.hex()


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        (
            b"id:40072910491427628 sub:001 dlvrd:001 submit date:1007291049 done date:1007291049 stat:DELIVRD"
            b" err:000",
            {},
            ("40072910491427628", "DELIVRD"),
        ),
        (
            b"id:0911897980 sub:001 dlvrd:000 submit date:1201121551 done date:1201121551 stat:UNDELIV"
            b" err:075 text:-PROFILE",
            {},
            ("0911897980", "UNDELIV"),
        ),
        (
            b"",
            {"receipted_message_id": "a1", "message_state": MessageState.EXPIRED},
            ("a1", "EXPIRED"),
        ),
        (b"no receipt at all", {}, None),
        (b"id:1 sub:001 stat:DELIVRD", {"kind": EsmClassType.DEFAULT}, None),
    ],
)
def test_smpp_receipts_are_understood(
    text: bytes, more: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    """In the form of the specification's appendix, by text or by parameters, and whatever it is answered."""
    peer = Peer(SMPP)
    peer.written()
    peer.says(a_receipt(text, **more))
    assert peer.written().hex() == "0000001180000005000000000000000700"
    assert peer.receipts == ([] if expected is None else [expected])
    peer.session.end()


def test_each_sms_asks_for_a_report() -> None:
    """Or the carrier would send none."""
    peer = Peer(SMPP)
    peer.says("0000001180000009000000000000000100")
    peer.written()
    peer.submit()
    (asked,) = [PDUEncoder().decode(io.BytesIO(peer.written()))]
    assert (
        asked.params["registered_delivery"].receipt
        is RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED
    )
    peer.session.end()
    frame = Cmpp(CMPP2).submit(1, "13900001111", Segment(1, 1, b"\x4e\x2d"))
    assert frame[12 + 8 + 2] == 1


def test_a_session_is_probed_and_given_up_when_it_hangs() -> None:
    """Who waits hears of it, and nothing is left running."""
    peer = Peer(SMPP)
    peer.says("0000001180000009000000000000000100")
    peer.clock.advance(PROBE_SECONDS)
    assert peer.written().endswith(bytes.fromhex("00000010000000150000000000000002"))
    peer.submit()
    peer.clock.advance(10.0)
    assert peer.told == ["signed in", "again no answer within 10 s"]
    assert peer.clock.getDelayedCalls() == []


@pytest.mark.parametrize("frame", ["00000004", "7fffffff00000000", "474554202f20485454502f312e310d0a"])
def test_who_speaks_something_else_is_left(frame: str) -> None:
    """No frame of the protocol: too short, too long, a web server."""
    peer = Peer(SMPP)
    peer.says(frame)
    assert peer.told == ["again no frame of the protocol"]
    assert peer.clock.getDelayedCalls() == []


@given(st.binary(max_size=300))
def test_whatever_a_peer_sends_ends_well(data: bytes) -> None:
    """Hostile octets end the session or are passed over; no timer stays."""
    for gateway in (SMPP, CMPP2, CMPP3):
        peer = Peer(gateway)
        peer.session.dataReceived(len(data + bytes(4)).to_bytes(4, "big") + data)
        peer.session.end()
        peer.session.end()
        assert peer.clock.getDelayedCalls() == []


# SMPP: a third party's message centre.


@pytest.fixture
def centre() -> Iterator[MessageCentre]:
    with message_centre() as centre:
        yield centre


def after(seconds: float) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    reactor.callLater(seconds, done.callback, None)  # type: ignore[attr-defined]
    return done


@pytest_twisted.ensureDeferred
async def test_an_sms_reaches_a_message_centre(centre: MessageCentre) -> None:
    """With Chinese text and signature; the session is kept for the next one and signed off at the end."""
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    message = a_message(
        GatewayKind.SMPP, host=centre.host, username="box", password="geheim", sender="10690000", seconds=5.0
    )
    assert await sessions.send(message) == ""  # this centre gives no ids
    assert centre.told() == ["bound", "box", "geheim"]
    assert centre.told() == ["sms", "10690000", "13900001111", "【示例】未接来电：13800138000"]
    await sessions.send(message)
    assert centre.told()[0] == "sms"
    sessions.end()
    await after(0.05)
    assert centre.told() == ["unbound"]


@pytest_twisted.ensureDeferred
async def test_a_wrong_password_and_a_dead_centre_are_told(centre: MessageCentre) -> None:
    """Both are failures of the gateway, worth another try."""
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    wrong = a_message(GatewayKind.SMPP, host=centre.host, username="box", password="no", seconds=1.0)
    dead = a_message(GatewayKind.SMPP, host=centre.host, port=2776, username="box", seconds=1.0)
    for message in (wrong, dead):
        with pytest.raises(SendFailed) as refused:
            await sessions.send(message)
        assert refused.value.again
    sessions.end()
    await after(0.05)


def test_an_sms_that_comes_in_is_kept_before_it_is_answered() -> None:
    """CMPP 2.0 and 3.0, in UCS-2, in GB, and as a part of a long one; one that is not kept comes again."""
    for gateway, width, more in ((CMPP2, 21, b""), (CMPP3, 32, b"\0")):
        peer = Peer(gateway)
        kept: list[Arrived] = []
        well = [True]
        peer.session._take_sms = lambda sms: (kept.append(sms), succeed(well[0]))[1]  # noqa: B023
        for content, coding, header in (
            ("您好".encode("utf-16-be"), 8, 0),
            ("您好".encode("gb18030"), 15, 0),
            (bytes.fromhex("050003070201") + "您好".encode("utf-16-be"), 8, 1),
        ):
            body = b"\x01" * 8 + b"4001003721".ljust(21, b"\0") + bytes(10) + bytes((0, header, coding))
            body += b"8613800138000".ljust(width, b"\0") + more + b"\0" + bytes((len(content),)) + content
            body += bytes(20 if more else 8)
            frame = struct.pack(">III", 12 + len(body), 5, 7) + body
            peer.written()
            peer.says(frame.hex())
            answer = peer.written()
            assert answer[4:20] == bytes.fromhex("8000000500000007") + b"\x01" * 8
            assert set(answer[20:]) == {0}
        assert {(each.sender, each.to, each.text) for each in kept} == {
            ("8613800138000", "4001003721", "您好")
        }
        assert kept[2][3:] == (7, 2, 1)
        well[0] = False
        peer.says(frame.hex())
        assert peer.written()[-1] == 9
        receipt = bytearray(frame)
        receipt[12 + 8 + 21 + 10 + 3 + width + len(more)] = 1
        peer.says(bytes(receipt).hex())
        assert len(kept) == 4


@pytest_twisted.inlineCallbacks
def test_an_sms_comes_in_by_a_third_partys_centre(centre: MessageCentre) -> Any:
    """smppy's deliver_sm, on the session that is kept up."""
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    came: Deferred[tuple[str, Arrived]] = Deferred()

    def take(gateway: str, sms: Arrived) -> Deferred[bool]:
        came.callback((gateway, sms))
        return succeed(True)

    sessions.take = take
    message = a_message(
        GatewayKind.SMPP, "请回短信", host=centre.host, port=2775, username="box", password="geheim",
        sender="10690000",
    )  # fmt: skip
    yield Deferred.fromCoroutine(sessions.keep_up(message.gateway))
    yield Deferred.fromCoroutine(sessions.send(message))
    gateway, sms = yield came.addTimeout(30, reactor)
    assert (gateway, sms.sender, sms.text) == ("gw", "13900001111", "您好，我要开发票")
    sessions.end()
    yield after(0.2)
