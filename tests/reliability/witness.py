"""A carrier that marks every RTP packet it sends, so that both ends of a call know which of them arrived and
when.

The mark lies in the lowest bits of the A-law samples, under a tone: recordings of these calls can still be
judged by ear and by ``tests.product.audio``.
"""

from __future__ import annotations

import itertools
import re
import socket
import struct
import time
import zlib
from dataclasses import dataclass, field

import numpy as np

from b2bua.media.g711 import encode_alaw
from tests.crash.carrier import PACKET_SECONDS, Carrier, Seen, Weather, _header, _put, _Side

CALLER_HERTZ = 400
GATEWAY_HERTZ = 800
"""Both repeat after 20 ms, so every packet of a side carries the same tone."""
_MARK = struct.Struct("!IId")
_blocks = itertools.count(1)


def _tone(hertz: float) -> np.ndarray:
    wave = np.sin(np.arange(160) * 2 * np.pi * hertz / 8000) * 8000
    return np.frombuffer(encode_alaw(wave.astype(np.int16)), np.uint8) & 0xFE


_TONES = (_tone(CALLER_HERTZ), _tone(GATEWAY_HERTZ))


def marked(gateway: bool, who: int, number: int) -> bytes:
    """Return 20 ms of A-law that say who sent them, as which packet, and when."""
    body = _MARK.pack(who * 2 + gateway, number, time.monotonic())
    bits = np.unpackbits(np.frombuffer(body + struct.pack("!I", zlib.crc32(body)), np.uint8))
    return (_TONES[gateway] | bits).tobytes()


def read_mark(payload: bytes) -> tuple[int, int, float] | None:
    """Return (who * 2 + gateway, number, when sent) of a payload, or None where there is no mark."""
    if len(payload) != 160:
        return None
    raw = np.packbits(np.frombuffer(payload, np.uint8) & 1).tobytes()
    body, check = raw[:16], raw[16:]
    if struct.unpack("!I", check)[0] != zlib.crc32(body):
        return None
    who, number, sent = _MARK.unpack(body)
    return who, number, sent


@dataclass
class Heard:
    """What arrived at one side of a call."""

    numbers: set[int] = field(default_factory=set)
    """Packets of the other side."""
    delays: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    """When packets of the other side came, monotonic seconds."""
    strange: int = 0
    """Packets with somebody else's mark."""
    sources: set[tuple[str, int]] = field(default_factory=set)

    def lost(self) -> int:
        """Count the packets that are missing between the first and the last that came."""
        if not self.numbers:
            return 0
        return max(self.numbers) - min(self.numbers) + 1 - len(self.numbers)

    def longest_silence(self) -> float:
        """Return the longest time (s) between two packets."""
        return max((after - before for before, after in itertools.pairwise(self.arrivals)), default=0.0)


