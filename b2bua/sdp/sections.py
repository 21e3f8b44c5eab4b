"""What is collected while the lines of one section are read."""

from __future__ import annotations

import re

from b2bua.sdp.crypto import Crypto
from b2bua.sdp.errors import SdpError
from b2bua.sdp.media import STATIC_CODECS, Codec, Direction

_MEDIA = re.compile(r"([!-~]{1,64}) +([0-9]{1,5})(?:/[0-9]{1,5})? +([!-~]{1,64})((?: ++[!-~]++)*) *+")
_RTPMAP = re.compile(r"([0-9]{1,3}) ++([!-.0-~]{1,64})/([0-9]{1,9})(?:/([0-9]{1,2}))? *+")
_FMTP = re.compile(r"([0-9]{1,3}) ++(.*)", re.DOTALL)
_PTIME = re.compile(r"([0-9]{1,4})(?:\.[0-9]{1,9})? *")
_PAYLOAD_TYPE = re.compile(r"[0-9]{1,3}")
_DIRECTIONS = {direction.value: direction for direction in Direction}


class Section:
    """The session part (``line`` None) or one media section, while it is read."""

    __slots__ = (
        "attributes",
        "crypto",
        "direction",
        "fmtp",
        "formats",
        "kind",
        "line",
        "lines",
        "payload_types",
        "port",
        "proto",
        "ptime",
        "rtcp",
        "rtpmap",
    )

    def __init__(self, line: str | None = None) -> None:
        self.line = line
        self.lines: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.crypto: list[Crypto] = []
        self.direction: Direction | None = None
        self.ptime: int | None = None
        self.rtcp: str | None = None
        self.rtpmap: dict[int, Codec] = {}
        self.fmtp: dict[int, str] = {}
        self.kind = self.proto = ""
        self.port = 0
        self.formats: tuple[str, ...] = ()
        self.payload_types: dict[int, None] = {}

    def first_line(self) -> None:
        """Read the ``m=`` line; raises SdpError."""
        match = _MEDIA.fullmatch(self.line or "")
        if match is None or int(match[2]) > 65535:
            raise SdpError("malformed media line")
        self.kind, self.proto = match[1].lower(), match[3]
        self.port = int(match[2])
        self.formats = tuple([part for part in match[4].split(" ") if part])
        if "RTP/" in self.proto.upper():
            self.proto = self.proto.upper()
            self.payload_types = _payload_types(self.formats)

    def attribute(self, text: str) -> None:
        """Take one ``a=`` line; what is malformed or repeated is kept among the others."""
        name, colon, value = text.partition(":")
        if not colon:
            direction = _DIRECTIONS.get(name)
            if direction is None:
                self.attributes.append((name, None))
            else:
                self.direction = direction
        elif not self._known(name, value):
            self.attributes.append((name, value))

    def _known(self, name: str, value: str) -> bool:
        if name == "rtpmap":
            return self._take_rtpmap(value)
        if name == "fmtp":
            match = _FMTP.fullmatch(value)
            if match is None or int(match[1]) not in self.payload_types or int(match[1]) in self.fmtp:
                return False
            self.fmtp[int(match[1])] = match[2]
            return True
        if name == "ptime":
            match = _PTIME.fullmatch(value)
            if match is None or not int(match[1]):
                return False
            self.ptime = int(match[1])
            return True
        if name == "crypto":
            crypto = Crypto.parse(value)
            if crypto is not None:
                self.crypto.append(crypto)
            return crypto is not None
        if name == "rtcp" and self.line is not None and self.rtcp is None:
            self.rtcp = value
            return True
        return False

    def _take_rtpmap(self, value: str) -> bool:
        match = _RTPMAP.fullmatch(value)
        if match is None:
            return False
        payload_type = int(match[1])
        if payload_type not in self.payload_types or payload_type in self.rtpmap:
            return False
        self.rtpmap[payload_type] = Codec(payload_type, match[2], int(match[3]), int(match[4] or "1"))
        return True

    def codecs(self) -> tuple[Codec, ...]:
        """Return the payload formats in their order."""
        out: list[Codec] = []
        for payload_type in self.payload_types:
            codec = self.rtpmap.get(payload_type) or STATIC_CODECS.get(payload_type)
            if codec is None:
                codec = Codec(payload_type, "", 0)
            fmtp = self.fmtp.get(payload_type)
            if fmtp != codec.fmtp:
                codec = Codec(payload_type, codec.name, codec.clock_rate, codec.channels, fmtp)
            out.append(codec)
        return tuple(out)

    def other_formats(self) -> tuple[str, ...]:
        """Return the formats where they are no payload types."""
        return () if self.payload_types else self.formats


def _payload_types(formats: tuple[str, ...]) -> dict[int, None]:
    """Read payload types, each once; empty when one of them is none, so that the section stays opaque."""
    out: dict[int, None] = {}
    for raw in dict.fromkeys(formats):
        if not _PAYLOAD_TYPE.fullmatch(raw) or int(raw) > 127:
            return {}
        out[int(raw)] = None
    return out
