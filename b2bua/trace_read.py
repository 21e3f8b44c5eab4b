"""Read one call's SIP messages back from the trace ring; print them as a ladder, export them as pcap."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from b2bua.trace_frames import AFTER_LENGTH, BELONGS, FRAME, SENT, trace_files

LINKTYPE_RAW: Final = 101


class TracedMessage(msgspec.Struct, frozen=True):
    """One message of a call."""

    utc: float
    leg: str
    """``a``, ``b1`` ..."""
    sent: bool
    """Sent by the box, else received."""
    transport: str
    local: tuple[str, int]
    remote: tuple[str, int]
    data: bytes

    @property
    def first_line(self) -> str:
        """The start line, without what a terminal would act on."""
        line = self.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")
        return "".join(character if character.isprintable() else "?" for character in line)

    @property
    def has_sdp(self) -> bool:
        """Whether the message carries a session description."""
        return b"\r\n\r\nv=0" in self.data


class _Frame(msgspec.Struct, frozen=True):
    kind: int
    utc: float
    key: bytes
    path: bytes
    data: bytes


def read_call(directory: Path, call: str) -> list[TracedMessage]:
    """Return a call's messages in order of time; empty when the ring no longer holds it."""
    legs = {
        frame.key: frame.data.decode() for frame in _frames(directory, call.encode()) if frame.kind == BELONGS
    }
    if not legs:
        return []
    messages = [
        _message(frame, legs[frame.key])
        for frame in _frames(directory, *legs)
        if frame.kind != BELONGS and frame.key in legs
    ]
    return sorted(messages, key=lambda message: message.utc)


def _frames(directory: Path, *wanted: bytes) -> Iterator[_Frame]:
    """Yield the frames that hold one of these byte strings in key or path."""
    for path in trace_files(directory):
        data = path.read_bytes()
        if any(each in data for each in wanted):
            yield from _frames_in(data, wanted)


def _frames_in(data: bytes, wanted: tuple[bytes, ...]) -> Iterator[_Frame]:
    position, end = 0, len(data)
    names = frozenset(wanted)
    while position + FRAME.size <= end:
        length, kind, utc, key_length, path_length = FRAME.unpack_from(data, position)
        start, position = position + FRAME.size, position + 4 + length
        if length < AFTER_LENGTH + key_length + path_length or position > end:
            return  # half a frame: the process died while it wrote
        key = data[start : start + key_length]
        middle = start + key_length + path_length
        path = data[start + key_length : middle]
        if key in names or (kind == BELONGS and path in names):
            yield _Frame(kind=kind, utc=utc, key=key, path=path, data=data[middle:position])


def _message(frame: _Frame, leg: str) -> TracedMessage:
    transport, local, remote = frame.path.decode().split(" ")
    return TracedMessage(
        utc=frame.utc,
        leg=leg,
        sent=frame.kind == SENT,
        transport=transport,
        local=_address(local),
        remote=_address(remote),
        data=frame.data,
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


# -- the ladder ------------------------------------------------------------------------------------

_COLUMN: Final = 34


def ladder(messages: list[TracedMessage], zone: tzinfo = UTC, language: str = "en") -> str:
    """Draw the messages between caller, box400 and the legs rung, one line each, with times.

    ``language``: ``en`` or ``zh``.
    """
    if not messages:
        return ""
    others = sorted({m.leg for m in messages if m.leg != "a"}, key=lambda leg: (len(leg), leg))
    columns = ["a", "box", *others]
    zh = language == "zh"
    title = {"a": "主叫" if zh else "caller", "box": "box400"}
    lines = [" " * 14 + "".join(_centred(title.get(c, c)) for c in columns).rstrip()]
    lines.append(" " * 14 + "".join("│".center(_COLUMN) for _ in columns).rstrip())
    began = messages[0].utc
    for message in messages:
        stamp = datetime.fromtimestamp(message.utc, zone).strftime("%H:%M:%S.%f")[:12]
        lines.append(f"{stamp}  {_arrow(message, columns)}")
    lines.append("")
    seconds = messages[-1].utc - began
    lines.append(
        f"共 {len(messages)} 条信令，历时 {seconds:.3f} 秒"
        if zh
        else f"{len(messages)} messages in {seconds:.3f} s"
    )
    return "\n".join(lines)


def _centred(title: str) -> str:
    """Centre a column's title; Chinese characters take two places."""
    wide = sum(not char.isascii() for char in title)
    return title.center(_COLUMN - wide)


def _arrow(message: TracedMessage, columns: list[str]) -> str:
    """Draw one line: life lines, and an arrow between the box's and the leg's."""
    width = _COLUMN * len(columns)
    row = [" "] * width
    middles = [_COLUMN * index + (_COLUMN - 1) // 2 for index in range(len(columns))]
    for middle in middles:
        row[middle] = "│"
    box, leg = middles[1], middles[columns.index(message.leg)]
    left, right = min(box, leg), max(box, leg)
    row[left + 1 : right] = "─" * (right - left - 1)
    to_right = (leg > box) == message.sent
    row[right - 1 if to_right else left + 1] = "▶" if to_right else "◀"
    text = _label(message)[: _COLUMN - 6]
    start = (left + 1 + right) // 2 - len(text) // 2
    # Between distant columns the label stands next to the leg it belongs to.
    if right - left > _COLUMN:
        start = right - _COLUMN + 1 + (_COLUMN - 2 - len(text)) // 2
    row[start - 1 : start + len(text) + 1] = f" {text} "
    return "".join(row).rstrip()


def _label(message: TracedMessage) -> str:
    words = message.first_line.split(" ")
    if words[0].startswith("SIP/"):
        text = " ".join(words[1:])
        method = _cseq_method(message.data)
        text = f"{text} ({method})" if method not in ("", "INVITE") else text
    else:
        text = words[0]
    return f"{text} +SDP" if message.has_sdp else text


def _cseq_method(data: bytes) -> str:
    head = data.split(b"\r\n\r\n", 1)[0]
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"cseq":
            return value.split()[-1].decode("ascii", "replace") if value.split() else ""
    return ""


# -- pcap ------------------------------------------------------------------------------------------


def write_pcap(messages: list[TracedMessage], file: BinaryIO) -> None:
    """Write the messages as raw IP packets with UDP (also what went by TCP or TLS, decrypted), for
    Wireshark."""
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINKTYPE_RAW))
    for message in messages:
        source, destination = (
            (message.local, message.remote) if message.sent else (message.remote, message.local)
        )
        packet = _packet(source, destination, message.data)
        seconds = int(message.utc)
        micros = int((message.utc - seconds) * 1_000_000)
        file.write(struct.pack("<IIII", seconds, micros, len(packet), len(packet)) + packet)


def _packet(source: tuple[str, int], destination: tuple[str, int], data: bytes) -> bytes:
    data = data[:65000]
    ours, theirs = ipaddress.ip_address(source[0]).packed, ipaddress.ip_address(destination[0]).packed
    length = 8 + len(data)
    udp = struct.pack(">HHHH", source[1], destination[1], length, 0) + data
    pseudo = ours + theirs + struct.pack(">II", length, 17)
    checksum = _checksum(pseudo + udp) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", checksum) + udp[8:]
    if len(ours) == 16:
        return struct.pack(">IHBB", 6 << 28, length, 17, 64) + ours + theirs + udp
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 17, 0) + ours + theirs
    return head[:10] + struct.pack(">H", _checksum(head)) + head[12:] + udp


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
