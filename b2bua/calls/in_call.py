"""What operators and supervisors do with a call that is up: transfer, hold, supervise, take down; audited."""

from __future__ import annotations

from collections.abc import Mapping

from b2bua.calls.audience import Mode
from b2bua.calls.call import Call
from b2bua.calls.ports import CallEnd
from b2bua.calls.refusal import NotInTalk, NotPossible
from b2bua.calls.talk import Talk
from domain.outcomes import HungUpBy, Outcome


class InCall:
    """Wishes about the calls of a switchboard; each raises NotPossible with the reason in two languages.

    ``by`` names who asks, for the call's record.
    """

    def __init__(self, calls: Mapping[str, Call]) -> None:
        self._calls = calls

    def transfer(self, call: str, target: str, by: str) -> None:
        """Send the caller to an extension, a job number or a bound number of the tenant."""
        self._talk(call).transfers.blind(target, by)

    def hold(self, call: str, by: str) -> None:
        """Let the caller hear music."""
        self._talk(call).hold(by)

    def resume(self, call: str, by: str) -> None:
        """Connect a caller on hold again."""
        self._talk(call).resume(by)

    def consult(self, call: str, target: str, by: str) -> None:
        """Ring a colleague for the agent, while the caller hears music."""
        self._talk(call).transfers.ask(target, by)

    def complete(self, call: str) -> None:
        """Leave the caller to the colleague."""
        self._talk(call).transfers.complete()

    def back(self, call: str) -> None:
        """Take the caller back from a consultation."""
        self._talk(call).transfers.back()

    def join(self, call: str) -> None:
        """Make it a three-way call."""
        self._talk(call).join()

    def leave(self, call: str, by: str) -> None:
        """Hang up for the agent, as his phone would."""
        self._talk(call).agent_leaves(by)

    def supervise(self, call: str, extension: str, mode: str, by: str) -> None:
        """Call an extension of the tenant and let it listen, whisper or barge in."""
        try:
            wanted = Mode(mode)
        except ValueError:
            raise NotPossible(
                f"no such mode: {mode} (listen, whisper, barge)", f"没有这种方式：{mode}"
            ) from None
        self._talk(call).supervision.supervise(extension, wanted, by)

    def take_down(self, call: str, by: str) -> None:
        """End a call, whatever state it is in."""
        found = self._find(call)
        found.step("take-down", f"by {by}")
        found.cut(CallEnd(outcome=Outcome.CUT_BY_OPERATOR, by=HungUpBy.BOX))

    def _find(self, call: str) -> Call:
        found = self._calls.get(call)
        if found is None or found.end is not None:
            raise NotPossible(f"no call {call} is up", f"没有通话 {call}")
        return found

    def _talk(self, call: str) -> Talk:
        talk = self._find(call).talk
        if talk is None or talk.is_over:
            raise NotInTalk
        return talk
