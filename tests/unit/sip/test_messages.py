"""Messages: read from datagrams, built, changed, answered and checked."""

from __future__ import annotations

import pytest

from b2bua.sip.bodies import accepts, body_of
from b2bua.sip.check import check_request, check_response
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.head import MAX_HEAD, MAX_ROWS
from b2bua.sip.message import Request, Response
from b2bua.sip.nameaddr import STAR
from b2bua.sip.parse import MAX_BODY, parse_message
from b2bua.sip.reason import Reason
from b2bua.sip.respond import REASONS, response_address, response_to

FLOW = Flow("udp", ("10.1.2.3", 5060), ("10.20.30.40", 40000), "carrier")

INVITE = b"""INVITE sip:4008123456@10.1.2.3;user=phone SIP/2.0
Via: SIP/2.0/UDP sbc.example:5062;branch=z9hG4bK1;rport, SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK0
Record-Route: <sip:10.20.30.40;lr>
Max-Forwards: 70
From: "Zhang" <sip:+8613900001111@ims.example.cn;user=phone>;tag=abc
To: <sip:4008123456@ims.example.cn>
Call-ID: 1@10.20.30.40
CSeq: 1 INVITE
Contact: <sip:c@10.20.30.40>
Supported: 100rel, Timer
Supported: precondition
Timestamp: 54
Content-Type: application/sdp
Content-Length: 4

v=0
""".replace(b"\n", b"\r\n")


def invite(**rows: str | None) -> Request:
    """Parse the INVITE with rows changed, added or (None) removed; ``_`` stands for ``-``."""
    request = parse_message(INVITE)
    assert isinstance(request, Request)
    for name, value in rows.items():
        if value is None:
            request.remove(name.replace("_", "-"))
        else:
            request.set(name.replace("_", "-"), value)
    return request


def refusal(data: bytes) -> SipError:
    """Return the error of a datagram that must not be taken."""
    with pytest.raises(SipError) as caught:
        parse_message(data)
    return caught.value


def test_a_request_is_read() -> None:
    """The facts of an INVITE."""
    request = invite()
    assert (request.method, request.uri) == ("INVITE", "sip:4008123456@10.1.2.3;user=phone")
    assert request.request_uri.number == "4008123456"
    assert request.via.branch == "z9hG4bK1"
    assert [via.branch for via in request.vias] == ["z9hG4bK1", "z9hG4bK0"]
    assert request.from_.display == "Zhang"
    assert (request.from_.tag, request.to.tag) == ("abc", None)
    assert (request.call_id, str(request.cseq), request.max_forwards) == ("1@10.20.30.40", "1 INVITE", 70)
    assert request.tokens("supported") == ("100rel", "timer", "precondition")
    assert request.get_all("k") == ["100rel, Timer", "precondition"]
    assert request.values("Supported") == ["100rel", "Timer", "precondition"]
    assert request.content_type == "application/sdp"
    assert request.body == b"v=0\r"
    assert not request.has("Content-Language")
    assert request.get("Content-Language") is None
    assert request.values("Route") == []
    assert repr(request) == "<INVITE sip:4008123456@10.1.2.3;user=phone SIP/2.0>"


def test_a_response_is_read() -> None:
    """Also with an empty or a foreign reason phrase."""
    for line, status, reason in (
        ("SIP/2.0 180 Ringing", 180, "Ringing"),
        ("SIP/2.0 100 ", 100, ""),
        ("SIP/2.0 100", 100, ""),
        ("sip/2.0 486 忙", 486, "忙"),
    ):
        response = parse_message(f"{line}\r\nv: SIP/2.0/UDP h\r\n\r\n".encode())
        assert isinstance(response, Response)
        assert (response.status, response.reason) == (status, reason)
        assert response.via.host == "h"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET / HTTP/1.1",
        "SIP/2.0 4294967301 better not break the receiver",
        "SIP/2.0 099 x",
        "SIP/2.0 700 x",
        "SIP/2.0 ２００ OK",
        "SIP/3.0 200 OK",
        "INVITE",
        "INVITE sip:a@b",
    ],
)
def test_what_is_no_sip_cannot_be_answered(line: str) -> None:
    """It is counted and dropped."""
    assert refusal(f"{line}\r\nVia: SIP/2.0/UDP h\r\n\r\n".encode()).message is None


