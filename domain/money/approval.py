"""Changes of an account that two people must agree on: who asked, who decided. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.money.amounts import EntryKind

NEED_APPROVAL: Final = frozenset({EntryKind.ADJUSTMENT, EntryKind.REFUND, EntryKind.GIFT})
"""Kinds that nobody may book alone; a recharge has its receipt."""


class Decision(StrEnum):
    """How far a proposal is."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class OwnProposal(Exception):
    """Who asked may not approve."""


class Decided(Exception):
    """Somebody decided already."""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wish for an entry that waits for a second person."""

    id: str
    tenant: str
    kind: EntryKind
    li: int
    """As in an entry: below 0 takes from the balance."""
    reason: str
    asked_by: str
    asked_ms: int
    """UTC POSIX milliseconds."""
    decision: Decision = Decision.WAITING
    decided_by: str = ""
    decided_ms: int = 0
    remark: str = ""
    """Why it was declined."""

    @property
    def cause(self) -> str:
        """Cause of the entry that it becomes."""
        return f"{self.kind}:proposal-{self.id}"

    @property
    def people(self) -> str:
        """Who the entry says that it was."""
        return f"{self.asked_by} / {self.decided_by}"

    def decide(self, approved: bool, who: str, at_ms: int, remark: str = "") -> Proposal:
        """Return it decided; raises Decided, and OwnProposal when who asked approves.

        Who asked may decline, that is take it back.
        """
        if self.decision is not Decision.WAITING:
            raise Decided(self.decided_by)
        if approved and who == self.asked_by:
            raise OwnProposal(who)
        decision = Decision.APPROVED if approved else Decision.DECLINED
        return msgspec.structs.replace(
            self, decision=decision, decided_by=who, decided_ms=at_ms, remark=remark
        )
