"""Who hears whom in a talk, and how media is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from b2bua.calls.party import Party
from b2bua.calls.phase import Phase

if TYPE_CHECKING:
    from b2bua.calls.talk import Talk


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
        self,
        talking: Sequence[Party],
        *,
        waiting: Sequence[Party] = (),
        alone: Sequence[Party] = (),
        ringing: Party | None = None,
    ) -> None:
        """``talking`` hear each other, ``waiting`` hear music, ``alone`` nothing, and ``ringing`` what is
        rung for him: ringback, or the early media that he is bridged to.

        Whoever of those talking is on hold by his own phone hears nothing and is not heard; who is left
        alone by that hears music.
        """
        self._unheard: set[Party] = set()
        """Supervisors that other supervisors do not hear either."""
        self._ringing = ringing
        self._talking = [party for party in talking if not party.is_away]
        self.hears: dict[Party, set[Party]] = {party: set() for party in (*talking, *waiting, *alone)}
        if ringing is not None:
            self.hears[ringing] = set()
        self.music: set[Party] = {party for party in waiting if not party.is_away}
        for party in self._talking:
            self.hears[party] = {other for other in self._talking if other is not party}
            if len(self._talking) == 1 and len(talking) > 1:
                self.music.add(party)

    def add_supervisor(self, supervisor: Party, mode: Mode, agent: Party | None) -> None:
        """Let a supervisor hear all, and be heard as his mode says; who hears ringback hears that only."""
        up = {party for party in self.hears if not party.is_away}
        if mode is Mode.WHISPER and agent is not None and agent in up and agent is not self._ringing:
            self.hears[agent].add(supervisor)
            self.music.discard(agent)
        elif mode is Mode.BARGE:
            for party in (*self._talking, *self._unheard):
                self.hears[party].add(supervisor)
                self.music.discard(party)
        self.hears[supervisor] = up - self._unheard
        if mode is not Mode.BARGE:
            self._unheard.add(supervisor)
        else:
            self._talking.append(supervisor)

    def seat(self, music: str | None) -> None:
        """Tell media: pairs are bridged, other mixes made, music played."""
        partners = _pairs(self.hears)
        for party in self.hears:
            if party is self._ringing:
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


def audience_of(talk: Talk) -> Audience:
    """Return who hears whom in a talk as it stands, supervisors aside."""
    caller, agent, colleague, line = talk.caller, talk.agent, talk.colleague, talk.line
    match talk.phase:
        case Phase.TALK | Phase.THREE_WAY:
            return Audience([party for party in (caller, agent, colleague) if party is not None])
        case Phase.TRANSFER:
            return Audience([], alone=[agent] if agent is not None else [], ringing=caller)
        case Phase.ASKING:
            if agent is line:
                return Audience([], waiting=[caller], ringing=agent)
            # his second line is not answered yet
            return Audience([], waiting=[caller], alone=[agent] if agent is not None else [])
        case _:
            asks = [party for party in (line, colleague) if party is not None and colleague is not None]
            alone = [agent] if agent is not None and agent not in asks else []
            return Audience(asks, waiting=[caller], alone=alone)


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
