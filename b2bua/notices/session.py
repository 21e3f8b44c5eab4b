"""One session with a message centre or gateway (SMPP, CMPP): kept up, probed, bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from b2bua.notices.arrived import Arrived
from b2bua.notices.dialect import BadFrame, Dialect, Frame, Meaning
from b2bua.notices.segments import Segment
from b2bua.notices.sending import SendFailed

LONGEST_FRAME: Final = 8192
PROBE_SECONDS: Final = 30.0


TakeSms = Callable[[Arrived], Deferred[bool]]
"""Keeps an SMS; fires with whether it is kept, never errbacks."""


def not_kept(sms: Arrived) -> Deferred[bool]:
    """Take an SMS that nobody wants here: it is answered and forgotten."""
    return succeed(True)


class Session(Protocol):
    """A client's side; ``signed_in`` fires with the session, or errbacks SendFailed."""

    def __init__(
        self,
        dialect: Dialect,
        clock: Any,
        utc: Callable[[], float],
        seconds: float,
        receipt: Callable[[str, str], None],
        take: TakeSms = not_kept,
    ) -> None:
        """``seconds``: how long an answer is waited for. ``receipt`` is told id and state of reported SMS,
        ``take`` keeps an SMS that comes in.
        """
        self._take_sms = take
        self._dialect = dialect
        self._clock = clock
        self._utc = utc
        self._seconds = seconds
        self._receipt = receipt
        self._data = b""
        self._sequence = 0
        self._waiting: dict[int, Deferred[str]] = {}
        self._limits: dict[int, Any] = {}
        self._probing: Any = None
        self._why = ""
        self.transport: Any = None
        self.signed_in: Deferred[Session] = Deferred()
        self.usable = False

    def connectionMade(self) -> None:
        """Sign in."""
        self._ask(self._dialect.sign_in(self._next(), self._utc()))

    def submit(self, to: str, segment: Segment, sender: str = "") -> Deferred[str]:
        """Send one SMS; fires with the peer's id, errbacks SendFailed. ``sender``: empty: the usual one."""
        answered: Deferred[str] = Deferred()
        sequence = self._next()
        self._waiting[sequence] = answered
        self._ask(self._dialect.submit(sequence, to, segment, sender))
        return answered

    def end(self) -> None:
        """Sign off and close."""
        if not self.usable:
            self._end("ended")
            return
        self.usable = False
        self._why = "ended"
        self.transport.write(self._dialect.sign_off(self._next()))
        self.transport.loseConnection()

    def _next(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFE + 1
        return self._sequence

    def _ask(self, frame: bytes) -> None:
        """Write a frame that must be answered in time."""
        self.transport.write(frame)
        self._limits[self._sequence] = self._clock.callLater(
            self._seconds, self._end, f"no answer within {self._seconds:g} s"
        )

    def dataReceived(self, data: bytes) -> None:
        """Take the frames that are whole."""
        self._data += data
        while len(self._data) >= 4:
            length = int.from_bytes(self._data[:4], "big")
            if not 12 <= length <= LONGEST_FRAME:
                self._end("no frame of the protocol")
                return
            if len(self._data) < length:
                return
            frame, self._data = self._data[:length], self._data[length:]
            try:
                self._take(self._dialect.read(frame))
            except BadFrame as error:
                self._end(str(error))
                return

    def _take(self, frame: Frame) -> None:
        if frame.sms is not None:
            kept = self._take_sms(frame.sms)
            kept.addCallback(lambda done: self._answer(frame.answer if done else frame.refusal))
            return
        self._answer(frame.answer)
        if frame.receipt is not None:
            self._receipt(*frame.receipt)
        limit = self._limits.pop(frame.sequence, None) if not frame.answer else None
        if limit is not None:
            limit.cancel()
        match frame.meaning:
            case Meaning.SIGNED_IN:
                self._signed_in(frame)
            case Meaning.SUBMITTED:
                self._submitted(frame)
            case Meaning.CLOSING:
                self._end("the peer ended the session")

    def _answer(self, answer: bytes) -> None:
        if answer and self.transport is not None and self.transport.connected:
            self.transport.write(answer)

    def _signed_in(self, frame: Frame) -> None:
        if frame.status:
            self._end(f"sign-in refused: {self._dialect.why(frame.status)}")
            return
        self.usable = True
        self._probing = self._clock.callLater(PROBE_SECONDS, self._probe)
        if not self.signed_in.called:
            self.signed_in.callback(self)

    def _submitted(self, frame: Frame) -> None:
        answered = self._waiting.pop(frame.sequence, None)
        if answered is None:
            return
        if frame.status:
            again = self._dialect.again(frame.status)
            answered.errback(SendFailed(self._dialect.why(frame.status), again=again))
        else:
            answered.callback(frame.note)

    def _probe(self) -> None:
        self._probing = self._clock.callLater(PROBE_SECONDS, self._probe)
        self._ask(self._dialect.probe(self._next()))

    def _end(self, why: str) -> None:
        self._why = self._why or why
        self.usable = False
        if self.transport is not None:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell everybody who waits; what was not answered may be sent again."""
        self.usable = False
        why = self._why or "connection lost"
        for limit in self._limits.values():
            if limit.active():  # the one that ended the session is not
                limit.cancel()
        self._limits.clear()
        if self._probing is not None:
            self._probing.cancel()
            self._probing = None
        waiting, self._waiting = self._waiting, {}
        for answered in waiting.values():
            answered.errback(SendFailed(why, again=True))
        if not self.signed_in.called:
            self.signed_in.errback(SendFailed(why, again=True))
