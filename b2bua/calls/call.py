"""One call in progress: who takes part, how its flow waits, and how it is cut short."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.calls.counts import CallCounts
from b2bua.calls.course import CallState, Course
from b2bua.calls.ports import CallEnd, Clock, Directory, Invitation, Journal, LegEnd, MediaEndpoint
from domain.outcomes import HungUpBy, Outcome

if TYPE_CHECKING:
    from b2bua.calls.callee import Callee
    from b2bua.calls.party import Party
    from b2bua.calls.talk import Talk

__all__ = ["Call", "CallState"]

T = TypeVar("T")
P = ParamSpec("P")
log = Logger()

_GAVE_UP = {
    CallState.ARRIVED: Outcome.GAVE_UP_EARLY,
    CallState.WELCOME: Outcome.GAVE_UP_WELCOME,
    CallState.MENU: Outcome.GAVE_UP_MENU,
    CallState.PIN: Outcome.GAVE_UP_PIN,
    CallState.QUEUED: Outcome.GAVE_UP_QUEUE,
    CallState.RINGING: Outcome.GAVE_UP_RINGING,
    CallState.MESSAGE: Outcome.NO_MESSAGE,
    CallState.TALKING: Outcome.ANSWERED,
    CallState.HELD: Outcome.ANSWERED,
    CallState.CONSULTING: Outcome.ANSWERED,
    CallState.TRANSFERRING: Outcome.ANSWERED,
    CallState.RATING: Outcome.ANSWERED,
    CallState.ENDING: Outcome.ANSWERED,
}


class Call(Course):
    """A call from its INVITE to its last line."""

    __slots__ = (
        "_legs_dialled",
        "_waiting",
        "callees",
        "caller_over",
        "failed_with",
        "faults",
        "forwards",
        "if_left",
        "media",
        "parties",
        "talk",
        "task",
    )

    def __init__(
        self,
        call_id: str,
        invitation: Invitation,
        journal: Journal,
        clock: Clock,
        counts: CallCounts,
        belongs: Callable[[str, str, str], None],
    ) -> None:
        super().__init__(call_id, invitation, journal, clock, counts, belongs)
        self.media: list[tuple[str, MediaEndpoint]] = []
        """Every media endpoint opened for the call, with its leg."""
        self.callees: list[Callee] = []
        """Everybody ever rung."""
        self.parties: list[Party] = []
        """Caller and everybody rung, to be released at the end."""
        self.caller_over = False
        """Whether the caller's leg is over."""
        self.failed_with: Outcome | None = None
        """What an announcement is just telling the caller; it stands also when he hangs up during it."""
        self.talk: Talk | None = None
        """What caller and answerer do with their talk, while there is one."""
        self.if_left: Callable[[], Outcome] | None = None
        """Says what it comes to when the caller hangs up now; None: what the state says."""
        self.forwards: list[str] = []
        """Forward numbers rung, in order."""
        self.faults = 0
        self.task: Deferred[None] | None = None
        self._waiting = False
        self._legs_dialled = 0

    # -- ending early ------------------------------------------------------------------------------

    def conclude(self, end: CallEnd) -> None:
        """Keep the verdict of the call's flow unless the call was cut before."""
        if self.end is None:
            self.end = end

    def cut(self, end: CallEnd) -> None:
        """End the call from outside its flow; the flow sees CancelledError where it waits, or at its next
        wait."""
        if self.end is not None:
            return
        self.end = end
        if self._waiting and self.task is not None:
            self.task.cancel()

    def caller_left(self, end: LegEnd) -> None:
        """End the call because its caller's leg is over; the outcome tells at which step.

        Where the box ended the leg by itself, the session has run out, or the caller owed an answer (488).
        """
        outcome = self.failed_with or (self.if_left() if self.if_left else _GAVE_UP[self.state])
        if not end.by_peer and end.status == 488 and self.talking_mono is None:
            outcome = Outcome.NO_COMMON_CODEC
        self.cut(CallEnd(outcome=outcome, by=HungUpBy.CALLER if end.by_peer else HungUpBy.BOX))

    def guard(self, function: Callable[P, T]) -> Callable[P, T | None]:
        """Make a callback into the call's code from outside its flow; a mistake there ends this call only."""
        return _Guarded(self, function)

    def stop_recording(self, why: str) -> None:
        """Go on unrecorded; what was recorded is kept. A message that is being left is not cut off."""
        if not self.records or self.has_message:
            return
        self.recording_stopped(why)
        for _, endpoint in self.media:
            endpoint.stop_recording()

    def audio_lost(self, leg: str) -> None:
        """End the call because nothing arrived from a leg for the dead-media time."""
        self.step("audio-lost", leg)
        self.cut(CallEnd(outcome=Outcome.MEDIA_LOST, by=HungUpBy.BOX))

    def fault(self, failure: Failure) -> None:
        """End the call because of our own mistake; log it with the call's id."""
        log.failure("call {call}: our own mistake", failure, call=self.id)
        self.faults += 1
        self.cut(CallEnd(outcome=Outcome.INTERNAL_ERROR, by=HungUpBy.BOX))

    async def wait(self, deferred: Deferred[T]) -> T:
        """Await, in the call's flow; raise CancelledError when the call was or is being cut."""
        if self.end is not None:
            deferred.addErrback(_drop_cancelled)
            deferred.cancel()
            raise CancelledError
        self._waiting = True
        try:
            return await deferred
        finally:
            self._waiting = False

    # -- names -------------------------------------------------------------------------------------

    def keep(self, endpoint: MediaEndpoint, leg: str) -> MediaEndpoint:
        """Remember a media endpoint, so that it is released whatever happens."""
        self.media.append((leg, endpoint))
        if self.recording_cut:  # it was asked for before
            endpoint.stop_recording()
        return endpoint

    def next_leg(self) -> str:
        """Name the next leg to dial: ``b1``, ``b2`` ..."""
        self._legs_dialled += 1
        return f"b{self._legs_dialled}"

    def prompt(self, name: str, directory: Directory) -> str | None:
        """Return the content address of a prompt in the voice of the call's tenant, or None."""
        return directory.prompt(self.tenant.id if self.tenant is not None else None, name)

    def release(self) -> None:
        """Let go of everything; the last thing done with a call."""
        for party in self.parties:
            party.release()
        self.parties.clear()
        self.callees.clear()
        self.media.clear()
        self.if_left = None
        self.task = None


class _Guarded(Generic[P, T]):
    """A function of a call whose mistakes are the call's. Each call has seven: a closure takes 300 bytes."""

    __slots__ = ("_call", "_function")

    def __init__(self, call: Call, function: Callable[P, T]) -> None:
        self._call = call
        self._function = function

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> T | None:
        try:
            return self._function(*arguments, **named)
        except Exception:
            self._call.fault(Failure())
            return None


def _drop_cancelled(failure: object) -> None:
    """Nobody waits for this Deferred any more."""
