"""Do with any octets what the box does with a message; nothing but SipError and SdpError may come out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from b2bua.sdp import (
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    SdpError,
    SessionDescription,
    is_hold,
    make_answer,
    make_offer,
    negotiate,
)
from b2bua.sip.bodies import accepts, body_of
from b2bua.sip.check import check_request, check_response
from b2bua.sip.cseq import RAck, parse_rseq
from b2bua.sip.diversion import Diversion
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.history import HistoryEntry
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.parse import StreamParser, parse_message
from b2bua.sip.privacy import hides_identity
from b2bua.sip.reason import Reason
from b2bua.sip.replaces import Replaces
from b2bua.sip.respond import response_address, response_to
from b2bua.sip.seconds import parse_retry_after, parse_seconds
from b2bua.sip.text import printable
from b2bua.sip.uri import Uri

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5062), "carrier")
OURS = (PCMA, PCMU, TELEPHONE_EVENT)

SINGLE: dict[str, Callable[[str], object]] = {
    "RAck": RAck.parse,
    "RSeq": parse_rseq,
    "Replaces": Replaces.parse,
    "Refer-To": NameAddr.parse,
    "P-Called-Party-ID": NameAddr.parse,
    "Remote-Party-ID": NameAddr.parse,
    "Expires": parse_seconds,
    "Min-SE": parse_seconds,
    "Retry-After": parse_retry_after,
}
LISTS: dict[str, Callable[[str], object]] = {
    "P-Asserted-Identity": NameAddr.parse,
    "Diversion": Diversion.parse,
    "History-Info": HistoryEntry.parse,
    "Reason": Reason.parse,
}


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Let the two errors pass that say what is wrong with the input."""
    with contextlib.suppress(SipError, SdpError):
        yield


def exercise(data: bytes) -> None:
    """Treat the octets as a datagram, as a stream, as a description and as single values."""
    try:
        message = parse_message(data)
    except SipError as error:
        _answer(error)
    else:
        _read(message)
        _write(message)
    _stream(data)
    _describe(data)
    _values(data[:2000].decode("utf-8", "surrogateescape"))


def _read(message: Message) -> None:
    for name in ("via", "vias", "from_", "to", "call_id", "cseq", "contacts", "routes", "record_routes"):
        with allowed():
            getattr(message, name)
    for name in ("max_forwards", "content_type"):
        with allowed():
            getattr(message, name)
    for name, parse in SINGLE.items():
        with allowed():
            message.parse_header(name, parse)
    for name, parse in LISTS.items():
        with allowed():
            for value in message.parse_list(name, parse):
                str(value)
                if isinstance(value, HistoryEntry):
                    assert value.target.headers == ""
                    str((value.reason, value.cause, value.private))
    message.tokens("Supported")
    hides_identity(message)
    accepts(message, "application/sdp")
    with allowed():
        body = body_of(message, "application/sdp")
        if body:
            _describe(body)


def _write(message: Message) -> None:
    encoded = message.encode()
    twin = parse_message(encoded)
    assert twin.headers == message.headers
    assert twin.body == message.body
    assert twin.encode() == encoded
    if isinstance(message, Response):
        with allowed():
            check_response(message)
        return
    assert isinstance(message, Request)
    message.received_from(FLOW)
    host, port = response_address(message)
    assert host == "127.0.0.2"
    assert 0 < port < 65536
    try:
        check_request(message)
    except SipError as error:
        _answer(error)
        return
    answer = parse_message(response_to(message, 200, to_tag="ours", headers=[("X", "y")]).encode())
    check_response(answer)  # type: ignore[arg-type]
    assert answer.call_id == message.call_id
    assert answer.cseq == message.cseq
    assert answer.to.tag
    # What goes into requests of ours must never crash them.
    for value in (message.from_, message.to, *message.contacts):
        Request.build(
            "BYE", str(value.uri), headers=[("To", str(value)), ("Call-ID", message.call_id)]
        ).encode()
    str(message.request_uri.number)


def _answer(error: SipError) -> None:
    assert 400 <= error.status < 700
    if error.message is not None:
        assert error.message.method != "ACK"
        parse_message(response_to(error.message, error.status, error.reason, to_tag="x").encode())


def _stream(data: bytes) -> None:
    whole = StreamParser()
    halves = StreamParser()
    middle = len(data) // 2
    found = halves.feed(data[:middle]) + halves.feed(data[middle:])
    assert len(whole.feed(data)) == len(found)
    assert (whole.dead, whole.pending) == (halves.dead, halves.pending)


def _describe(body: bytes) -> None:
    with allowed():
        session = SessionDescription.parse(body)
        assert SessionDescription.parse(session.encode()) == session
        is_hold(session)
        with allowed():
            negotiate(make_offer("127.0.0.1", 4000, OURS, session_id=1), session)
        answer = make_answer(session, "127.0.0.1", 4000, OURS, session_id=1, srtp_key=bytes(30))
        assert len(answer.media) == len(session.media)
        assert SessionDescription.parse(answer.encode()) == answer
        negotiate(answer, session)


def _values(text: str) -> None:
    printable(text).encode("utf-8")
    for parse in (*SINGLE.values(), *LISTS.values(), Uri.parse):
        with allowed():
            value = parse(text)
            if isinstance(value, Uri):
                str((value.number, value.user_unescaped, value.address))
                assert value.same_as(value)
                assert Uri.parse(str(value)) == value
                Replaces.in_uri(value)