@pytest.mark.parametrize(
    "line",
    [
        "INVITE  sip:a@b SIP/2.0",
        "INVITE sip:a@b  SIP/2.0",
        "INVITE sip:a@b SIP/2.0 ",
        "INVITE sip:a@b; lr SIP/2.0",
        "INVITE\tsip:a@b SIP/2.0",
        "INVITE sip:a\0@b SIP/2.0",
    ],
)
def test_a_malformed_request_line_is_answered_with_400(line: str) -> None:
    """There is enough to answer it."""
    error = refusal(INVITE.replace(b"INVITE sip:4008123456@10.1.2.3;user=phone SIP/2.0", line.encode()))
    assert error.status == 400
    assert error.message is not None
    answer = parse_message(response_to(error.message, error.status, error.reason, to_tag="x").encode())
    assert answer.to.tag == "x"
    assert answer.call_id == "1@10.20.30.40"


def test_ack_and_responses_are_never_answered() -> None:
    """Whatever is wrong with them."""
    ack = INVITE.replace(b"INVITE sip", b"ACK sip").replace(b"Content-Length: 4", b"Content-Length: x")
    assert refusal(ack).message is None
    response = INVITE.replace(b"INVITE sip:4008123456@10.1.2.3;user=phone SIP/2.0", b"SIP/2.0 200 OK")
    assert refusal(response.replace(b"Content-Length: 4", b"Content-Length: 400")).message is None


def test_lone_line_feeds_end_lines_lone_returns_do_not() -> None:
    """Sloppy peers are understood; a CR inside a header is refused and not echoed."""
    unix = parse_message(INVITE.replace(b"\r\n", b"\n"))
    assert isinstance(unix, Request)
    assert unix.headers == invite().headers
    error = refusal(INVITE.replace(b'"Zhang"', b'"Zh\rang"'))
    assert error.status == 400
    assert error.message is not None
    assert b"\rang" not in response_to(error.message, 400).encode()


def test_mixed_line_ends_find_the_first_empty_line() -> None:
    """The body begins where the first empty line is, whatever its line ends."""
    message = parse_message(b"OPTIONS sip:a@b SIP/2.0\nTo: <sip:a@b>\n\nbody\r\n\r\nmore")
    assert message.body == b"body\r\n\r\nmore"
    assert (
        parse_message(b"OPTIONS sip:a@b SIP/2.0\r\nTo: <sip:a@b>\n\r\nbody\r\n\r\n").body == b"body\r\n\r\n"
    )


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_unicode_line_ends_end_nothing(separator: str) -> None:
    """What str.splitlines() takes for a line end is text: no header is injected."""
    message = parse_message(f"OPTIONS sip:a@b SIP/2.0\r\nSubject: x{separator}Evil: y\r\n\r\n".encode())
    assert [name for name, _ in message.headers] == ["Subject"]
    assert message.get("Subject") == f"x{separator}Evil: y"


def test_folded_rows_are_joined() -> None:
    """A line end followed by blanks is one blank."""
    message = parse_message(
        b"OPTIONS sip:a@b SIP/2.0\r\nSubject: a  \r\n\t b\r\n \r\n c\r\nTo: <sip:x@y>\r\n\r\n"
    )
    assert message.get("Subject") == "a b  c"
    assert str(message.to) == "<sip:x@y>"


def test_any_octets_survive() -> None:
    """Names in GBK and other sins of PBXes pass through unchanged."""
    data = b'OPTIONS sip:a@b SIP/2.0\r\nFrom: "\xc4\xe3" <sip:a@b>;tag=1\r\nContent-Length: 0\r\n\r\n'
    assert parse_message(data).encode() == data


def test_nul_is_refused_except_escaped_in_a_display_name() -> None:
    """RFC 4475 allows it there; anywhere else it would get into what we send."""
    assert invite().to
    good = parse_message(INVITE.replace(b'"Zhang"', b'"Zh\\\0ang"'))
    assert good.from_.display == "Zh\0ang"
    for bad in (
        INVITE.replace(b'"Zhang"', b'"Zh\0ang"'),
        INVITE.replace(b"1@10.20.30.40", b"1\0@10.20.30.40"),
        INVITE.replace(b"<sip:10.20.30.40;lr>", b'"\\\0" <sip:10.20.30.40;lr>'),
    ):
        assert refusal(bad).status == 400


