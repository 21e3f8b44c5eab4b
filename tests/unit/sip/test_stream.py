"""Messages on TCP and TLS: boundaries, keep-alives, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip.errors import SipError
from b2bua.sip.head import MAX_HEAD
from b2bua.sip.message import Message, Request
from b2bua.sip.parse import MAX_BODY, PING, Ping, StreamParser

OPTIONS = (
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 5\r\n\r\n\r\n\r\n!"
)
UNIX = b"OPTIONS sip:lf@b SIP/2.0\nCSeq: 1 OPTIONS\nl: 2\n\nhi"
SPOILED = b"OPTIONS  sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
RESPONSE = b"SIP/2.0 200 OK\r\nl: 0\r\nX: a\r\n b\r\n\r\n"


def told(items: list[Message | SipError | Ping]) -> list[object]:
    """Show items in a comparable form."""
    return [
        (item.start_line(), tuple(item.headers), item.body)
        if isinstance(item, Message)
        else (item.status, item.reason, item.message is not None)
        if isinstance(item, SipError)
        else "ping"
        for item in items
    ]


STREAM = b"\r\n\r\n" + OPTIONS + b"\r\n" + UNIX + SPOILED + b"\r\n\r\n\r\n" + RESPONSE + OPTIONS


def test_a_stream_is_cut_into_its_messages() -> None:
    """Pings between messages are told, a spoiled request does not stop the next one."""
    items = StreamParser().feed(STREAM)
    kinds = [type(item).__name__ for item in items]
    assert kinds == ["Ping", "Request", "Request", "SipError", "Ping", "Response", "Request"]
    assert items[0] is PING
    spoiled = items[3]
    assert isinstance(spoiled, SipError)
    assert spoiled.message is not None
    last = items[-1]
    assert isinstance(last, Request)
    assert last.body == b"\r\n\r\n!"


def test_a_split_at_any_octet_changes_nothing() -> None:
    """TCP cuts where it likes."""
    whole = told(StreamParser().feed(STREAM))
    for at in range(len(STREAM)):
        parser = StreamParser()
        assert told(parser.feed(STREAM[:at]) + parser.feed(STREAM[at:])) == whole
    parser = StreamParser()
    single = [item for octet in STREAM for item in parser.feed(bytes([octet]))]
    assert told(single) == whole
    assert not parser.pending


@given(
    st.lists(
        st.sampled_from([OPTIONS, UNIX, SPOILED, RESPONSE, b"\r\n", b"\n", b"\r", b"junk", b"l: x\r\n\r\n"])
    ),
    st.data(),
)
def test_any_split_of_any_stream_changes_nothing(pieces: list[bytes], data: st.DataObject) -> None:
    """Also where the stream is broken."""
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    whole = StreamParser()
    cut = StreamParser()
    found: list[Message | SipError | Ping] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += cut.feed(stream[start:end])
    assert told(found) == told(whole.feed(stream))
    assert cut.dead == whole.dead
    assert cut.pending == whole.pending


def test_a_message_that_never_ends_is_pending() -> None:
    """The transport gives up on it in its own time."""
    parser = StreamParser()
    assert parser.feed(OPTIONS[:-1]) == []
    assert parser.pending
    assert len(parser.feed(OPTIONS[-1:])) == 1
    assert not parser.pending
    parser.feed(b"\r\n")
    assert not parser.pending


@pytest.mark.parametrize(
    ("data", "status", "answered"),
    [
        (OPTIONS.replace(b"Content-Length: 5\r\n", b""), 400, True),
        (OPTIONS.replace(b"Content-Length: 5", b"Content-Length: -5"), 400, True),
        (OPTIONS.replace(b"Content-Length: 5", b"Content-Length: 5\r\nl: 5"), 400, True),
        (OPTIONS.replace(b"Content-Length: 5", b"Content-Length: %d" % (MAX_BODY + 1)), 413, True),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, False),
        (b"\x16\x03\x01" + b"\0" * MAX_HEAD, 513, False),
        (b"OPTIONS sip:a@b SIP/2.0\r\nX: " + b"y" * MAX_HEAD + b"\r\n\r\n", 513, False),
        (b"SIP/2.0 200 OK\r\n\r\n", 400, False),
    ],
)
def test_where_no_boundary_can_be_found_the_connection_is_over(
    data: bytes, status: int, answered: bool
) -> None:
    """One last answer where possible, then nothing more is read."""
    parser = StreamParser()
    items = parser.feed(data)
    assert len(items) == 1
    error = items[0]
    assert isinstance(error, SipError)
    assert error.status == status
    assert (error.message is not None) == answered
    assert parser.dead
    assert parser.feed(OPTIONS) == []
    assert not parser.pending


class CountingBuffer(bytearray):
    """Counts the octets that searches may look at."""

    looked = 0

    def find(self, *args: object) -> int:  # type: ignore[override]
        """Count, then find."""
        since = args[1] if len(args) > 1 else 0
        assert isinstance(since, int)
        CountingBuffer.looked += len(self) - since
        return super().find(*args)  # type: ignore[arg-type]


@pytest.mark.parametrize("filler", [b"y", b"\r", b"X: y\r\n", b"\r\n"])
def test_drop_by_drop_the_work_stays_linear(filler: bytes) -> None:
    """A peer that sends octet by octet makes us look at each only a few times."""
    CountingBuffer.looked = 0
    parser = StreamParser()
    parser._buffer = CountingBuffer()
    stream = (b"OPTIONS sip:a@b SIP/2.0\r\nX: " + filler * 20000)[:20000]
    for at in range(len(stream)):
        parser.feed(stream[at : at + 1])
    assert CountingBuffer.looked <= 8 * len(stream)
