"""Who is above the core for what is outside dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from b2bua.sip.core_admission import Admitted
from b2bua.sip.message import Request, Response
from b2bua.sip.uas import IncomingInvite

Reply = Callable[[Response], None]


class CoreUser(Protocol):
    """Who takes what is outside dialogs."""

    def on_invite(self, invite: IncomingInvite) -> None:
        """Take a new call: it must call ``invite.take``, and answer it some time."""

    def on_refused_invite(self, request: Request, admitted: Admitted, status: int, reason: str) -> None:
        """Note an INVITE of a known peer that the core itself refused."""

    def on_register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        """Take a REGISTER; answer with ``response_to(request, ...)``."""

    def on_other(self, request: Request, admitted: Admitted, reply: Reply) -> bool:
        """Take a MESSAGE, SUBSCRIBE ... outside a dialog; False: the core answers 405 or 501."""
