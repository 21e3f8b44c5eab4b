"""Every torture message of RFC 4475 and RFC 5118 gets its verdict.

What parsing and checking can decide is the ideal status; what a user agent decides (401, 405, 415, 420 ...)
must parse and pass the check, and is tested on the wire elsewhere. The messages stand beside the project, not
in it.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from b2bua.sip.check import check_request, check_response
from b2bua.sip.errors import SipError
from b2bua.sip.message import Message, Request
from b2bua.sip.parse import StreamParser, parse_message
from b2bua.sip.respond import response_to

BESIDE = Path(__file__).parents[3].parent / "shared" / "torture"
FOLDER = Path(os.environ.get("SIP_TORTURE_DIR", BESIDE))

LEFT_TO_THE_USER_AGENT = {
    "intmeth": "501, method unknown",
    "esc02": "501, method unknown",
    "bext01": "420",
    "invut": "415",
    "regaut01": "401",
    "zeromf": "483",
    "sdp01": "406",
    "mult-ip-in-header": "481",
}
MATCH_NO_TRANSACTION = {"unreason", "noreason", "bcast"}


def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for name in ("rfc4475.tsv", "rfc5118.tsv"):
        path = FOLDER / name
        if path.exists():
            with path.open(encoding="utf-8", newline="") as lines:
                rows += csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return rows


ROWS = _rows()


def judge(message: Message) -> tuple[str, Message | None]:
    """Say what the check makes of a message: VALID, a status, or drop."""
    try:
        if isinstance(message, Request):
            check_request(message)
        else:
            check_response(message)  # type: ignore[arg-type]
    except SipError as error:
        return refusal(error), error.message
    return "VALID", message


def refusal(error: SipError) -> str:
    """Say how an error ends."""
    return "drop" if error.message is None else str(error.status)


def verdict(data: bytes) -> tuple[str, Message | None]:
    """Say what parsing and checking make of a datagram."""
    try:
        return judge(parse_message(data))
    except SipError as error:
        return refusal(error), error.message


def test_the_torture_messages_are_there() -> None:
    """All 49 + 15 verdicts are checked wherever the folder is at hand."""
    if not ROWS:
        pytest.skip(f"no torture messages in {FOLDER}")
    assert len(ROWS) == 64


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_each_message_gets_its_verdict(row: dict[str, str]) -> None:
    """What is tortuous but valid is acted on, what is invalid gets the status the RFC prefers, a stray
    response gets silence."""
    found, message = verdict((FOLDER / row["file"]).read_bytes())
    name = row["name"]
    if name in LEFT_TO_THE_USER_AGENT or name in MATCH_NO_TRANSACTION:
        assert found == "VALID"
    else:
        assert found == row["ideal"]
    if isinstance(message, Request):
        answer = parse_message(response_to(message, 400, to_tag="ours").encode())
        assert answer.get_all("Via") == message.get_all("Via")


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_each_message_gets_the_same_verdict_on_a_stream(row: dict[str, str]) -> None:
    """TCP says the same, except where a stream cannot find the end of a message, or waits for it."""
    data = (FOLDER / row["file"]).read_bytes()
    parser = StreamParser()
    items = parser.feed(data)
    if row["name"] in ("clerr", "baddn"):
        assert items == []
        assert parser.pending
        return
    first = items[0]
    if row["name"] in ("inv2543", "ncl", "mcl01", "bigcode"):
        assert isinstance(first, SipError)
        assert parser.dead
        return
    if isinstance(first, SipError):
        assert refusal(first) == verdict(data)[0]
    else:
        assert isinstance(first, Message)
        assert judge(first)[0] == verdict(data)[0]


def by_name(name: str) -> bytes:
    """Return one torture message; skips the test where they are absent."""
    for row in ROWS:
        if row["name"] == name:
            return (FOLDER / row["file"]).read_bytes()
    pytest.skip(f"no torture messages in {FOLDER}")


def test_the_request_behind_a_datagram_is_noise_but_behind_a_message_on_a_stream_it_is_a_request() -> None:
    """dblreq: the INVITE after the REGISTER's body must never be answered over UDP; over TCP it is real."""
    data = by_name("dblreq")
    assert parse_message(data).body == b""
    items = [item for item in StreamParser().feed(data) if isinstance(item, Request)]
    assert [item.method for item in items] == ["REGISTER", "INVITE"]


