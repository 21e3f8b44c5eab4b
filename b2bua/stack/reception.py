"""Hands over to the call services what the SIP core takes in outside dialogs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from b2bua.calls.ports import Invitation, Reception
from b2bua.sdp import SessionDescription
from b2bua.sip.core_admission import Admitted
from b2bua.sip.core_user import Reply
from b2bua.sip.message import Request
from b2bua.sip.uas import IncomingInvite
from b2bua.stack.legs import read_sdp
from b2bua.stack.legs_inbound import SipInboundLeg

ReadInvitation = Callable[[Request, Admitted, SessionDescription | None], Invitation]
"""Reads called and caller number by the rules of the trunk; the request's ``source`` is set."""

Register = Callable[[Request, Admitted, Reply], None]


class SipReception:
    """Implements :class:`b2bua.sip.core.CoreUser`."""

    def __init__(
        self,
        reception: Reception,
        read_invitation: ReadInvitation,
        register: Register,
        prefers_reliable: Callable[[Admitted], bool] = lambda admitted: True,
    ) -> None:
        """``prefers_reliable``: whether 183 with SDP goes reliably to this peer when it supports that."""
        self._reception = reception
        self._read_invitation = read_invitation
        self._register = register
        self._prefers_reliable = prefers_reliable

    def on_invite(self, invite: IncomingInvite) -> None:
        """Make the caller's leg and hand it over; an offer that cannot be read is refused with 400."""
        offer = read_sdp(invite.offer)
        invitation = self._read_invitation(invite.request, invite.admitted, offer)
        if invite.offer and offer is None:
            invite.refuse(400, "Malformed SDP")
            self._reception.refused(invitation, 400, "Malformed SDP")
            return
        left = invite.request.max_forwards
        if left is not None and left < invitation.max_forwards:
            invitation = msgspec.structs.replace(invitation, max_forwards=left)
        prefer = self._prefers_reliable(invite.admitted)
        self._reception.arrive(SipInboundLeg(invite, invitation, prefer_reliable=prefer))

    def on_refused_invite(self, request: Request, admitted: Admitted, status: int, reason: str) -> None:
        """Leave a record."""
        self._reception.refused(self._read_invitation(request, admitted, None), status, reason)

    def on_register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        """Pass it to the registrar."""
        self._register(request, admitted, reply)

    def on_other(self, request: Request, admitted: Admitted, reply: Reply) -> bool:
        """Take nothing else."""
        return False
