"""The SIP core: matches what arrives to transactions, dialogs and the gate for strangers; free of I/O
and clocks."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.check import check_request, check_response
from b2bua.sip.core_admission import Admit, Admitted, Refused
from b2bua.sip.core_endpoint import (
    ACCEPT,
    ALLOW,
    SUPPORTED,
    Counters,
    Endpoint,
    Paths,
    Settings,
)
from b2bua.sip.core_orphans import end_orphan
from b2bua.sip.core_refusals import judged, reply_flow, unacceptable, unsupported
from b2bua.sip.core_servers import invite_server, other_server
from b2bua.sip.core_user import CoreUser, Reply
from b2bua.sip.dialog import DialogState
from b2bua.sip.effects import Effects
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import KNOWN_METHODS, Message, Request, Response
from b2bua.sip.respond import response_to
from b2bua.sip.transaction import InviteServer, NonInviteClient, NonInviteClientUser, NonInviteServer
from b2bua.sip.transaction.table import MergeKey, ServerKey, client_key, server_key
from b2bua.sip.uac import OutgoingInvite, OutgoingUser
from b2bua.sip.uac_request import Invite
from b2bua.sip.uas import IncomingInvite


class SipCore:
    """One SIP entity."""

    __slots__ = ("_admit", "_user", "endpoint")

    def __init__(
        self,
        effects: Effects,
        paths: Paths,
        user: CoreUser,
        admit: Admit,
        *,
        fresh_token: Callable[[], str],
        random: Callable[[], float],
        settings: Settings | None = None,
    ) -> None:
        self._admit = admit
        self._user = user
        self.endpoint = Endpoint(effects, paths, fresh_token, random, settings or Settings())

    @property
    def counters(self) -> Counters:
        """What was dropped or refused."""
        return self.endpoint.counters

    # sending

    def invite(self, invite: Invite, user: OutgoingUser) -> OutgoingInvite:
        """Prepare a call; ``start()`` on the result sends it."""
        return OutgoingInvite(self.endpoint, invite, user)

    def request(
        self, method: str, uri: str, flow: Flow, rows: list[tuple[str, str]], user: NonInviteClientUser
    ) -> NonInviteClient:
        """Send a request outside dialogs (OPTIONS, REGISTER); ``rows`` has all but Via and Max-Forwards."""
        branch = self.endpoint.branch()
        rows = [("Via", self.endpoint.via(flow, branch)), ("Max-Forwards", "70"), *rows]
        return self.endpoint.send_request(Request(method, uri, rows), branch, flow, user)

    def end_orphan(self, state: DialogState) -> None:
        """End a dialog that a crashed process left; raises SipError or IndexError for a broken state."""
        end_orphan(self.endpoint, state)

    def requests_waiting(self) -> int:
        """Count our requests whose final answer is still to come."""
        return self.endpoint.transactions.waiting()

    # receiving

    def receive(self, message: Message | SipError, flow: Flow) -> None:
        """Take a message, or the error of one that could not be parsed."""
        if isinstance(message, Request):
            self._on_request(message, flow)
        elif isinstance(message, Response):
            self._on_response(message)
        elif isinstance(message, SipError):
            self._on_error(message, flow)

    def flow_failed(self, flow: Flow) -> None:
        """Tell all client transactions on a flow that it is dead (RFC 3261 17.1.4)."""
        for transaction in [
            found for found in self.endpoint.transactions.clients.values() if found.flow == flow
        ]:
            transaction.on_flow_failed()

    def _on_response(self, response: Response) -> None:
        endpoint = self.endpoint
        try:
            transaction = endpoint.transactions.clients.get(client_key(response))
            # More than one Via: it was not meant for us (RFC 3261 8.1.3.3).
            if transaction is None or len(response.index["via"]) > 1 or "," in response.index["via"][0]:
                endpoint.counters.stray_responses += 1
                return
            if response.cseq.method == "INVITE":
                check_response(response)  # of others only the status is looked at
        except SipError:
            endpoint.counters.broken_responses += 1
            return
        transaction.on_response(response)

    def _on_error(self, error: SipError, flow: Flow) -> None:
        request = error.message
        if request is None:
            self.endpoint.counters.unanswerable += 1
            return
        request.received_from(flow)
        self._refuse_broken(request, flow, error)

    def _refuse_broken(self, request: Request, flow: Flow, error: SipError) -> None:
        """Answer what is malformed, if its sender is known; an INVITE once, however often it is repeated."""
        admission = self._admit(request, flow)
        if error.message is None:
            self.endpoint.counters.unanswerable += 1
            return
        if not isinstance(admission, Admitted):
            self._turn_away(request, flow, admission)
            return
        if request.method != "INVITE":
            self._answer_statelessly(request, flow, error.status, error.reason, error.headers)
            return
        try:
            key = server_key(request, "INVITE")
        except SipError:
            self._answer_statelessly(request, flow, error.status, error.reason, error.headers)
            self._user.on_refused_invite(request, admission, error.status, error.reason)
            return
        known = self.endpoint.transactions.servers.get(key)
        if known is not None:
            known.on_request(request)
        else:
            self._refuse_invite(request, flow, key, None, admission, error)

    def _turn_away(self, request: Request, flow: Flow, refused: Refused) -> None:
        """Give a stranger his challenge or refusal, or nothing."""
        counters = self.endpoint.counters
        if refused.status:
            counters.refused += 1
            self._answer_statelessly(request, flow, refused.status, refused.reason, refused.headers)
        else:
            counters.silenced += 1

    def _refuse_invite(
        self,
        request: Request,
        flow: Flow,
        key: ServerKey,
        merge_key: MergeKey | None,
        admitted: Admitted,
        error: SipError,
    ) -> None:
        """Refuse a known peer's INVITE in a transaction, so that it is recorded once."""
        endpoint = self.endpoint
        transaction = invite_server(self.endpoint, request, flow, key, merge_key)
        endpoint.answer(
            transaction,
            request,
            error.status,
            error.headers,
            reason=error.reason,
            to_tag=endpoint.fresh_token(),
        )
        if error.status != 482:  # the request has its record already
            self._user.on_refused_invite(request, admitted, error.status, error.reason)

    def _answer_statelessly(
        self,
        request: Request,
        flow: Flow,
        status: int,
        reason: str | None = None,
        rows: tuple[tuple[str, str], ...] | list[tuple[str, str]] = (),
    ) -> None:
        self.endpoint.answer_statelessly(request, reply_flow(request, flow), status, reason or None, rows)

    def _on_request(self, request: Request, flow: Flow) -> None:
        method = request.method
        request.received_from(flow)
        transactions = self.endpoint.transactions
        try:
            key = server_key(request, "INVITE" if method == "ACK" else method)
            transaction = transactions.servers.get(key)
            if transaction is not None:
                transaction.on_request(request)
                return
            check_request(request)
        except SipError as error:
            if method != "ACK":
                self._refuse_broken(request, flow, judged(request, error))
            return
        tag = request.to.tag
        if method == "ACK":
            self._on_ack(request, tag)
        elif method == "CANCEL":
            self._on_cancel(request, flow, key)
        elif tag is not None:
            self._on_dialog_request(request, flow, key, tag)
        else:
            self._on_new_request(request, flow, key)

    def _on_ack(self, request: Request, tag: str | None) -> None:
        session = self.endpoint.dialogs.get((request.call_id, tag or "", request.from_.tag or ""))
        if session is None or not session.on_ack(request):
            self.endpoint.counters.stray_acks += 1

    def _on_cancel(self, request: Request, flow: Flow, key: ServerKey) -> None:
        invite = self.endpoint.transactions.servers.get((*key[:-1], "INVITE"))
        if not isinstance(invite, InviteServer):
            if isinstance(self._admit(request, flow), Admitted):
                self._answer_statelessly(request, flow, 481)
            else:
                self.endpoint.counters.silenced += 1
            return
        transaction = other_server(self.endpoint, request, flow, key, None)
        user = invite.user
        tag = user.session.dialog.local_tag if isinstance(user, IncomingInvite) else None
        self.endpoint.answer(transaction, request, 200, to_tag=tag)
        if isinstance(user, IncomingInvite):
            user.on_cancel(request)

    def _on_dialog_request(self, request: Request, flow: Flow, key: ServerKey, tag: str) -> None:
        endpoint = self.endpoint
        session = endpoint.dialogs.get((request.call_id, tag, request.from_.tag or ""))
        method = request.method
        if session is None:
            admission = self._admit(request, flow)
            if isinstance(admission, Admitted):
                self._answer_statelessly(request, flow, 481)
            else:
                endpoint.counters.silenced += 1
            return
        if method == "INVITE":
            transaction: InviteServer | NonInviteServer = invite_server(
                self.endpoint, request, flow, key, None
            )
        else:
            transaction = other_server(self.endpoint, request, flow, key, None)
        refusal = unsupported(request)
        if refusal is not None:
            endpoint.answer(transaction, request, refusal.status, refusal.headers, reason=refusal.reason)
            return
        try:
            session.on_request(request, transaction)
        except Exception:  # our own mistake, which the driver logs; the peer shall not wait for its end
            if not transaction.is_answered():
                endpoint.answer(transaction, request, 500)
            raise

    def _on_new_request(self, request: Request, flow: Flow, key: ServerKey) -> None:
        endpoint = self.endpoint
        admission = self._admit(request, flow)
        if not isinstance(admission, Admitted):
            self._turn_away(request, flow, admission)
            return
        merge_key = (request.call_id, request.from_.tag or "", request.cseq.number, request.method)
        refusal = self._why_not(request, merge_key)
        if refusal is not None:
            if request.method == "INVITE":
                own_key = None if refusal.status == 482 else merge_key
                self._refuse_invite(request, flow, key, own_key, admission, refusal)
            else:
                self._answer_statelessly(request, flow, refusal.status, refusal.reason, refusal.headers)
            return
        method = request.method
        if method == "INVITE":
            self._on_invite(request, flow, key, merge_key, admission)
        elif method == "OPTIONS":
            self._answer_statelessly(request, flow, 200, None, [ALLOW, SUPPORTED, ACCEPT])
        elif method == "REGISTER":
            reply = self._reply(request, flow, key, merge_key)
            try:
                self._user.on_register(request, admission, reply)
            except Exception:
                transaction = endpoint.transactions.servers.get(key)
                if isinstance(transaction, NonInviteServer) and not transaction.is_answered():
                    reply(response_to(request, 500, to_tag=endpoint.fresh_token()))
                raise
        elif method in ("BYE", "UPDATE", "PRACK", "INFO", "NOTIFY"):
            self._answer_statelessly(request, flow, 481)
        else:
            reply = self._reply(request, flow, key, merge_key)
            if not self._user.on_other(request, admission, reply):
                status = 405 if method in KNOWN_METHODS else 501
                reply(response_to(request, status, to_tag=endpoint.fresh_token(), headers=[ALLOW]))

    def _why_not(self, request: Request, merge_key: MergeKey) -> SipError | None:
        """Judge by RFC 3261 8.2 and 16.3."""
        if merge_key in self.endpoint.transactions.merged:
            self.endpoint.counters.merged += 1
            return SipError(482, "Loop Detected")
        if request.max_forwards == 0 and request.method != "OPTIONS":
            return SipError(483, "Too Many Hops")
        refusal = unsupported(request)
        if refusal is not None:
            return refusal
        if request.method == "INVITE":
            return unacceptable(request)
        return None

    def _on_invite(
        self, request: Request, flow: Flow, key: ServerKey, merge_key: MergeKey, admitted: Admitted
    ) -> None:
        endpoint = self.endpoint
        transaction = invite_server(self.endpoint, request, flow, key, merge_key)
        try:
            invite = IncomingInvite(endpoint, request, transaction, admitted)
        except SipError as error:
            endpoint.answer(
                transaction,
                request,
                error.status,
                error.headers,
                reason=error.reason,
                to_tag=endpoint.fresh_token(),
            )
            self._user.on_refused_invite(request, admitted, error.status, error.reason)
            return
        try:
            self._user.on_invite(invite)
        except Exception:
            invite.refuse(500)
            raise
        # Only now, when the user has noted the call: a process killed in between has promised nothing, and
        # the caller's next INVITE is answered by its successor.
        if transaction.unanswered:
            transaction.respond(100, response_to(request, 100).encode())

    def _reply(self, request: Request, flow: Flow, key: ServerKey, merge_key: MergeKey) -> Reply:
        transaction = other_server(self.endpoint, request, flow, key, merge_key)

        def reply(response: Response) -> None:
            transaction.respond(response.status, response.encode())

        return reply
