"""What the control socket asks for a call that is up, granted or refused in two languages."""

from __future__ import annotations

from twisted.logger import Logger

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NotPossible
from b2bua.control import (
    Complete,
    Consult,
    Done,
    Failed,
    Hold,
    InCallRequest,
    Join,
    Leave,
    Resume,
    Return,
    Supervise,
    TakeDown,
    Transfer,
)

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
            case Consult(call=call, target=target, by=by):
                calls.consult(call, target, by)
            case Complete(call=call):
                calls.complete(call)
            case Return(call=call):
                calls.back(call)
            case Join(call=call):
                calls.join(call)
            case Leave(call=call, by=by):
                calls.leave(call, by)
            case Supervise(call=call, extension=extension, mode=mode, by=by):
                calls.supervise(call, extension, mode, by)
            case TakeDown(call=call, by=by):
                calls.take_down(call, by)
    except NotPossible as refused:
        return Failed(refused.en, refused.zh)
    _log.info("call {call}: {what} by {by}", call=request.call, what=type(request).__name__, by=request.by)
    return Done()
