"""Ending dialogs that a crashed process left, from their pictures in the journal.

Unlike a bare farewell this hears what comes back: a 487 to our CANCEL gets its ACK, a 200 that crossed it
gets ACK and BYE, our 503 is repeated until its ACK.
"""

from __future__ import annotations

from b2bua.sip.core_endpoint import Endpoint
from b2bua.sip.dialog import (
    Dialog,
    DialogState,
    Phase,
    contact_of,
    farewell,
    make_request,
    route_set,
)
from b2bua.sip.effects import Timer
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request, Response
from b2bua.sip.session import Session
from b2bua.sip.session_user import Stage
from b2bua.sip.transaction import InviteServer
from b2bua.sip.transaction.invite_client import ack_to_refusal
from b2bua.sip.transaction.timings import GIVE_UP
from b2bua.sip.uri import Uri
from b2bua.sip.via import MAGIC_COOKIE, Via

RESTART = 'SIP;cause=503;text="Restart"'


def end_orphan(endpoint: Endpoint, state: DialogState) -> None:
    """Send what ends the dialog: BYE, CANCEL, or 503 to an INVITE that waits.

    Raises SipError for a broken state."""
    if state.phase is Phase.CONFIRMED:
        branch = endpoint.branch()
        bye = farewell(state, endpoint.via(state.flow, branch))
        assert isinstance(bye, Request)
        endpoint.send_request(bye, branch, state.flow, None)
    elif state.phase is Phase.CALLING:
        OrphanInvite(endpoint, state)
    else:
        _refuse(endpoint, state)


def _refuse(endpoint: Endpoint, state: DialogState) -> None:
    via = Via.parse(state.vias[0])
    branch = via.branch or ""
    if not branch.startswith(MAGIC_COOKIE):  # an RFC 2543 caller: its ACK would not be found
        branch = endpoint.branch()
    server = InviteServer(
        endpoint.effects,
        endpoint.transactions,
        (branch, via.host, via.port, state.call_id, "INVITE"),
        None,
        state.call_id,
        state.flow,
        endpoint.paths.reliable(state.flow),
    )
    response = farewell(state, "")
    assert isinstance(response, Response)
    server.respond(response.status, response.encode())


class OrphanInvite:
    """An INVITE of ours whose transaction is gone, being cancelled."""

    def __init__(self, endpoint: Endpoint, state: DialogState) -> None:
        self._endpoint = endpoint
        self._state = state
        self._acks: dict[str, bytes] = {}
        self.flow = state.flow
        branch = Via.parse(state.vias[0]).branch or ""
        self._key = (branch, "INVITE")
        endpoint.transactions.clients[self._key] = self
        self._timer: Timer | None = endpoint.effects.set_timer(self, "over", GIVE_UP)
        cancel = farewell(state, "")
        assert isinstance(cancel, Request)
        endpoint.send_request(cancel, branch, state.flow, None)

    def on_response(self, response: Response) -> None:
        """Acknowledge a final answer; end a call that was answered after all."""
        tag = response.to.tag or ""
        if response.status < 200:
            return
        ack = self._acks.get(tag)
        if ack is not None:
            self._endpoint.effects.send(ack, self.flow, self._state.call_id)
        elif response.status < 300:
            self._end_answered(response, tag)
        else:
            state = self._state
            invite = make_request(state, "INVITE", state.invite_cseq, state.vias[0])
            self._acknowledge(tag, ack_to_refusal(invite, response))

    def _acknowledge(self, tag: str, ack: Request) -> None:
        self._acks[tag] = ack.encode()
        self._endpoint.effects.send(self._acks[tag], self.flow, self._state.call_id)

    def _end_answered(self, response: Response, tag: str) -> None:
        endpoint, state = self._endpoint, self._state
        try:
            routes = route_set(response, reverse=True)
        except SipError:
            routes = ()
        dialog = Dialog(
            call_id=state.call_id,
            local=state.local,
            remote=response.get("To") or "",
            local_tag=state.local_tag,
            remote_tag=tag,
            local_cseq=state.invite_cseq,
            remote_cseq=-1,
            target=contact_of(response) or Uri.parse(state.target),
            routes=routes,
            contact="",
            flow=state.flow,
            follow_contact=True,
            invite_cseq=state.invite_cseq,
        )
        dialog.find_flow(endpoint.paths.route)
        session = Session(endpoint, dialog, None, is_caller=True)
        session.stage = Stage.CONFIRMED
        self.flow = dialog.flow
        via = endpoint.via(dialog.flow, endpoint.branch())
        self._acknowledge(tag, dialog.request("ACK", state.invite_cseq, via))
        session.end(RESTART)

    def on_timer(self, key: str) -> None:
        """Forget it."""
        self._leave()

    def is_waiting(self) -> bool:
        """Whether the final answer is still to come."""
        return not self._acks

    def on_flow_failed(self) -> None:
        """Forget it: nobody is there."""
        self._leave()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None
        del self._endpoint.transactions.clients[self._key]
