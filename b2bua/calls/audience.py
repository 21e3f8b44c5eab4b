"""Who hears whom in a talk, and how media is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from b2bua.calls.party import Party


class Mode(StrEnum):
    """How a supervisor takes part (听 / 耳语 / 强插)."""

    LISTEN = "listen"
    """Hears all, is heard by nobody."""
    WHISPER = "whisper"
    """Is heard by the agent only."""
    BARGE = "barge"
    """Talks with all."""


class Audience:
    """Who is heard by each party, and who hears music for want of anybody."""

    def __init__(
        self, talking: Sequence[Party], waiting: Sequence[Party] = (), alone: Sequence[Party] = ()
    ) -> None:
        """``talking`` hear each other, ``waiting`` hear music, ``alone`` nothing.

        Whoever of those talking is on hold by his own phone hears nothing and is not heard; who is left
        alone by that hears music.
        """
        self._unheard: set[Party] = set()
        """Supervisors that other supervisors do not hear either."""
        self.hears: dict[Party, set[Party]] = {party: set() for party in (*waiting, *alone)}
        self.music: set[Party] = {party for party in waiting if not party.is_holding}
        heard = [party for party in talking if not party.is_holding]
        for party in talking:
            others = {other for other in heard if other is not party} if party in heard else set()
            self.hears[party] = others
            if party in heard and not others and len(talking) > 1:
                self.music.add(party)

    def add_supervisor(self, supervisor: Party, mode: Mode, agent: Party | None) -> None:
        """Let a supervisor hear all, and be heard as his mode says."""
        up = {party for party in self.hears if not party.is_holding}
        if mode is Mode.WHISPER and agent is not None and agent in up:
            self.hears[agent].add(supervisor)
        elif mode is Mode.BARGE:
            for party in up - self.music:
                self.hears[party].add(supervisor)
        self.hears[supervisor] = up - self._unheard
        if mode is not Mode.BARGE:
            self._unheard.add(supervisor)

    def seat(self, music: str | None, ringing_for: Party | None = None) -> None:
        """Tell media: pairs are bridged, other mixes made, music played.

        ``ringing_for`` may hear the early media of who is rung for him.
        """
        partners = _pairs(self.hears)
        for party in self.hears:
            if party is ringing_for:
                continue
            if party.other is not None and party.other is not partners.get(party):
                party.unbridge()
        for party, partner in partners.items():
            if party.other is not partner:
                party.bridge(partner)
        for party, others in self.hears.items():
            partner_only = len(others) == 1 and partners.get(party) in others
            party.hear(frozenset() if partner_only else frozenset(others))
            if party in self.music:
                party.hear_music(music)
            elif party.sounding == "music":
                party.hush()


def _pairs(hears: Mapping[Party, set[Party]]) -> dict[Party, Party]:
    """Return who can be bridged: two who hear each other, one of them nobody else."""
    partners: dict[Party, Party] = {}
    for party, others in hears.items():
        if len(others) != 1 or party in partners:
            continue
        (other,) = others
        if other not in partners and party in hears.get(other, ()):
            partners[party], partners[other] = other, party
    return partners
