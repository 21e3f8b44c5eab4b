"""From bytes to messages: one datagram, or a stream of TCP or TLS (RFC 3261 7, 18.3)."""

from __future__ import annotations

from b2bua.sip.errors import SipError
from b2bua.sip.head import HEAD_END, MAX_HEAD, Head, about, cut_lines, cut_plain, parse_head
from b2bua.sip.message import Message

MAX_BODY = 65536


def parse_message(data: bytes) -> Message:
    """Parse one datagram; raises SipError (see there for what may be answered).

    Octets past Content-Length are noise; a body shorter than it is refused. Lone LF ends a line, lone CR does
    not. Empty lines before the start line are skipped.
    """
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    lines, body_at = _cut_head(data)
    message, error, length = parse_head(lines)
    if error is not None:
        raise error
    assert message is not None
    there = len(data) - body_at
    if there < 0:
        raise about(SipError(400, "Missing End of Headers"), message)
    if length is None:
        length = there
    elif length > there:
        raise about(SipError(400, "Content-Length Too Large"), message)
    if length > MAX_BODY:
        raise about(SipError(413, "Request Entity Too Large"), message)
    message.body = data[body_at : body_at + length]
    message.raw = data
    return message


def _cut_head(data: bytes) -> tuple[list[str], int]:
    """Return the lines of the head and where the body begins (past the end where the head does not end)."""
    end = data.find(b"\r\n\r\n")
    if 0 <= end <= MAX_HEAD:
        lines = cut_plain(data[:end])
        if lines is not None:
            return lines, end + 4
    match = HEAD_END.search(data, 0, MAX_HEAD + 4)
    end, body_at = match.span() if match else (len(data), len(data) + 1)
    if end > MAX_HEAD:
        raise SipError(513, "Message Too Large")
    return cut_lines(data[:end]), body_at


class Ping:
    """A double CRLF between messages: the peer wants one CRLF back (RFC 5626 3.5.1)."""


PING = Ping()


class StreamParser:
    """Cuts a TCP or TLS stream into messages, in time linear in its input however it is split.

    Once ``dead`` no message boundary can be found any more: answer what was returned, then close the
    connection. A message that never becomes complete is the caller's to time out (``pending``).
    """

    __slots__ = ("_at", "_buffer", "_head", "_plain", "_returns", "_scan", "dead")

    def __init__(self) -> None:
        self.dead = False
        self._buffer = bytearray()
        self._at = 0  # where the next message begins in the buffer; with a head, where its body begins
        self._scan = 0  # up to here there is no end of headers
        self._head: Head | None = None
        self._returns = 0
        self._plain = True  # this peer ends all its lines with CRLF

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
        since = max(self._at, self._scan)
        end = buffer.find(b"\r\n\r\n", since) if self._plain else -1
        body_at = end + 4
        lines = None
        if 0 <= end - self._at <= MAX_HEAD:
            lines = cut_plain(bytes(buffer[self._at : end]))
        if lines is None:
            match = HEAD_END.search(buffer, since)
            end, body_at = match.span() if match is not None else (len(buffer), 0)
            if end - self._at > MAX_HEAD:
                self._die(out, SipError(513, "Message Too Large"))
                return False
            if match is None:
                self._scan = max(self._at, len(buffer) - 3)
                return False
            lines = cut_lines(bytes(buffer[self._at : end]))
            self._plain = False
        head = parse_head(lines)
        self._at = body_at
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
        return error if head.message is None else about(error, head.message)

    def _die(self, out: list[Message | SipError | Ping], error: SipError) -> None:
        self.dead = True
        out.append(error)