@pytest.mark.parametrize(
    ("length", "status"), [("-1", 400), ("999", 400), ("1_0", 400), ("", 400), ("9" * 5000, 400), ("４", 400)]
)
def test_content_length_is_not_believed(length: str, status: int) -> None:
    """It is never an index before it is checked."""
    error = refusal(INVITE.replace(b"Content-Length: 4", f"Content-Length: {length}".encode()))
    assert error.status == status
    assert error.message is not None


def test_octets_past_the_body_are_noise() -> None:
    """Content-Length may be smaller than the datagram, and absent."""
    assert parse_message(INVITE.replace(b"Content-Length: 4", b"l: 1")).body == b"v"
    assert parse_message(INVITE.replace(b"Content-Length: 4\r\n", b"")).body == b"v=0\r\n"
    assert parse_message(b"\r\n\r\n" + INVITE).body == b"v=0\r"


def test_limits() -> None:
    """Rows, head, body and Vias are limited; each refusal has its status."""
    line = b"INVITE sip:a@b SIP/2.0\r\n"
    flood = refusal(line + b"X: y\r\n" * (MAX_ROWS + 1) + b"\r\n")
    assert (flood.status, flood.message) == (400, None)
    assert refusal(line + b"X: " + b"y" * MAX_HEAD + b"\r\n\r\n").status == 513
    assert refusal(line + b"\r\n" + b"y" * (MAX_BODY + 1)).status == 413
    vias = parse_message(INVITE)
    vias.set("Via", ",".join(["SIP/2.0/UDP h;branch=z9hG4bK1"] * 71))
    with pytest.raises(SipError, match="Too Many Vias"):
        check_request(vias)  # type: ignore[arg-type]


def test_a_sloppy_row_costs_a_request_a_400_but_never_an_answer_of_a_carrier() -> None:
    """A row without a proper name is refused in a request and skipped in a response."""
    for row in (b"no colon here", b"Bad Name: x", b": x", "名: x".encode()):
        broken = INVITE.replace(b"Max-Forwards", row + b"\r\nMax-Forwards")
        assert refusal(broken).status == 400
        response = parse_message(
            broken.replace(b"INVITE sip:4008123456@10.1.2.3;user=phone SIP/2.0", b"SIP/2.0 200 OK")
        )
        assert response.cseq.number == 1


def test_the_check_names_what_is_wrong() -> None:
    """One status for each, and the request to answer with it."""
    wrong: list[tuple[Request, int]] = [
        (invite(Via=None), 400),
        (invite(From=None), 400),
        (invite(To=None), 400),
        (invite(Call_ID=None), 400),
        (invite(Call_ID="a b"), 400),
        (invite(CSeq=None), 400),
        (invite(CSeq="2147483648 INVITE"), 400),
        (invite(CSeq="1 BYE"), 400),
        (invite(Max_Forwards="256"), 400),
        (invite(Via="SIP/2.0/UDP h;branch=z9hG4bK"), 400),
        (invite(Contact="<sip:a@b>;;"), 400),
        (invite(To="*"), 400),
        (invite(Date="Fri, 01 Jan 2010 16:00:00 EST"), 400),
    ]
    for key in ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type"):
        twice = invite()
        twice.add(key, twice.get(key) or "")
        wrong.append((twice, 400))
    for method, uri, version, status in (
        ("INVITE", "sip:a@b?Route=x", "SIP/2.0", 400),
        ("INVITE", "<sip:a@b>", "SIP/2.0", 400),
        ("INVITE", "soap.beep://192.0.2.103:3002", "SIP/2.0", 416),
        ("INVITE", "sip:a@b", "SIP/7.0", 505),
        ("NEWMETHOD", "sip:a@b", "SIP/2.0", 501),
    ):
        request = Request(method, uri, invite().headers, b"", None, version)
        wrong.append((request, status))
    for request, status in wrong:
        with pytest.raises(SipError) as caught:
            check_request(request)
        assert caught.value.status == status, request.headers
        assert caught.value.message is request
        response_to(request, status, caught.value.reason, to_tag="x").encode()