class Witness(Carrier):
    """Marks and counts; calls that it holds last until it is told.

    Its trunk must show the caller's number on outbound legs (``shown_caller: caller``): by that number the
    two sides of a call are known to belong together.
    """

    def __init__(
        self,
        box: tuple[str, int],
        caller: str,
        gateway: tuple[str, int],
        number: str,
        seed: int = 1,
        weather: Weather | None = None,
        *,
        audio: bool = True,
    ) -> None:
        """``audio``: whether the calls that are not held talk as well."""
        super().__init__(box, caller, gateway, number, seed, weather)
        self._ids = itertools.count(next(_blocks) * 1_000_000)  # callers of one run are told apart by number
        self._audio = audio
        self.heard_at: dict[str, Heard] = {}
        """By the Call-ID of the side that heard it."""
        self.held: set[str] = set()
        """Numbers of callers whose calls do not end by themselves."""

    def hold(self, count: int, seconds: float = 10.0) -> list[Seen]:
        """Set so many calls up that last, and return them once both sides talk."""
        calls = []
        for _ in range(count):
            seen = self.place(1.0)
            self.held.add(seen.caller)
            calls.append(seen)
            self.run(0.02)
        self.run(seconds, lambda: all(self.talks(seen) for seen in calls))
        quiet = [seen for seen in calls if not self.talks(seen)]
        assert not quiet, f"these calls do not talk: {quiet}"
        return calls

    def talks(self, seen: Seen) -> bool:
        """Tell whether both sides of a call hear each other."""
        return seen.up and all(
            self.heard_by(side).numbers for side in (seen, *self.legs_of(seen)) if side.up
        ) and any(leg.up for leg in self.legs_of(seen))  # fmt: skip

    def leave(self, calls: list[Seen], seconds: float = 10.0) -> None:
        """Hang up the callers' sides and wait for the answerers' BYE."""
        for seen in calls:
            super()._hang_up(self._sides[False, seen.call_id])
        self.run(seconds, lambda: not any(leg.up for seen in calls for leg in self.legs_of(seen)))
        self.run(0.3)

    def legs_of(self, seen: Seen) -> list[Seen]:
        """Return the answerers' sides of a call."""
        return [leg for leg in self.legs if leg.caller == seen.caller]

    def heard_by(self, side: Seen) -> Heard:
        """Return what a side heard."""
        return self.heard_at.setdefault(side.call_id, Heard())

    def rtp_of(self, seen: Seen) -> tuple[str, int]:
        """Return where the box takes the audio of a caller's side."""
        target = self._sides[False, seen.call_id].rtp
        assert target is not None
        return target

    def load(self, rate: float, until: float, talk: tuple[float, float] = (0.5, 5.0)) -> None:
        """Place calls at random moments, ``rate`` a second on average, until a moment of :meth:`now`."""
        if self.now() >= until:
            return
        self.place(self._random.uniform(*talk))
        self.after(self._random.expovariate(rate), lambda: self.load(rate, until, talk))

    def settle(self, seconds: float = 45.0) -> None:
        """Let the calls that are not held come to their end."""
        sides = [side for side in self.calls + self.legs if side.caller not in self.held]
        self.run(seconds, lambda: all(side.ended is not None for side in sides))
        self.run(0.5)

    # the carrier's

    def _accept(self, sock: socket.socket, text: str, source: tuple[str, int]) -> None:
        super()._accept(sock, text, source)
        found = re.search(r"sip:([0-9]+)@", _header(text, "From"))
        if found is not None:
            self.legs[-1].caller = found.group(1)

    def _hang_up(self, side: _Side) -> None:
        if side.gateway and side.seen.up and not side.confirmed:
            self.after(0.2, lambda: self._hang_up(side))  # nobody may hang up what is not acknowledged
        elif side.seen.caller not in self.held:
            super()._hang_up(side)

    def _talk(self, side: _Side) -> None:
        seen = side.seen
        if not seen.up or side.rtp is None or not (self._audio or seen.caller in self.held):
            return
        number = side.sequence
        side.sequence += 1
        header = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * 160 & 0xFFFFFFFF, 7 + side.gateway)
        who = int(seen.caller[-8:])
        sock = self._gateway_rtp if side.gateway else self._caller_rtp
        _put(sock, header + marked(side.gateway, who, number), side.rtp)
        seen.packets_out += 1
        due = (seen.answered or 0.0) + side.sequence * PACKET_SECONDS
        self.after(max(0.0, due - time.monotonic()), lambda: self._talk(side))

    def _hear(self, seen: Seen, payload: bytes, source: tuple[str, int], gateway: bool) -> None:
        mark = read_mark(payload)
        if mark is None:  # the box's own tones
            return
        who, number, sent = mark
        heard = self.heard_by(seen)
        heard.sources.add(source)
        if who != int(seen.caller[-8:]) * 2 + (not gateway):
            heard.strange += 1
            return
        now = time.monotonic()
        heard.numbers.add(number)
        heard.delays.append(now - sent)
        heard.arrivals.append(now)


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which so many percent lie; NaN without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")
