"""Seeded damage to sound messages."""

from __future__ import annotations

import random
from collections.abc import Callable

Change = Callable[[bytes, random.Random], bytes]

_NUMBERS = [b"-1", b"0", b"65536", b"4294967296", b"9" * 40, b"1e9", b"0x10", "１２".encode(), b"1_0"]
_NOISE = [
    b"\x00", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\t", b";", b",", b'"', b"<", b">", b"[", b"%00", b"%",
    b"@", b":", b"\xff\xfe", b"\xc3\x28", "\u2028".encode(), b"\x0b", b"\x85", b"=", b"?", b"\\",
]  # fmt: skip
_ROWS = [
    b"Require: nothing", b"Route: <sip:127.0.0.1;lr>", b"Content-Encoding: gzip", b"Expires: 0",
    b"Max-Forwards: 0", b"Session-Expires: 1", b"Min-SE: x", b"Replaces: 1;to-tag=2;from-tag=3",
    b"Record-Route: <sip:a;lr>,<sip:b>",
    b"Content-Length: 5", b"Via: SIP/2.0/UDP x;branch=z9hG4bK1", b"Privacy: id", b"RAck: 1 1 INVITE",
    b"Date: yesterday", b"Timestamp: 1", b"Accept: text/plain", b"Supported: 100rel", b"X: " + b"y" * 3000,
]  # fmt: skip


def _flip(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.randrange(1, 30) :]


def _end(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.choice(_NOISE) * dice.choice([1, 1, 2, 50]) + data[at:]


def _repeat(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    piece = data[at : at + dice.randrange(1, 60)]
    return data[:at] + piece * dice.choice([2, 3, 30]) + data[at + len(piece) :]


def _number(data: bytes, dice: random.Random) -> bytes:
    digits = [at for at, octet in enumerate(data) if 48 <= octet <= 57]
    at = dice.choice(digits)
    return data[:at] + dice.choice(_NUMBERS) + data[at + 1 :]


def _shuffle(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _row(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    lines.insert(dice.randrange(1, len(lines)), dice.choice(_ROWS))
    return b"\r\n".join(lines)


def _double(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    at = dice.randrange(len(lines))
    lines.insert(at, lines[at])
    return b"\r\n".join(lines)


CHANGES: list[Change] = [_flip, _cut, _end, _insert, _repeat, _number, _shuffle, _row, _double]


def damage(data: bytes, dice: random.Random) -> bytes:
    """Change a message in one to three places; never longer than a datagram may be."""
    for _ in range(dice.choice([1, 1, 2, 3])):
        changed = dice.choice(CHANGES)(data, dice)
        if len(changed) < 40 or b"\r\n" not in changed:
            break
        data = changed
    return data[:60000]
