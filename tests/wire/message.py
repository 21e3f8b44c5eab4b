"""SIP messages as the peers of the wire tests read and write them; shares no code with the product."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

Rows = Sequence[tuple[str, str]]
Address = tuple[str, int]

_serials = itertools.count(1)
_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
    "c": "content-type", "k": "supported", "o": "event", "r": "refer-to", "x": "session-expires",
}  # fmt: skip


def fresh(prefix: str = "") -> str:
    """Return a token that no other call of this machine has."""
    return f"{prefix}{os.getpid():x}x{next(_serials):x}"


def branch() -> str:
    """Return a fresh branch."""
    return fresh("z9hG4bK")


def bracketed(host: str) -> str:
    """Write a host for a URI or Via."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True)
class Sip:
    """A message that came in."""

    start: str
    rows: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes
    source: Address = ("", 0)
    channel: object = field(default=None, compare=False)
    """The connection it came by; None for a datagram."""

    @property
    def status(self) -> int:
        """Status of a response, 0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Method of a request, or of the request that a response answers."""
        return (self["cseq"].split() or [""])[-1] if self.status else self.start.split(" ")[0]

    @property
    def uri(self) -> str:
        """Request-URI."""
        return self.start.split(" ")[1]

    def __getitem__(self, name: str) -> str:
        """Return the first value of a header (lower-case name); "" without one."""
        return next((value for found, value in self.rows if found == name), "")

    def __contains__(self, name: str) -> bool:
        return any(found == name for found, _ in self.rows)

    def all(self, name: str) -> list[str]:
        """Return every row of a header."""
        return [value for found, value in self.rows if found == name]

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return self["call-id"]

    @property
    def cseq(self) -> int:
        """Number of the CSeq, -1 without one (an answer to a damaged request)."""
        number = (self["cseq"].split() or [""])[0]
        return int(number) if re.fullmatch("[0-9]+", number) else -1

    def tag(self, name: str) -> str:
        """Return the tag of From or To."""
        found = re.search(r";\s*tag=([^;\s]+)", self[name])
        return found.group(1) if found else ""

    @property
    def contact(self) -> str:
        """URI of the first Contact."""
        found = re.search(r"<([^>]*)>", self["contact"])
        return found.group(1) if found else self["contact"]

    @property
    def media(self) -> Address:
        """Where the SDP wants its audio."""
        text = self.body.decode("latin-1")
        host = re.search(r"^c=IN IP[46] (\S+)", text, re.M)
        port = re.search(r"^m=audio (\d+)", text, re.M)
        assert host is not None, text
        assert port is not None, text
        return host.group(1), int(port.group(1))

    def attribute(self, pattern: str) -> str:
        """Return the first line of the body that a regular expression matches, "" without one."""
        found = re.search(f"^{pattern}.*?$", self.body.decode("latin-1").replace("\r", ""), re.M)
        return found.group(0) if found else ""

    def __str__(self) -> str:
        return self.raw.decode("latin-1")


def read(data: bytes, source: Address = ("", 0), channel: object = None) -> Sip:
    """Read one whole message."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    rows = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        rows.append((_COMPACT.get(key, key), value.strip()))
    return Sip(lines[0], tuple(rows), body, data, source, channel)


def write(start: str, rows: Rows, body: bytes = b"") -> bytes:
    """Write a message; Content-Length is added where the rows have none."""
    lines = [start, *[f"{name}: {value}" for name, value in rows]]
    if not any(name.lower() in ("content-length", "l") for name, _ in rows):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


_REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required",
    422: "Session Interval Too Small", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
    500: "Server Internal Error", 503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}  # fmt: skip


def response(request: Sip, status: int, rows: Rows = (), body: bytes = b"", *, tag: str = "") -> bytes:
    """Write the answer to a request; ``tag`` is put into To where that has none."""
    to = request["to"]
    if tag and "tag=" not in to:
        to += f";tag={tag}"
    return write(
        f"SIP/2.0 {status} {_REASONS.get(status, 'Whatever')}",
        [
            *[("Via", value) for value in request.all("via")],
            *[("Record-Route", value) for value in request.all("record-route")],
            ("From", request["from"]),
            ("To", to),
            ("Call-ID", request.call_id),
            ("CSeq", request["cseq"]),
            *rows,
        ],
        body,
    )


def sdp(
    address: Address,
    *,
    payloads: str = "8 101",
    direction: str = "",
    version: int = 1,
    profile: str = "RTP/AVP",
    lines: Sequence[str] = (),
) -> bytes:
    """Write a description of one audio stream: A-law and telephone events unless told otherwise."""
    host, port = address
    family = "IP6" if ":" in host else "IP4"
    names = {
        "0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000", "18": "G729/8000",
        "101": "telephone-event/8000", "97": "iLBC/8000",
    }  # fmt: skip
    text = [
        "v=0",
        f"o=- 1234 {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        f"m=audio {port} {profile} {payloads}",
        *[f"a=rtpmap:{payload} {names[payload]}" for payload in payloads.split()],
        *lines,
        *([f"a={direction}"] if direction else []),
    ]
    return "".join(line + "\r\n" for line in text).encode("ascii")
