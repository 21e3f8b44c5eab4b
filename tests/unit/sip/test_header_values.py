"""Header values: addresses, Vias, sequences, reasons, diversions and the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from b2bua.sip.cseq import CSeq, RAck, parse_rseq
from b2bua.sip.diversion import Diversion
from b2bua.sip.errors import SipError
from b2bua.sip.history import HistoryEntry
from b2bua.sip.message import Request
from b2bua.sip.nameaddr import STAR, NameAddr
from b2bua.sip.params import parse_params, print_params
from b2bua.sip.privacy import hides_identity, parse_privacy, privacy_of
from b2bua.sip.reason import Reason
from b2bua.sip.replaces import Replaces
from b2bua.sip.seconds import LONGEST, parse_retry_after, parse_seconds
from b2bua.sip.text import printable, quote, read_number, refuse_controls, split_values, unquote
from b2bua.sip.uri import Uri
from b2bua.sip.via import Via


@pytest.mark.parametrize(
    ("raw", "display", "uri", "params"),
    [
        ("<sip:a@b>", "", "sip:a@b", ()),
        ("sip:a@b;tag=x", "", "sip:a@b", (("tag", "x"),)),
        ('"Bob ""<sip:a@b>', None, None, None),
        ('"Bob" <sip:a@b;lr>;tag=x', "Bob", "sip:a@b;lr", (("tag", "x"),)),
        ('"Bell, Alexander \\"x\\\\" <sip:a@b>', 'Bell, Alexander "x\\', "sip:a@b", ()),
        ("caller<sip:caller@example.com>;tag=323", "caller", "sip:caller@example.com", (("tag", "323"),)),
        ("A. Bell <sip:a@b> ; tag = q", "A. Bell", "sip:a@b", (("tag", "q"),)),
        ("王小明 <sip:a@b>", "王小明", "sip:a@b", ()),
        ('"" <tel:+8613900001111>', "", "tel:+8613900001111", ()),
        ('<sip:a@b>;x="a;b,c>d";y', "", "sip:a@b", (("x", '"a;b,c>d"'), ("y", None))),
    ],
)
def test_an_address_is_read(
    raw: str, display: str | None, uri: str | None, params: tuple[tuple[str, str | None], ...] | None
) -> None:
    """Display name, URI and header parameters are told apart."""
    if display is None:
        with pytest.raises(SipError):
            NameAddr.parse(raw)
        return
    value = NameAddr.parse(raw)
    assert (value.display, str(value.uri), value.params) == (display, uri, params)
    assert NameAddr.parse(str(value)) == value


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "<>",
        "<sip:a@b",
        "sip:a@b>",
        '"Mr. J. User <sip:j@example.com>',
        "Bell, Alexander <sip:a@b>",
        "< sip:a@b >",
        "<sip:a@b><sip:c@d>",
        "<sip:a@b> <sip:c@d>",
        "sip:a@b?Route=%3Csip:x%3E",
        "<sip:a@b>;;;;",
        "<sip:a@b>;=x",
        "<sip:a@b>;tag=a b",
        '<sip:a@b>;tag="x',
        "<sip:a@b>, <sip:c@d>",
    ],
)
def test_a_malformed_address_is_refused(raw: str) -> None:
    """No second URI is smuggled in, whatever is left open."""
    with pytest.raises(SipError) as caught:
        NameAddr.parse(raw)
    assert caught.value.status == 400


def test_an_address_has_a_tag_or_none() -> None:
    """Peers of RFC 2543 send none."""
    assert NameAddr.parse('"A" <sip:a@b>;x=1').tag is None
    assert NameAddr.parse('"A" <sip:a@b>;x=1;TAG=t1').tag == "t1"


def test_the_star_contact_is_no_address() -> None:
    """Contact: * removes all bindings."""
    assert NameAddr.parse("*") == STAR
    assert STAR.is_star
    assert str(STAR) == "*"


def test_controls_in_a_display_name_never_reach_the_wire() -> None:
    """Escaped BEL and NUL are legal to receive; we send no CR, LF or NUL."""
    value = NameAddr.parse('"a\\\0b" <sip:a@b>')
    assert value.display == "a\0b"
    refuse_controls(str(value))


def test_a_via_is_read_and_printed() -> None:
    """Blanks around slashes, ports, IPv6 and parameters without case."""
    via = Via.parse("SIP / 2.0 / TCP     Spindle.Example.com : 5061  ; Branch = z9hG4bK9ikj8 ;rport")
    assert (via.transport, via.host, via.port, via.branch) == (
        "TCP",
        "spindle.example.com",
        5061,
        "z9hG4bK9ikj8",
    )
    assert str(via) == "SIP/2.0/TCP spindle.example.com:5061;Branch=z9hG4bK9ikj8;rport"
    assert via.sent_by == "spindle.example.com:5061"
    assert Via.parse(str(via)) == via


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "SIP/7.0/UDP h",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP h;;",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:-1",
        "SIP/2.0/UDP h:70000",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP h x",
        "SIP/2.0/UDP h;branch=",
    ],
)
def test_a_malformed_via_is_refused(raw: str) -> None:
    """Four packets with such Vias have killed other servers."""
    with pytest.raises(SipError):
        Via.parse(raw)


@pytest.mark.parametrize(
    ("raw", "source", "stamped"),
    [
        ("SIP/2.0/UDP 10.0.0.1;branch=b", ("10.0.0.1", 5060), "SIP/2.0/UDP 10.0.0.1;branch=b"),
        (
            "SIP/2.0/UDP h.example;branch=b",
            ("10.0.0.1", 5060),
            "SIP/2.0/UDP h.example;branch=b;received=10.0.0.1",
        ),
        (
            "SIP/2.0/UDP 10.0.0.1;rport;branch=b",
            ("10.0.0.1", 40000),
            "SIP/2.0/UDP 10.0.0.1;rport=40000;branch=b;received=10.0.0.1",
        ),
        ("SIP/2.0/UDP [2001:db8::1];branch=b", ("2001:db8::1", 5060), "SIP/2.0/UDP [2001:db8::1];branch=b"),
        (
            "SIP/2.0/UDP 10.0.0.1;received=8.8.8.8;branch=b",
            ("10.0.0.1", 1),
            "SIP/2.0/UDP 10.0.0.1;branch=b;received=10.0.0.1",
        ),
    ],
)
def test_the_source_of_a_request_is_written_into_its_via(
    raw: str, source: tuple[str, int], stamped: str
) -> None:
    """received and rport tell where the packet really came from, whatever the sender claims."""
    assert str(Via.parse(raw).received_from(*source)) == stamped


def test_rport_is_read_with_care() -> None:
    """The flag alone, a port, and nonsense."""
    ports = {"": None, ";rport": 0, ";rport=5062": 5062, ";rport=99999": None, ";rport=x": None}
    for params, port in ports.items():
        assert Via.parse(f"SIP/2.0/UDP h{params}").rport == port


def test_sequence_numbers_have_limits() -> None:
    """Numbers of any length are read without being believed."""
    assert CSeq.parse("0009  INVITE") == CSeq(9, "INVITE")
    assert CSeq.parse("2147483647 ACK").number == 2**31 - 1
    assert str(CSeq(7, "BYE")) == "7 BYE"
    for raw in (
        "2147483648 INVITE",
        "9" * 5000 + " INVITE",
        "-1 INVITE",
        "1_0 INVITE",
        "１ INVITE",
        "1",
        "INVITE",
    ):
        with pytest.raises(SipError):
            CSeq.parse(raw)
    assert RAck.parse("776656 1 INVITE") == RAck(776656, 1, "INVITE")
    assert str(RAck(1, 2, "INVITE")) == "1 2 INVITE"
    for raw in ("4294967296 1 INVITE", "1 2147483648 INVITE", "1 INVITE"):
        with pytest.raises(SipError):
            RAck.parse(raw)
    assert parse_rseq("4294967295") == 2**32 - 1
    for raw in ("0", "4294967296", "x", ""):
        with pytest.raises(SipError):
            parse_rseq(raw)


def test_reasons() -> None:
    """Q.850 causes tell why a carrier gave up."""
    reason = Reason.parse('Q.850 ;cause=16;text="Normal; \\"call\\" clearing";x')
    assert (reason.protocol, reason.cause, reason.text) == ("Q.850", 16, 'Normal; "call" clearing')
    assert reason.params == (("x", None),)
    assert Reason.parse(str(reason)) == reason
    assert Reason.parse("SIP").cause is None
    assert Reason.parse("SIP;cause=abc").cause is None
    assert (
        str(Reason("SIP", 200, "Call completed elsewhere")) == 'SIP;cause=200;text="Call completed elsewhere"'
    )
    with pytest.raises(SipError):
        Reason.parse(";cause=1")
    with pytest.raises(ValueError, match="protocol"):
        str(Reason("SIP;x"))


def test_replaces_in_its_header_and_in_a_refer_to() -> None:
    """Attended transfer: the only header that is ever taken out of a URI."""
    replaces = Replaces.parse("425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only")
    assert replaces == Replaces("425928@bobster.example.org", "7743", "6472", True)
    assert Replaces.parse(str(replaces)) == replaces
    uri = Uri.parse("sip:b@h?Replaces=1234%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces")
    assert Replaces.in_uri(uri) == Replaces("1234@h", "1", "2")
    assert Replaces.in_uri(Uri.parse("sip:b@h")) is None
    for raw in ("x", "x;to-tag=1", "x;to-tag=1;from-tag=2;to-tag=3", ";to-tag=1;from-tag=2"):
        with pytest.raises(SipError):
            Replaces.parse(raw)


def test_diversions() -> None:
    """Who sent the call on to the 400 number, and why."""
    value = Diversion.parse('<tel:+861061234567>;reason="User-Busy";counter=3;privacy=full;screen=yes')
    assert (value.reason, value.counter, value.private) == ("user-busy", 3, True)
    assert value.address.uri.number == "+861061234567"
    plain = Diversion.parse("<sip:4008123456@h>")
    assert (plain.reason, plain.counter, plain.private) == ("", 1, False)
    assert Diversion.parse("<sip:a@h>;counter=99999999999999999999").counter == 1
    ours = Diversion.build(NameAddr.parse("<sip:4008123456@h>;tag=x"), "unconditional", privacy="off")
    assert str(ours) == "<sip:4008123456@h>;reason=unconditional;counter=1;privacy=off"


def test_history() -> None:
    """RFC 7044 entries, with the reason and privacy escaped in their URIs."""
    entry = HistoryEntry.parse(
        "<sip:bob@h;cause=302?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22&Privacy=history>;index=1.2;mp=1.1"
    )
    assert entry.index == (1, 2)
    assert entry.cause == 302
    assert entry.private
    assert entry.mapped_from == "1.1"
    assert entry.reason == Reason("SIP", 486, "Busy")
    assert str(entry.target) == "sip:bob@h;cause=302"
    assert HistoryEntry.parse(str(entry)) == entry
    plain = HistoryEntry.parse("<sip:bob@h?Reason=%3B%3B>;index=1")
    assert (plain.reason, plain.cause, plain.private, plain.mapped_from) == (None, None, False, None)
    for raw in ("<sip:bob@h>", "<sip:bob@h>;index=1.", "<sip:bob@h>;index=" + "1." * 70 + "1"):
        with pytest.raises(SipError):
            HistoryEntry.parse(raw)


def test_privacy() -> None:
    """Privacy: id hides the number from the other leg; none hides nothing."""
    assert parse_privacy("id; Critical ,user") == {"id", "critical", "user"}

    def request(*values: str) -> Request:
        return Request.build("INVITE", "sip:a@b", headers=[("Privacy", value) for value in values])

    assert hides_identity(request("none", "id"))
    assert hides_identity(request("header;user"))
    assert not hides_identity(request("none"))
    assert not hides_identity(request())
    assert privacy_of(request()) == frozenset()


def test_durations() -> None:
    """Overlarge durations are the longest one, never an overflow."""
    assert parse_seconds("0003600") == 3600
    assert parse_seconds("1" + "0" * 100) == LONGEST
    assert parse_seconds("4294967296") == LONGEST
    assert parse_retry_after("18000;duration=3600") == 18000
    assert parse_retry_after("120 (I'm in a meeting)") == 120
    for parse in (parse_seconds, parse_retry_after):
        with pytest.raises(SipError):
            parse("soon")


def test_parameters() -> None:
    """Names ignore case, values are kept as they came."""
    params = parse_params(';A="x;y" ; b = c;d')
    assert params == (("A", '"x;y"'), ("b", "c"), ("d", None))
    assert print_params(params) == ';A="x;y";b=c;d'
    for raw in (";", ";;a", "a", ";a=", ";a=b c", ';a="', ";a b"):
        with pytest.raises(SipError):
            parse_params(raw)


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ('"x, y" <sip:a,b@c>, d', ['"x, y" <sip:a,b@c>', "d"]),
        ('"a\\", b", c', ['"a\\", b"', "c"]),
        ('a, "b, c', ["a", '"b, c']),
        ("a, <b, c", ["a", "<b, c"]),
        (",,a,", ["", "", "a", ""]),
        ('"\\', ['"\\']),
    ],
)
def test_rows_are_split_at_their_commas(raw: str, values: list[str]) -> None:
    """Commas in quotes and brackets separate nothing; what is left open reaches to the end."""
    assert split_values(raw) == values


def test_numbers_are_ascii_digits_within_their_limit() -> None:
    """int() would take 1_0, full-width digits, signs and blanks."""
    assert read_number("0070", 255) == 70
    for raw in ("", "256", "1_0", "+1", " 1", "１", "٣", "9" * 100000):
        assert read_number(raw, 255) is None


def test_quoting() -> None:
    """What is quoted comes back; what would end the header does not go out."""
    for text in ("", "a", 'say "hi"', "back\\slash", "中文"):
        assert unquote(quote(text)) == text
    assert quote("a\r\nb\0") == '"ab"'
    assert unquote("token") == "token"


def test_hostile_text_is_made_fit_for_people() -> None:
    """Logs, JSON and pages get no controls, no broken octets, no direction marks."""
    hostile = b"a\xff\x1b[31m\xe2\x80\xae".decode("utf-8", "surrogateescape")
    shown = printable(hostile)
    assert shown.startswith("a")
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b", "\r\nVia: x"])
def test_line_ends_and_nul_are_refused(text: str) -> None:
    """An injected header would be our own bug: it crashes loudly."""
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        refuse_controls(text)


ALL_PARSERS: list[Callable[[str], object]] = [
    NameAddr.parse,
    Uri.parse,
    Via.parse,
    CSeq.parse,
    RAck.parse,
    Reason.parse,
    Replaces.parse,
    Diversion.parse,
    HistoryEntry.parse,
    parse_params,
    parse_rseq,
    parse_seconds,
    parse_retry_after,
]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\xa0", "\u3000"])
@pytest.mark.parametrize("parse", ALL_PARSERS)
def test_unicode_blanks_and_line_ends_separate_nothing(
    parse: Callable[[str], object], separator: str
) -> None:
    """splitlines() and strip() would cut here; SIP does not."""
    with pytest.raises(SipError):
        parse(f"{separator}1{separator}INVITE{separator}")
