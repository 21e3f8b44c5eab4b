"""From bytes to messages: one datagram, or a stream of TCP or TLS (RFC 3261 7, 18.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from b2bua.sip.errors import SipError
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.names import KEYS, header_key
from b2bua.sip.text import read_number

MAX_HEAD = 65536
MAX_BODY = 65536
MAX_ROWS = 512
MAX_VIAS = 70

_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]++) ([^\x00-\x20\x7f]++) ([Ss][Ii][Pp]/[0-9]++\.[0-9]++)")
_STATUS_LINE = re.compile(r"[Ss][Ii][Pp]/2\.0 ([1-6][0-9][0-9])(?: ([^\0\r]*+))?+")
_REQUEST_IN_RUINS = re.compile(
    r"([A-Za-z0-9\-.!%*_+`'~]++)[ \t]++[^\n]*[ \t][Ss][Ii][Pp]/[0-9]++\.[0-9]++[ \t]*+"
)
_FOLD = re.compile(r"(?<![ \t])[ \t]*+\r?\n[ \t]++")
_HEAD_END = re.compile(rb"\r?\n\r?\n")

Rows = list[tuple[str, str]]
Index = dict[str, list[str]]


class Head(NamedTuple):
    """A start line with its header rows, read as far as possible."""

    message: Message | None
    """None where the start line is hopeless."""
    error: SipError | None
    length: int | None
    """Content-Length, None when absent; where it cannot be trusted ``error`` is set and it is -1."""


def parse_message(data: bytes) -> Message:
    """Parse one datagram; raises SipError (see there for what may be answered).

    Octets past Content-Length are noise; a body shorter than it is refused. Lone LF ends a line, lone CR does
    not. Empty lines before the start line are skipped.
    """
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    end = data.find(b"\r\n\r\n")
    body_at = end + 4
    if end < 0 or data.find(b"\n\n", 0, end) >= 0 or data.find(b"\n\r\n", 0, end) >= 0:
        match = _HEAD_END.search(data)
        end, body_at = match.span() if match else (len(data), len(data) + 1)
    message, error, length = parse_head(data[:end])
    if error is not None:
        raise error
    assert message is not None
    there = len(data) - body_at
    if there < 0:
        raise _about(SipError(400, "Missing End of Headers"), message)
    if length is None:
        length = there
    elif length > there:
        raise _about(SipError(400, "Content-Length Too Large"), message)
    if length > MAX_BODY:
        raise _about(SipError(413, "Request Entity Too Large"), message)
    message.body = data[body_at : body_at + length]
    return message


def parse_head(head: bytes) -> Head:
    """Parse the start line and the header rows (without the empty line)."""
    if len(head) > MAX_HEAD:
        return Head(None, SipError(513, "Message Too Large"), -1)
    text = head.decode("utf-8", "surrogateescape")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    start, _, rest = text.partition("\n")
    headers: Rows = []
    index: Index = {}
    wrong: str | None = None
    usual = KEYS.get
    for line in rest.split("\n"):
        name, colon, value = line.partition(":")
        key = usual(name)
        if key is None or not colon:
            key = header_key(name) if colon else None
            if key is None:
                if line and line != "\r":
                    wrong = "Malformed Header"
                continue
            name = name.rstrip(" \t")
        value = value.strip(" \t\r")
        if key in index:
            index[key].append(value)
        else:
            index[key] = [value]
        headers.append((name, value))
    if start[-1:] == "\r":
        start = start[:-1]
    if text.count("\r") != text.count("\r\n") + (text[-1:] == "\r"):
        wrong = "Stray Carriage Return"
        headers, index = _without_returns(headers, index)
    if "\0" in text:
        wrong = _find_nul(index) or wrong
    if len(headers) > MAX_ROWS:
        wrong = "Too Many Headers"
    message, error = _start(start, headers, index)
    if wrong is not None and error is None:
        error = SipError(400, wrong)
    length = None
    if "content-length" in index:
        rows = index["content-length"]
        length = read_number(rows[0], 2**31 - 1) if len(rows) == 1 else None
        if length is None:
            length = -1
            error = error or SipError(400, "Malformed Content-Length")
        if message is not None:
            message.headers = [row for row in headers if _is_not_length(row[0])]
    if error is not None and message is not None:
        error = _about(error, message)
    return Head(message, error, length)


def _start(line: str, headers: Rows, index: Index) -> tuple[Message | None, SipError | None]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is not None:
        return Request(match[1], match[2], headers, b"", index, match[3]), None
    match = _STATUS_LINE.fullmatch(line)
    if match is not None:
        return Response(int(match[1]), match[2] or "", headers, b"", index), None
    match = _REQUEST_IN_RUINS.fullmatch(line)
    if match is None:
        return None, SipError(400, "Malformed Start Line")
    return Request(match[1], "", headers, b"", index), SipError(400, "Malformed Request-Line")


def _is_not_length(name: str) -> bool:
    return (KEYS.get(name) or header_key(name)) != "content-length"


def _about(error: SipError, message: Message) -> SipError:
    return error.about(message) if isinstance(message, Request) else error


def _without_returns(headers: Rows, index: Index) -> tuple[Rows, Index]:
    """Make harmless what is echoed in the refusal."""
    clean = {key: [row.replace("\r", " ") for row in rows] for key, rows in index.items()}
    return [(name, value.replace("\r", " ")) for name, value in headers], clean


def _find_nul(index: Index) -> str | None:
    # An escaped NUL is legal in a quoted display name (RFC 4475 3.1.1.2); elsewhere it would get into
    # what we send.
    for key, rows in index.items():
        for row in rows:
            if "\0" in (row.replace("\\\0", "") if key in ("from", "to") else row):
                return "NUL in Header"
    return None


class Ping:
    """A double CRLF between messages: the peer wants one CRLF back (RFC 5626 3.5.1)."""


PING = Ping()


class StreamParser:
    """Cuts a TCP or TLS stream into messages, in time linear in its input however it is split.

    Once ``dead`` no message boundary can be found any more: answer what was returned, then close the
    connection. A message that never becomes complete is the caller's to time out (``pending``).
    """

    __slots__ = ("_at", "_buffer", "_head", "_returns", "_scan", "dead")

    def __init__(self) -> None:
        self.dead = False
        self._buffer = bytearray()
        self._at = 0  # where the next message begins in the buffer; with a head, where its body begins
        self._scan = 0  # up to here there is no end of headers
        self._head: Head | None = None
        self._returns = 0

    @property
    def pending(self) -> bool:
        """Whether part of a message has arrived."""
        return self._head is not None or len(self._buffer) > self._at

    def feed(self, data: bytes) -> list[Message | SipError | Ping]:
        """Take what has arrived; return what became complete, in order. Content-Length is mandatory here."""
        out: list[Message | SipError | Ping] = []
        if self.dead:
            return out
        self._buffer += data
        while not self.dead and (self._finish(out) if self._head is not None else self._begin(out)):
            pass
        if self.dead:
            self._buffer.clear()
            self._at = self._scan = 0
        elif self._at:
            del self._buffer[: self._at]
            self._scan = max(0, self._scan - self._at)
            self._at = 0
        return out

    def _begin(self, out: list[Message | SipError | Ping]) -> bool:
        """Read a head, if it is all there."""
        buffer = self._buffer
        if not self._skip_line_ends(out):
            return False
        match = _HEAD_END.search(buffer, max(self._at, self._scan))
        end = match.start() if match is not None else len(buffer)
        if end - self._at > MAX_HEAD:
            self._die(out, SipError(513, "Message Too Large"))
            return False
        if match is None:
            self._scan = max(self._at, len(buffer) - 3)
            return False
        head = parse_head(bytes(buffer[self._at : end]))
        self._at = match.end()
        if head.length is None or not 0 <= head.length <= MAX_BODY or head.message is None:
            self._die(out, head.error or self._framing_error(head))
            return False
        self._head = head
        return True

    def _skip_line_ends(self, out: list[Message | SipError | Ping]) -> bool:
        """Skip what stands between messages; False when nothing else has come yet."""
        buffer, at = self._buffer, self._at
        while at < len(buffer):
            octet = buffer[at]
            if octet == 10:
                at += 1
                self._returns = 0
            elif octet == 13:
                if at + 1 == len(buffer):
                    break
                if buffer[at + 1] != 10:
                    self._at = at
                    return True
                at += 2
                self._returns += 1
                if self._returns == 2:
                    self._returns = 0
                    out.append(PING)
            else:
                self._returns = 0
                self._at = at
                return True
        self._at = at
        return False

    def _finish(self, out: list[Message | SipError | Ping]) -> bool:
        """Complete the message whose head was read, if its body is all there."""
        assert self._head is not None
        message, error, length = self._head
        assert message is not None
        assert length is not None
        end = self._at + length
        if len(self._buffer) < end:
            return False
        if error is None:
            message.body = bytes(self._buffer[self._at : end])
            out.append(message)
        else:
            out.append(error)
        self._at = self._scan = end
        self._head = None
        return True

    def _framing_error(self, head: Head) -> SipError:
        error = (
            SipError(400, "Missing Content-Length")
            if head.length is None
            else SipError(413, "Request Entity Too Large")
        )
        return error if head.message is None else _about(error, head.message)

    def _die(self, out: list[Message | SipError | Ping], error: SipError) -> None:
        self.dead = True
        out.append(error)