def test_a_tortuous_invite_is_read_in_all_its_parts() -> None:
    """wsinv: folding, blanks everywhere, compact forms, mixed Vias."""
    request = parse_message(by_name("wsinv"))
    assert request.cseq.number == 9
    assert request.max_forwards == 68
    assert request.to.tag == "1918181833n"
    assert request.from_.display == 'J Rosenberg \\"'
    assert [via.transport for via in request.vias] == ["UDP", "TCP", "UDP"]
    assert [via.branch for via in request.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert request.contacts[0].display == 'Quoted string ""'
    assert request.contacts[0].param("q") == "0.33"
    assert request.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert request.get("Subject") == ""
    assert request.routes[0].uri.lr


def test_escapes_are_resolved_once_only() -> None:
    """esc01: %25%34%31 is the text %41, not A."""
    request = parse_message(by_name("esc01"))
    assert isinstance(request, Request)
    assert request.request_uri.user_unescaped == "sips:user@example.com"
    assert request.request_uri.host == "example.net"
    assert request.to.uri.user_unescaped == "user"
    assert request.contacts[0].uri.params[1] == ("n%61me", "v%61lue%25%34%31")


def test_two_contacts_with_escaped_nulls_are_two_bindings() -> None:
    """escnull: nothing is cut at NUL."""
    one, other = parse_message(by_name("escnull")).contacts
    assert not one.uri.same_as(other.uri)
    assert other.uri.user_unescaped == "\0\0"


def test_a_method_with_escapes_is_not_register() -> None:
    """esc02: names are not unescaped."""
    request = parse_message(by_name("esc02"))
    assert isinstance(request, Request)
    assert request.method == "RE%47IST%45R"
    assert len(request.contacts) == 2


def test_a_contact_parameter_is_told_from_a_uri_parameter() -> None:
    """cparam01 and cparam02: outside brackets it belongs to the header, inside to the URI."""
    outside, inside = (parse_message(by_name(name)).contacts[0] for name in ("cparam01", "cparam02"))
    assert outside.param("unknownparam") == ""
    assert outside.uri.params == ()
    assert inside.param("unknownparam") is None
    assert str(inside.uri) == "sip:+19725552222@gw1.example.net;unknownparam"


def test_an_escaped_route_stays_in_its_contact() -> None:
    """regescrt: ?Route= must never become a Route header of calls to it."""
    message = parse_message(by_name("regescrt"))
    assert message.routes == ()
    assert message.contacts[0].uri.headers == "Route=%3Csip:sip.example.com%3E"


def test_the_port_in_brackets_is_part_of_the_address() -> None:
    """port-ambiguous against port-unambiguous."""
    ambiguous, clear = (parse_message(by_name(name)) for name in ("port-ambiguous", "port-unambiguous"))
    assert isinstance(ambiguous, Request)
    assert isinstance(clear, Request)
    assert (ambiguous.request_uri.host, ambiguous.request_uri.port) == ("[2001:db8::10:5070]", None)
    assert (clear.request_uri.host, clear.request_uri.port) == ("[2001:db8::10]", 5070)


def test_three_colons_are_the_same_host_as_two() -> None:
    """The error of RFC 3261's grammar is tolerated."""
    three, two = (
        parse_message(by_name(name)) for name in ("ipv6-bug-abnf-3-colons", "ipv6-correct-abnf-2-colons")
    )
    assert three.to.uri.same_as(two.to.uri)


def test_received_is_read_with_and_without_brackets() -> None:
    """RFC 5118 4.5."""
    for name in ("via-received-param-with-delim", "via-received-param-no-delim"):
        assert parse_message(by_name(name)).via.received == "2001:db8::9:255"


def test_an_old_request_without_branch_or_tag_is_read() -> None:
    """inv2543: RFC 2543 peers still exist."""
    request = parse_message(by_name("inv2543"))
    assert request.via.branch is None
    assert request.from_.tag is None
    assert request.max_forwards is None
    assert request.body.startswith(b"v=0")


def test_binary_bodies_are_carried_octet_for_octet() -> None:
    """mpart01: NULs and bare CRs and LFs in the body are nobody's business."""
    data = by_name("mpart01")
    message = parse_message(data)
    assert message.body == data[-553:]
    assert b"\0" in message.body or b"\r" in message.body
    assert parse_message(message.encode()).body == message.body
