"""Requests and responses: lazily parsed, cheap to build (RFC 3261 7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from b2bua.sip.cseq import CSeq
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.names import KEYS
from b2bua.sip.rows import HeaderRows, key_of
from b2bua.sip.text import BLANK, read_number, refuse_controls, split_values
from b2bua.sip.uri import Uri
from b2bua.sip.via import Via

Value = TypeVar("Value")
Rows = Sequence[tuple[str, str]]

KNOWN_METHODS = frozenset(
    {
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)


class Message(HeaderRows):
    """A request or a response.

    Properties parse on first use and raise SipError(400) where the header is missing or malformed. ``body``
    must not change once the message was encoded.
    """

    __slots__ = ("_call_id", "_cseq", "_encoded", "_from", "_parsed", "_to", "_via", "body", "raw")

    def __init__(
        self, headers: list[tuple[str, str]], body: bytes, index: dict[str, list[str]] | None = None
    ) -> None:
        self.headers = headers
        self._index = index
        self.body = body
        self.raw = b""
        """The datagram it was read from, as it came (for the trace); empty for a message made here or cut
        out of a stream."""
        self._forget()

    def _forget(self) -> None:
        self._via: Via | None = None
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._call_id: str | None = None
        self._cseq: CSeq | None = None
        self._parsed: dict[str, object] | None = None
        self._encoded: bytes | None = None

    def _changed(self) -> None:
        self._index = None
        self._forget()

    def parse_header(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """Parse a single-valued header with ``parse``, once; None if absent, SipError(400) if malformed."""
        parsed = self._parsed
        if parsed is None:
            parsed = self._parsed = {}
        elif name in parsed:
            return parsed[name]  # type: ignore[return-value]
        rows = (self._index or self.index).get(KEYS.get(name) or key_of(name))
        value = parsed[name] = _read(name, parse, rows[0]) if rows else None
        return value

    def parse_list(self, name: str, parse: Callable[[str], Value]) -> tuple[Value, ...]:
        """Parse all values of a list header with ``parse``, once.

        Raises SipError(400) where one is malformed or empty.
        """
        parsed = self._parsed
        if parsed is None:
            parsed = self._parsed = {}
        elif name in parsed:
            return parsed[name]  # type: ignore[return-value]
        rows = (self._index or self.index).get(KEYS.get(name) or key_of(name))
        if not rows:
            values: tuple[Value, ...] = ()
        elif len(rows) == 1 and "," not in rows[0]:
            values = (_read(name, parse, rows[0]),)
        else:
            values = tuple([_read(name, parse, value) for row in rows for value in split_values(row)])
        parsed[name] = values
        return values

    def _mandatory(self, key: str) -> str:
        rows = (self._index or self.index).get(key)
        if not rows:
            raise SipError(400, f"Missing {_TITLES[key]}")
        return rows[0]

    @property
    def via(self) -> Via:
        """The top Via."""
        via = self._via
        if via is None:
            row = self._mandatory("via")
            via = self._via = Via.parse(row if "," not in row else split_values(row)[0])
        return via

    @property
    def vias(self) -> tuple[Via, ...]:
        """All Vias, top first."""
        return self.parse_list("Via", Via.parse)

    @property
    def from_(self) -> NameAddr:
        """The From header."""
        value = self._from
        if value is None:
            value = self._from = _read("From", NameAddr.parse, self._mandatory("from"))
        return value

    @property
    def to(self) -> NameAddr:
        """The To header."""
        value = self._to
        if value is None:
            value = self._to = _read("To", NameAddr.parse, self._mandatory("to"))
        return value

    @property
    def call_id(self) -> str:
        """The Call-ID, case-sensitive."""
        value = self._call_id
        if value is None:
            value = self._mandatory("call-id")
            if not value or " " in value or "\t" in value or "\0" in value:
                raise SipError(400, "Malformed Call-ID")
            self._call_id = value
        return value

    @property
    def cseq(self) -> CSeq:
        """The CSeq."""
        value = self._cseq
        if value is None:
            value = self._cseq = CSeq.parse(self._mandatory("cseq"))
        return value

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """All Contacts; ``Contact: *`` is ``(STAR,)``."""
        return self.parse_list("Contact", NameAddr.parse)

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        """The Route set, in order."""
        return self.parse_list("Route", NameAddr.parse)

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """The Record-Routes, top first."""
        return self.parse_list("Record-Route", NameAddr.parse)

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards of 0..255, None when absent."""
        return self.parse_header("Max-Forwards", _parse_max_forwards)

    @property
    def content_type(self) -> str | None:
        """The media type in lower case without parameters (``application/sdp``), None when absent."""
        row = self.get("Content-Type")
        return None if row is None else row.partition(";")[0].strip(BLANK).lower()

    # Wire form

    def start_line(self) -> str:
        """Return the first line, without its end."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """Return the message for the wire, with its right Content-Length; kept for retransmissions."""
        encoded = self._encoded
        if encoded is None:
            lines = [f"{name}: {value}" for name, value in self.headers]
            head = "\r\n".join((self.start_line(), *lines, f"Content-Length: {len(self.body)}\r\n\r\n"))
            if head.count("\n") != len(lines) + 3:
                raise ValueError(f"CR or LF in a SIP header: {head!r}")
            encoded = self._encoded = head.encode("utf-8", "surrogateescape") + self.body
        return encoded

    def __repr__(self) -> str:
        return f"<{self.start_line()}>"


class Request(Message):
    """A request.

    ``uri`` is the Request-URI as received. ``source`` is where it came from, None until the edge said so.
    """

    __slots__ = ("_uri", "method", "source", "uri", "version")

    def __init__(
        self,
        method: str,
        uri: str,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        index: dict[str, list[str]] | None = None,
        version: str = "SIP/2.0",
    ) -> None:
        super().__init__(headers, body, index)
        self.method = method
        self.uri = uri
        self.version = version
        self.source: Flow | None = None
        self._uri: Uri | None = None

    @classmethod
    def build(cls, method: str, uri: str, *, headers: Rows, body: bytes = b"") -> Request:
        """Make a request of ours; raises ValueError for CR, LF or NUL anywhere. Leave Content-Length out."""
        rows = _checked(headers, f"{method}{uri}")
        if " " in uri or " " in method:
            raise ValueError(f"blank in a request line: {method!r} {uri!r}")
        return cls(method, uri, rows, body)

    @property
    def request_uri(self) -> Uri:
        """The Request-URI, parsed; raises SipError(400)."""
        uri = self._uri
        if uri is None:
            uri = self._uri = _read("Request-URI", Uri.parse, self.uri)
        return uri

    def received_from(self, flow: Flow) -> None:
        """Note the source and write received and rport into the top Via (RFC 3261 18.2.1, RFC 3581 4).

        A top Via that is malformed stays as it is: the answer goes to the source.
        """
        self.source = flow
        try:
            via = self.via
        except SipError:
            return
        stamped = via.received_from(*flow.remote)
        if stamped is via:
            return
        for position, (name, value) in enumerate(self.headers):
            if (KEYS.get(name) or key_of(name)) == "via":
                values = split_values(value)
                values[0] = str(stamped)
                self.headers[position] = (name, ", ".join(values))
                self.index["via"][0] = self.headers[position][1]
                break
        self._via = stamped
        if self._parsed is not None:
            self._parsed.pop("Via", None)
        self._encoded = None

    def start_line(self) -> str:
        """Return the request line."""
        return f"{self.method} {self.uri} SIP/2.0"


class Response(Message):
    """A response."""

    __slots__ = ("reason", "source", "status")

    def __init__(
        self,
        status: int,
        reason: str,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        index: dict[str, list[str]] | None = None,
    ) -> None:
        super().__init__(headers, body, index)
        self.status = status
        self.reason = reason
        self.source: Flow | None = None

    @classmethod
    def build(cls, status: int, reason: str, *, headers: Rows, body: bytes = b"") -> Response:
        """Make a response of ours; raises ValueError for CR, LF or NUL anywhere. Leave Content-Length out."""
        if not 100 <= status <= 699:
            raise ValueError(f"no SIP status: {status}")
        return cls(status, reason, _checked(headers, reason), body)

    def start_line(self) -> str:
        """Return the status line."""
        return f"SIP/2.0 {self.status} {self.reason}"


def _checked(headers: Rows, start: str) -> list[tuple[str, str]]:
    rows = list(headers)
    refuse_controls("".join([start, *[part for row in rows for part in row]]))
    return rows


def _read(name: str, parse: Callable[[str], Value], raw: str) -> Value:
    try:
        return parse(raw)
    except SipError as error:
        raise SipError(error.status, f"Malformed {name}") from error


def _parse_max_forwards(raw: str) -> int:
    number = read_number(raw, 255)
    if number is None:
        raise SipError(400, "Malformed Max-Forwards")
    return number


_TITLES = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
