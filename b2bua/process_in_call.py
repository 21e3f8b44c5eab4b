"""What the control socket asks for a call that is up, granted or refused in two languages."""

from __future__ import annotations

from twisted.logger import Logger

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NotPossible
from b2bua.control import Done, Failed, Hold, InCallRequest, Resume, Supervise, TakeDown, Transfer

_log = Logger()


def carry_out(calls: InCall, request: InCallRequest) -> Done | Failed:
    """Do it, or say why not."""
    try:
        match request:
            case Transfer(call=call, target=target, by=by):
                calls.transfer(call, target, by)
            case Hold(call=call, by=by):
                calls.hold(call, by)
            case Resume(call=call, by=by):
                calls.resume(call, by)
            case Supervise(call=call, extension=extension, mode=mode, by=by):
                calls.supervise(call, extension, mode, by)
            case TakeDown(call=call, by=by):
                calls.take_down(call, by)
    except NotPossible as refused:
        return Failed(refused.en, refused.zh)
    _log.info("call {call}: {what} by {by}", call=request.call, what=type(request).__name__, by=request.by)
    return Done()