def test_a_call_comes_to_its_end_whatever_else_is_malformed() -> None:
    """A bad Contact, Route or Date refuses an INVITE, never a BYE."""
    for name, value in (
        ("Contact", "<sip:a@b>;;"),
        ("Record-Route", "<x"),
        ("Route", ";"),
        ("Date", "today"),
    ):
        request = invite(**{name.replace("-", "_"): value})
        with pytest.raises(SipError):
            check_request(request)
        check_request(
            Request("BYE", "sip:a@b", invite(CSeq="2 BYE", **{name.replace("-", "_"): value}).headers)
        )


def test_a_register_for_no_sip_address_is_refused() -> None:
    """RFC 4475 3.3.4."""
    request = Request("REGISTER", "sip:b", invite(To="isbn:1", CSeq="1 REGISTER").headers)
    with pytest.raises(SipError):
        check_request(request)
    check_request(Request("OPTIONS", "sip:b", invite(To="isbn:1", CSeq="1 OPTIONS").headers))


def test_what_holds_passes_the_check() -> None:
    """Ours, tel: URIs, a good date, and RFC 2543 without branch."""
    check_request(invite())
    check_request(invite(Date="Sat, 13 Nov 2010 23:29:00 GMT"))
    check_request(invite(Via="SIP/2.0/UDP h"))
    check_request(Request("INVITE", "tel:+861061234567", invite().headers))
    check_request(Request("INVITE", "sip:a@b", invite().headers, b"", None, "sip/2.0"))


def test_a_malformed_ack_is_dropped() -> None:
    """An ACK never gets an answer."""
    request = Request("ACK", "sip:a@b", invite(CSeq="1 INVITE").headers)
    with pytest.raises(SipError) as caught:
        check_request(request)
    assert caught.value.message is None


def test_responses_are_checked_too() -> None:
    """What cannot be matched is dropped."""
    good = response_to(invite(), 200, to_tag="x")
    check_response(good)
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        bad = response_to(invite(), 200, to_tag="x")
        bad.remove(name)
        with pytest.raises(SipError) as caught:
            check_response(bad)
        assert caught.value.message is None
    good.add("CSeq", "2 INVITE")
    with pytest.raises(SipError):
        check_response(good)


def test_an_answer_is_made_of_its_request() -> None:
    """All Vias, From, To with our tag, Call-ID, CSeq; Record-Route where a dialog begins."""
    request = invite()
    ringing = response_to(
        request,
        180,
        to_tag="ours",
        headers=[("Contact", "<sip:b@10.1.2.3>")],
        body=b"v=0",
        content_type="a/b",
    )
    assert ringing.encode() == (
        b"SIP/2.0 180 Ringing\r\n"
        b"Via: SIP/2.0/UDP sbc.example:5062;branch=z9hG4bK1;rport, SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK0\r\n"
        b'From: "Zhang" <sip:+8613900001111@ims.example.cn;user=phone>;tag=abc\r\n'
        b"To: <sip:4008123456@ims.example.cn>;tag=ours\r\n"
        b"Call-ID: 1@10.20.30.40\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Record-Route: <sip:10.20.30.40;lr>\r\n"
        b"Contact: <sip:b@10.1.2.3>\r\n"
        b"Content-Type: a/b\r\n"
        b"Content-Length: 3\r\n"
        b"\r\n"
        b"v=0"
    )
    trying = response_to(request, 100)
    assert trying.get("Timestamp") == "54"
    assert trying.get("Record-Route") is None
    assert trying.to.tag is None
    refused = response_to(request, 486, "Busy", to_tag="x")
    assert (refused.reason, refused.get("Record-Route")) == ("Busy", None)
    assert response_to(invite(To="<sip:a@b>;tag=theirs"), 200, to_tag="ours").to.tag == "theirs"
    assert response_to(request, 299).reason == ""
    assert REASONS[481] == "Call/Transaction Does Not Exist"


