"""What a caller hears while phones ring: company audio (企业彩铃) of whoever is rung, or a tone."""

from __future__ import annotations

from collections.abc import Sequence

from b2bua.calls.authorise import Authorised
from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.ports import CallPorts


class Ringback:
    """Keeps what a caller hears in step with who is rung."""

    def __init__(self, call: Call, caller: Caller, usual: str | None, ports: CallPorts) -> None:
        """``usual``: of the group or the number, for targets that have none of their own."""
        self._call = call
        self._caller = caller
        self._usual = usual
        self._ports = ports
        self._sounding: tuple[str | None] | None = None

    def ring(self, targets: Sequence[Authorised]) -> str | None:
        """Let the caller hear that these are rung; return what he hears, None for a tone.

        A target's own audio is heard when it is rung alone. Answered callers hear it from the box, others as
        early media, and without company audio their own network's tone, started by 180 when the first phone
        rings.
        """
        wanted = self._usual
        if len(targets) == 1:
            wanted = self._own(targets[0]) or wanted
        if self._sounding != (wanted,):
            self._sounding = (wanted,)
            self._start(wanted)
        return wanted

    def _start(self, ringback: str | None) -> None:
        call, caller = self._call, self._caller
        call.state = CallState.RINGING
        heard = caller.answered or caller.in_early_media
        if heard or (ringback is not None and caller.open_early_media()):
            call.step("ringback")
            caller.hear_ringback(ringback)

    def _own(self, target: Authorised) -> str | None:
        if target.target.ringback is not None or not target.is_extension:
            return target.target.ringback
        for extension in self._ports.directory.box.extensions:
            if extension.name == target.target.number and extension.tenant == target.payer.tenant:
                return extension.ringback
        return None
