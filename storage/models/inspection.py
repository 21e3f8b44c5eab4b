"""Rounds of inspection, and the plan by which they are made."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.inspection.round import Plan, Round
from storage.models.document import Document


class RoundDocument(Document[Round]):
    """One round."""

    TYPE = Round


class PlanDocument(Document[Plan]):
    """How often, by when, by whom."""

    TYPE = Plan


class InspectionBook(Persistent):  # type: ignore[misc]
    """Every round; the files that belong to them lie beside the recordings."""

    def __init__(self) -> None:
        self.rounds: Any = OOBTree()
        """Id (it sorts by its time) -> RoundDocument."""
        self.plan = PlanDocument(Plan())

    def latest(self) -> Round | None:
        """Return the round that is open, else the last one that ended, else None."""
        if not self.rounds:
            return None
        found: Round = self.rounds[self.rounds.maxKey()].value
        return found

    def get(self, id: str) -> Round | None:
        """Return a round, or None."""
        found = self.rounds.get(id)
        return None if found is None else found.value

    def put(self, round: Round) -> None:
        """Store a round as it is now."""
        held = self.rounds.get(round.id)
        if held is None:
            self.rounds[round.id] = RoundDocument(round)
        else:
            held.value = round

    def listed(self) -> list[Round]:
        """Return the rounds, newest first."""
        return [self.rounds[id].value for id in reversed(self.rounds.keys())]

    def files(self) -> list[str]:
        """Return the ids of all evidence."""
        return [photo.id for round in self.listed() for item in round.items for photo in item.photos]