def test_an_answer_to_a_ruin_copies_what_is_there() -> None:
    """Missing headers stay missing, a To that cannot be read gets no tag."""
    ruin = invite(To='"open <sip:a@b>', Call_ID=None)
    answer = response_to(ruin, 400, to_tag="x")
    assert answer.get("To") == '"open <sip:a@b>'
    assert not answer.has("Call-ID")


def test_nothing_that_we_write_holds_line_ends() -> None:
    """An injected header is our own bug and crashes at once."""
    for value in ("a\r\nEvil: b", "a\nb", "a\0b"):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            Request.build("INVITE", "sip:a@b", headers=[("Subject", value)])
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            Request.build("INVITE", f"sip:{value}@b", headers=[])
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            Response.build(200, value, headers=[])
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            response_to(invite(), 200, headers=[(value, "x")])
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            response_to(invite(), 200, value)
        for change in (Request.add, Request.set, Request.prepend):
            with pytest.raises(ValueError, match="CR, LF or NUL"):
                change(invite(), "Subject", value)
    with pytest.raises(ValueError, match="CR or LF"):
        Request("INVITE", "sip:a@b", [("Subject", "a\r\nEvil: b")]).encode()
    for method, uri in (("INVITE", "sip:a b"), ("IN VITE", "sip:a@b")):
        with pytest.raises(ValueError, match="blank"):
            Request.build(method, uri, headers=[])
    for status in (99, 700):
        with pytest.raises(ValueError, match="status"):
            Response.build(status, "x", headers=[])
        with pytest.raises(ValueError, match="status"):
            response_to(invite(), status)
    with pytest.raises(ValueError, match="header name"):
        invite().set("no name", "x")


def test_a_built_request_is_what_the_other_side_reads() -> None:
    """Content-Length is always right."""
    request = Request.build(
        "INVITE", "sip:a@b", headers=[("Subject", "你好"), ("Via", "SIP/2.0/UDP h")], body="v=0 ü".encode()
    )
    twin = parse_message(request.encode())
    assert twin.headers == request.headers
    assert twin.body == request.body
    assert request.encode() is request.encode()


def test_rows_can_be_changed() -> None:
    """Dialogs put rows before others, replace and remove them; what was parsed is forgotten."""
    request = invite()
    assert request.via.host == "sbc.example"
    old = request.encode()
    request.prepend("Via", "SIP/2.0/UDP ours;branch=z9hG4bK2")
    assert request.via.host == "ours"
    assert [via.host for via in request.vias] == ["ours", "sbc.example", "10.9.9.9"]
    request.set("k", "timer")
    assert request.tokens("Supported") == ("timer",)
    request.set("Route", "<sip:r;lr>")
    request.add("Route", "<sip:s;lr>")
    assert [str(route.uri) for route in request.routes] == ["sip:r;lr", "sip:s;lr"]
    request.remove("f")
    assert not request.has("From")
    assert request.encode() != old


def test_contacts() -> None:
    """A list, a star, none; each is parsed once."""
    request = invite(Contact='"a, b" <sip:a@b>;q=1, <sip:c@d>')
    assert [contact.uri.host for contact in request.contacts] == ["b", "d"]
    assert request.contacts is request.contacts
    assert invite(Contact="*").contacts == (STAR,)
    assert invite(Contact=None).contacts == ()
    assert [route.uri.lr for route in invite().record_routes] == [True]


def test_optional_headers_are_parsed_once_and_may_be_absent() -> None:
    """Any header value class works, on single headers and on lists."""
    request = invite(Reason="Q.850;cause=16, SIP;cause=200")
    assert [reason.cause for reason in request.parse_list("Reason", Reason.parse)] == [16, 200]
    assert request.parse_header("RAck", Reason.parse) is None
    assert request.parse_header("RAck", Reason.parse) is None
    with pytest.raises(SipError, match="Malformed Reason"):
        invite(Reason="Q.850, ,SIP").parse_list("Reason", Reason.parse)
    assert invite(Content_Type=None).content_type is None
    assert invite(Content_Type="Application/SDP ;charset=utf-8").content_type == "application/sdp"


