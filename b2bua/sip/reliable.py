"""Reliable provisional responses (RFC 3262), both roles."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.cseq import RAck
from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.transaction.timings import GIVE_UP, T1


class ReliableSender:
    """The callee's side: one reliable provisional at a time, sent again until its PRACK.

    ``on_silence`` is called when none came for 64 T1 (the INVITE is then refused with 504).
    """

    __slots__ = (
        "_data",
        "_effects",
        "_flow",
        "_interval",
        "_long",
        "_short",
        "call_id",
        "carries_sdp",
        "cseq",
        "on_silence",
        "rseq",
    )

    def __init__(
        self,
        effects: Effects,
        flow: Flow,
        call_id: str,
        cseq: int,
        first: int,
        on_silence: Callable[[], None],
    ) -> None:
        self._effects = effects
        self._flow = flow
        self._data = b""
        self._interval = T1
        self._short: Timer | None = None
        self._long: Timer | None = None
        self.call_id = call_id
        self.cseq = cseq
        self.rseq = first
        """Number of the next one."""
        self.carries_sdp = False
        self.on_silence: Callable[[], None] | None = on_silence

    @property
    def waiting(self) -> bool:
        """Whether one has not been acknowledged yet."""
        return bool(self._data)

    def sent(self, data: bytes, *, sdp: bool) -> None:
        """Note that the next one was sent (the transaction did that); it is repeated from here."""
        assert not self._data
        self._data = data
        self.carries_sdp = sdp
        self._interval = T1
        self._short = self._effects.set_timer(self, "again", T1)
        self._long = self._effects.set_timer(self, "silence", GIVE_UP)

    def acknowledge(self, rack: RAck) -> bool:
        """Take a PRACK; False when it names nothing that waits."""
        if (
            not self._data
            or rack.response != self.rseq
            or rack.number != self.cseq
            or rack.method != "INVITE"
        ):
            return False
        self._clear()
        self.rseq += 1
        return True

    def on_timer(self, key: str) -> None:
        """Send again, or give up."""
        if key == "again":
            self._effects.send(self._data, self._flow, self.call_id)
            self._interval *= 2
            self._short = self._effects.set_timer(self, "again", self._interval)
            return
        on_silence = self.on_silence
        self.close()
        if on_silence is not None:
            on_silence()

    def close(self) -> None:
        """Stop: a final answer was sent."""
        self._clear()
        self.on_silence = None

    def _clear(self) -> None:
        self._data = b""
        if self._short is not None:
            self._short.owner = None
            self._short = None
        if self._long is not None:
            self._long.owner = None
            self._long = None


class ReliableReceiver:
    """The caller's side, one for each early dialog: which RSeq is new and in order."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def take(self, rseq: int) -> bool:
        """Tell whether this one is to be acted on and acknowledged (neither seen before nor out of order)."""
        if self._last and rseq != self._last + 1:
            return False
        self._last = rseq
        return True
