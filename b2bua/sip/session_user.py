"""Who is above a session, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from b2bua.sip.cseq import RAck
from b2bua.sip.dialog import DialogState
from b2bua.sip.message import Request
from b2bua.sip.transaction import InviteServer, NonInviteServer

Server = InviteServer | NonInviteServer


class Stage(IntEnum):
    """How far a session is."""

    EARLY = 0
    CONFIRMED = 1
    OVER = 2


class SessionUser(Protocol):
    """The leg above a session."""

    def answer_offer(self, sdp: bytes) -> bytes | None:
        """Answer the peer's new offer, or refuse it with None (488)."""

    def make_offer(self) -> bytes | None:
        """Make an offer for the answer to a re-INVITE without one; None: 488."""

    def take_answer(self, sdp: bytes) -> None:
        """Take the answer to what :meth:`make_offer` made, or to a refresh of ours."""

    def take_info(self, request: Request) -> int:
        """Take an INFO; return the status to answer."""

    def take_refer(self, request: Request) -> int:
        """Judge a REFER; return the status to answer. After 202 :meth:`referred` follows."""

    def referred(self, request: Request) -> None:
        """Carry out a REFER that was answered with 202; :meth:`Session.notify_referral` reports."""

    def dialog_changed(self, state: Callable[[], DialogState]) -> None:
        """Learn that what a later BYE would need has changed."""

    def session_over(self, by_peer: bool, status: int, reason: str) -> None:
        """Learn, once, that the session has ended; ``status`` 0 for a BYE."""


class EarlyInvite(Protocol):
    """The initial INVITE, while it is not finally answered."""

    def on_early_bye(self) -> None:
        """The caller ended the early dialog."""

    def on_prack(self, request: Request, rack: RAck, transaction: Server) -> None:
        """Take a PRACK."""