def test_the_edge_notes_where_a_request_came_from() -> None:
    """received and rport go into the top Via only; the answer goes to the source."""
    request = invite()
    request.received_from(FLOW)
    assert request.source is FLOW
    assert request.via.received == "10.20.30.40"
    assert request.via.rport == 40000
    assert [via.received for via in request.vias] == ["10.20.30.40", None]
    again = parse_message(response_to(request, 200).encode())
    assert again.vias == request.vias
    assert response_to(request, 200).source is FLOW
    assert response_address(request) == ("10.20.30.40", 40000)


@pytest.mark.parametrize(
    ("via", "address"),
    [
        ("SIP/2.0/UDP sbc.example:5062;branch=z9hG4bK1", ("10.20.30.40", 5062)),
        ("SIP/2.0/UDP sbc.example", ("10.20.30.40", 5060)),
        ("SIP/2.0/UDP 8.8.8.8:53;maddr=9.9.9.9;received=7.7.7.7", ("10.20.30.40", 53)),
        ("SIP/2.0/UDP sbc.example:70000", ("10.20.30.40", 40000)),
    ],
)
def test_answers_go_to_the_packets_source_never_where_a_via_says(via: str, address: tuple[str, int]) -> None:
    """Only the port may be the Via's."""
    request = invite(Via=via)
    request.received_from(FLOW)
    assert response_address(request) == address


def test_an_answer_needs_a_source() -> None:
    """The edge has forgotten to say it."""
    with pytest.raises(ValueError, match="source"):
        response_address(invite())


def test_flows_compare_and_hash() -> None:
    """Transactions and trunks are found by them."""
    assert Flow("udp", ("a", 1), ("b", 2), "x") == Flow("udp", ("a", 1), ("b", 2), "x")
    assert len({FLOW, Flow("tls", FLOW.local, FLOW.remote, "carrier")}) == 2
    assert not FLOW.reliable


MULTIPART = (
    b"preamble\r\n--xyz\r\nContent-Type: application/isup; version=itu-t92+\r\n\r\n\x01\x00\r\n"
    b"--xyz \r\ncontent-type: Application/SDP\r\n\r\nv=0\r\nm=x\r\n--xyz\r\n\r\nplain\r\n--xyz--\r\nepilogue"
)


def test_the_description_is_found_in_a_multipart_body() -> None:
    """Carriers send ISUP beside the SDP."""
    request = invite(Content_Type='multipart/mixed; boundary="xyz"')
    request.body = MULTIPART
    assert body_of(request, "application/sdp") == b"v=0\r\nm=x"
    assert body_of(request, "application/isup") == b"\x01\x00"
    assert body_of(request, "text/html") is None
    assert body_of(invite(), "application/sdp") == b"v=0\r"
    assert body_of(invite(Content_Type="text/plain"), "application/sdp") is None
    assert body_of(invite(Content_Type=None), "application/sdp") is None
    request.body = b""
    assert body_of(request, "application/sdp") is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", MULTIPART),
        ("multipart/mixed;boundary=" + "x" * 71, MULTIPART),
        ("multipart/mixed;boundary=xyz", MULTIPART.replace(b"--xyz--", b"")),
        ("multipart/mixed;boundary=xyz", b"--xyz\r\n\r\n" * 100 + b"--xyz--"),
    ],
)
def test_a_malformed_multipart_body_is_refused(content_type: str, body: bytes) -> None:
    """No guessing where a part ends."""
    request = invite(Content_Type=content_type)
    request.body = body
    with pytest.raises(SipError):
        body_of(request, "application/sdp")


def test_what_the_caller_accepts() -> None:
    """sdp01: an Accept without application/sdp is 406."""
    assert accepts(invite(), "application/sdp")
    assert not accepts(invite(), "text/html")
    assert not accepts(invite(Accept="text/nobodyKnowsThis"), "application/sdp")
    assert not accepts(invite(Accept=""), "application/sdp")
    assert not accepts(invite(Accept="application/sdp;q=0.0"), "application/sdp")
    for value in ("Application/SDP;level=1", "text/x, application/*", "*/*;q=0.1", "application/sdp;q=0.5;;"):
        assert accepts(invite(Accept=value), "application/sdp")
