"""What is written is read back as it was: header values, messages, descriptions."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from b2bua.sdp import Codec, Crypto, Direction, Media, Origin, SessionDescription
from b2bua.sip.cseq import CSeq, RAck
from b2bua.sip.message import Request, Response
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.params import Params
from b2bua.sip.parse import StreamParser, parse_message
from b2bua.sip.reason import Reason
from b2bua.sip.replaces import Replaces
from b2bua.sip.text import quote, split_values, unquote
from b2bua.sip.uri import Uri, escape_user, unescape
from b2bua.sip.via import Via

TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~"
tokens = st.text(TOKEN, min_size=1, max_size=12)
words = st.text(TOKEN + '()/:[]?{}@"', min_size=1, max_size=20)
text = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30)
row_text = text.map(lambda value: value.strip(" \t"))
ports = st.none() | st.integers(1, 65535)
names = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9\-]{1,8}){0,3}", fullmatch=True)
ipv6 = st.ip_addresses(v=6).map(lambda address: f"[{address}]")
hosts = names | ipv6 | st.ip_addresses(v=4).map(str)
quoted = text.map(quote)
param_values = st.none() | tokens | quoted


def params_of(values: st.SearchStrategy[str | None]) -> st.SearchStrategy[Params]:
    """Give parameters with different names."""
    return st.lists(st.tuples(tokens, values), max_size=4, unique_by=lambda pair: pair[0].lower()).map(tuple)


users = st.none() | text.filter(bool).map(escape_user)
escaped = st.text("abc%41&=", min_size=1, max_size=10)
sip_uris = st.builds(
    Uri,
    st.sampled_from(["sip", "sips"]),
    users,
    hosts,
    ports,
    params_of(st.none() | tokens),
    st.just("") | escaped,
)
tel_uris = st.builds(
    lambda number, params: Uri("tel", number, "", None, params),
    st.from_regex(r"\+?[0-9*#][0-9.()\-]{0,14}", fullmatch=True),
    params_of(st.none() | tokens),
)
uris = sip_uris | tel_uris
addresses = st.builds(NameAddr, text, uris, params_of(param_values))
vias = st.builds(Via, tokens, hosts, ports, params_of(param_values))


@given(uris)
def test_uris(uri: Uri) -> None:
    """Every URI we can say is read back, and is itself."""
    assert Uri.parse(str(uri)) == uri
    assert uri.same_as(uri)


@given(text)
def test_user_names(user: str) -> None:
    """An escaped user is unescaped to itself, once."""
    assert unescape(escape_user(user)) == user
    assert unquote(quote(user)) == user


@given(addresses)
def test_addresses(value: NameAddr) -> None:
    """Display names of any text, also quotes and backslashes."""
    assert NameAddr.parse(str(value)) == value


@given(vias)
def test_vias(via: Via) -> None:
    """And what the source makes of them."""
    assert Via.parse(str(via)) == via
    stamped = via.received_from("192.0.2.1", 5060)
    assert Via.parse(str(stamped)) == stamped


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**32 - 1), tokens)
def test_sequences(number: int, response: int, method: str) -> None:
    """CSeq and RAck in their whole range."""
    assert CSeq.parse(str(CSeq(number, method))) == CSeq(number, method)
    assert RAck.parse(str(RAck(response, number, method))) == RAck(response, number, method)


@given(tokens, st.none() | st.integers(0, 999), text)
def test_reasons(protocol: str, cause: int | None, why: str) -> None:
    """With any text."""
    reason = Reason(protocol, cause, why)
    assert Reason.parse(str(reason)) == reason


@given(words.filter(lambda word: word != "*"), tokens, tokens, st.booleans())
def test_replaces(call_id: str, to_tag: str, from_tag: str, early: bool) -> None:
    """With any Call-ID."""
    replaces = Replaces(call_id, to_tag, from_tag, early)
    assert Replaces.parse(str(replaces)) == replaces


@given(st.lists(addresses, min_size=1, max_size=5))
def test_comma_joined_rows(values: list[NameAddr]) -> None:
    """Whatever stands in quotes and brackets, a row is split where it was joined."""
    row = ", ".join([str(value) for value in values])
    assert [NameAddr.parse(value) for value in split_values(row)] == values


rows = st.lists(
    st.tuples(tokens.filter(lambda name: name.lower() not in ("l", "content-length")), row_text), max_size=8
)
bodies = st.binary(max_size=60)
requests = st.builds(lambda method, uri, rows, body: Request.build(method, str(uri), headers=rows, body=body),
                     tokens, uris, rows, bodies)  # fmt: skip
responses = st.builds(
    lambda status, reason, rows, body: Response.build(status, reason, headers=rows, body=body),
    st.integers(100, 699), text, rows, bodies,
)  # fmt: skip


@given(requests | responses)
def test_messages(message: Request | Response) -> None:
    """A message is what the other side reads, as a datagram and on a stream."""
    data = message.encode()
    streamed = StreamParser().feed(data)
    assert len(streamed) == 1
    for twin in (parse_message(data), streamed[0]):
        assert isinstance(twin, type(message))
        assert twin.start_line() == message.start_line()
        assert twin.headers == message.headers
        assert twin.body == message.body
        assert twin.encode() == data


@given(requests)
def test_folding_and_line_ends_change_nothing(request: Request) -> None:
    """Rows folded at each blank read the same but for the width of the blank."""
    head, _, body = request.encode().partition(b"\r\n\r\n")
    start, _, rows = head.partition(b"\r\n")
    folded = start + b"\r\n" + rows.replace(b": ", b":\r\n ") + b"\r\n\r\n" + body
    twin = parse_message(folded)
    assert [name for name, _ in twin.headers] == [name for name, _ in request.headers]
    if "\t" not in str(request.headers):
        assert "".join(str(twin.headers).split(" ")) == "".join(str(request.headers).split(" "))


line = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)
codecs = st.builds(
    Codec,
    st.integers(0, 127),
    tokens,
    st.integers(1, 192000),
    st.integers(1, 8),
    st.none() | line.map("x".__add__),
)
cryptos = st.builds(
    Crypto,
    st.integers(0, 999999999),
    st.sampled_from(["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]),
    st.binary(min_size=30, max_size=30),
    st.sampled_from(["", "|2^20", "|2^20|1:4"]),
    st.sampled_from(["", " UNENCRYPTED_SRTP", " KDR=1 WSH=64"]),
)
sdp_hosts = names | st.ip_addresses().map(str)
attributes = st.lists(
    st.tuples(st.from_regex(r"x[a-z]{1,8}", fullmatch=True), st.none() | line), max_size=3
).map(tuple)
audio = st.builds(
    Media,
    st.sampled_from(["audio", "video"]),
    st.integers(0, 65535),
    st.sampled_from(["RTP/AVP", "RTP/SAVP"]),
    st.lists(codecs, min_size=1, max_size=5, unique_by=lambda codec: codec.payload_type).map(tuple),
    st.just(()),
    st.none() | sdp_hosts,
    st.sampled_from(Direction),
    st.none() | st.integers(1, 9999),
    st.none() | line,
    st.lists(cryptos, max_size=2).map(tuple),
    attributes,
)
other = st.builds(
    lambda port, formats: Media("image", port, "udptl", (), formats),
    st.integers(0, 65535),
    st.lists(st.from_regex(r"[a-z0-9]{1,5}", fullmatch=True), min_size=1, max_size=3).map(tuple),
)
sessions = st.builds(
    SessionDescription,
    st.builds(Origin, tokens, st.integers(0).map(str), st.integers(0).map(str), sdp_hosts),
    st.lists(audio | other, max_size=3).map(tuple),
    st.none() | sdp_hosts,
    line,
    attributes,
)


@given(sessions)
def test_descriptions(session: SessionDescription) -> None:
    """All that we can describe."""
    assert SessionDescription.parse(session.encode()) == session


@given(st.ip_addresses(v=6))
def test_ipv6_hosts(address: ipaddress.IPv6Address) -> None:
    """A host in brackets goes to a socket without them."""
    assert Uri.parse(f"sip:[{address}]").address == str(address)
