"""Session descriptions: frozen values, read from and written to bytes (RFC 4566, RFC 8866).

Reading tolerates what carriers really send (missing ``o=``, ``s=`` or ``t=``, lone LF, unknown lines and
attributes) and refuses what would make us guess about the media. It takes time linear in its input.
"""

from __future__ import annotations

import re

import msgspec

from b2bua.sdp.errors import SdpError
from b2bua.sdp.media import Attributes, Direction, Media
from b2bua.sdp.sections import Section

MAX_BYTES = 65536
MAX_LINES = 4096
MAX_MEDIA = 64

_CONNECTION = re.compile(r"IN +IP[46] +([0-9A-Za-z.:\-_]{1,255})(?:/[0-9]{1,5}){0,2} *", re.IGNORECASE)
_KINDS = frozenset([f"{letter}=" for letter in "abcdefghijklnopqrstuvwxyz"])


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The ``o=`` line. Id and version are digits of any length, hence text."""

    user: str = "-"
    session_id: str = "0"
    version: str = "0"
    address: str = "0.0.0.0"  # noqa: S104 - a placeholder that nobody binds


class SessionDescription(msgspec.Struct, frozen=True, gc=False):
    """A whole description."""

    origin: Origin
    media: tuple[Media, ...] = ()
    connection: str | None = None
    """Address of the session's ``c=`` line: IP literal without brackets, or a host name."""
    name: str = "-"
    attributes: Attributes = ()
    extra: tuple[str, ...] = ()
    """Lines of other types before the first media section."""
    times: str = "0 0"
    """Value of the first ``t=`` line."""

    @classmethod
    def parse(cls, body: bytes) -> SessionDescription:
        """Read a description; raises SdpError."""
        if len(body) > MAX_BYTES:
            raise SdpError("the description is too long")
        text = body.decode("utf-8", "surrogateescape")
        if text[-1:] == "\r":
            text = text[:-1]  # its LF was cut off by a Content-Length that is one too small
        if "\0" in text or text.count("\r") != text.count("\r\n"):
            raise SdpError("NUL or a lone CR in the description")
        lines = text.replace("\r\n", "\n").split("\n")
        if len(lines) > MAX_LINES:
            raise SdpError("the description has too many lines")
        section = Section()
        sections = [section]
        for line in lines:
            kind = line[:2]
            if kind in _KINDS:
                section.lines.append(line)
            elif kind == "m=":
                section = Section(line[2:])
                sections.append(section)
            elif line:
                raise SdpError("a line is not of the form type=value")
        if len(sections) > MAX_MEDIA + 1:
            raise SdpError("too many media sections")
        return _read(sections)

    def encode(self) -> bytes:
        """Write it with CRLF line ends; raises ValueError for CR, LF or NUL in a part of it."""
        lines = ["v=0", _print_origin(self.origin), f"s={self.name}"]
        lines += [line for line in self.extra if _place(line) == 0]
        if self.connection is not None:
            lines.append(f"c={print_address(self.connection)}")
        lines += [line for line in self.extra if _place(line) == 1]
        lines.append(f"t={self.times}")
        lines += [line for line in self.extra if _place(line) == 2]
        lines += [print_attribute(name, value) for name, value in self.attributes]
        for media in self.media:
            lines += _print_media(media)
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
            raise ValueError(f"CR, LF or NUL in SDP: {text!r}")
        return f"{text}\r\n".encode("utf-8", "surrogateescape")

    def address_of(self, media: Media) -> str | None:
        """Return where a section's media goes: its own ``c=``, else the session's; None when there is
        none."""
        return media.connection if media.connection is not None else self.connection

    @property
    def audio(self) -> Media | None:
        """The first audio section that was not refused, or None."""
        for media in self.media:
            if media.kind == "audio" and media.port:
                return media
        return None


def _read(sections: list[Section]) -> SessionDescription:
    head = sections[0]
    if not head.lines or head.lines[0] != "v=0":
        raise SdpError("the description does not begin with v=0")
    origin, name = Origin(), "-"
    connection: str | None = None
    times: str | None = None
    extra: list[str] = []
    for line in head.lines[1:]:
        kind, value = line[0], line[2:]
        if kind == "a":
            head.attribute(value)
        elif kind == "o":
            origin = _read_origin(value)
        elif kind == "s":
            name = value
        elif kind == "c":
            connection = _read_connection(value)
        elif kind == "t" and times is None:
            times = value
        elif kind != "v":
            extra.append(line)
    media = tuple([_read_media(section, head) for section in sections[1:]])
    return SessionDescription(
        origin,
        media,
        connection,
        name,
        tuple(head.attributes),
        tuple(sorted(extra, key=_place)),
        "0 0" if times is None else times,
    )


def _read_media(section: Section, session: Section) -> Media:
    section.first_line()
    connection: str | None = None
    extra: list[str] = []
    for line in section.lines:
        if line[0] == "a":
            section.attribute(line[2:])
        elif line[0] == "c":
            connection = connection or _read_connection(line[2:])
        else:
            extra.append(line)
    return Media(
        section.kind,
        section.port,
        section.proto,
        section.codecs(),
        section.other_formats(),
        connection,
        section.direction or session.direction or Direction.SENDRECV,
        section.ptime or session.ptime,
        section.rtcp,
        tuple(section.crypto or session.crypto),
        tuple(section.attributes),
        tuple(sorted(extra, key=_place)),
    )


def _place(line: str) -> int:
    """Say where a line stands: before ``c=`` (0), before ``t=`` (1), or after it (2)."""
    return 0 if line[0] in "iuep" else 1 if line[0] == "b" else 2


def _read_origin(value: str) -> Origin:
    parts = [part for part in value.split(" ") if part]
    if len(parts) != 6:
        return Origin()
    return Origin(parts[0], parts[1], parts[2], parts[5])


def _read_connection(value: str) -> str:
    match = _CONNECTION.fullmatch(value)
    if match is None:
        raise SdpError("malformed connection address")
    return match[1].lower()


def print_address(address: str) -> str:
    """Print a ``c=`` or ``o=`` address with its network and family."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def print_attribute(name: str, value: str | None) -> str:
    """Print an ``a=`` line."""
    return f"a={name}" if value is None else f"a={name}:{value}"


def _print_origin(origin: Origin) -> str:
    return f"o={origin.user} {origin.session_id} {origin.version} {print_address(origin.address)}"


def _print_media(media: Media) -> list[str]:
    formats = [str(codec.payload_type) for codec in media.codecs] or media.formats
    lines = [" ".join([f"m={media.kind}", str(media.port), media.proto, *formats])]
    lines += [line for line in media.extra if _place(line) == 0]
    if media.connection is not None:
        lines.append(f"c={print_address(media.connection)}")
    lines += [line for line in media.extra if _place(line) != 0]
    for codec in media.codecs:
        if codec.name:
            channels = f"/{codec.channels}" if codec.channels != 1 else ""
            lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}")
        if codec.fmtp is not None:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    if media.ptime is not None:
        lines.append(f"a=ptime:{media.ptime}")
    if media.rtcp is not None:
        lines.append(f"a=rtcp:{media.rtcp}")
    lines += [f"a=crypto:{crypto}" for crypto in media.crypto]
    lines += [print_attribute(name, value) for name, value in media.attributes]
    if media.port or media.direction is not Direction.SENDRECV:
        lines.append(f"a={media.direction.value}")
    return lines
