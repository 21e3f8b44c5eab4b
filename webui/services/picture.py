"""What live pages show: the box as it is now, cut down to what a topic's viewers may see. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from b2bua.control import LiveCall
from b2bua.control_floor import LiveAgent, LiveQueue
from domain.calling.masking import masked

JITTER: Final = 2.0
"""Seconds: a moment told twice by how long ago it is differs a little, and is the same moment."""


_MASKS: Final = {"agent": "agent", "lead": "wall", "wall": "wall"}
"""Kind of topic -> the setting that masks callers: ``lead`` is a supervisor's own desk."""


class Picture(NamedTuple):
    """What the b2bua told, at one moment."""

    calls: tuple[LiveCall, ...] = ()
    agents: tuple[LiveAgent, ...] = ()
    queues: tuple[LiveQueue, ...] = ()
    at: float = 0.0
    """UTC POSIX seconds when it was told."""
    up: bool = False
    """Whether the b2bua answers."""


class Around(NamedTuple):
    """What the database says besides."""

    names: Mapping[str, str] = {}
    """Tenant -> name."""
    masks: Mapping[str, frozenset[str]] = {}
    """Tenant -> kinds of topics (``agent``, ``wall``) of those who see callers masked."""


class Painter:
    """Makes of each picture what is sent for a topic."""

    def __init__(self) -> None:
        self._moments: dict[tuple[str, ...], float] = {}
        self._used: dict[tuple[str, ...], float] = {}

    def paint(self, topics: Iterable[str], picture: Picture, around: Around) -> dict[str, bytes]:
        """Return topic -> JSON; equal pictures give equal bytes."""
        self._used = {}
        painted = {topic: msgspec.json.encode(self._topic(topic, picture, around)) for topic in topics}
        self._moments = self._used
        return painted

    def _topic(self, topic: str, picture: Picture, around: Around) -> dict[str, Any]:
        kind, _, rest = topic.partition(":")
        kind, _, hidden_for = kind.partition("-")
        tenant, _, agent = rest.partition(":")
        if not picture.up:
            return {"up": False}
        if kind == "box":
            calls = [
                {
                    **self._call(_in_words(each, picture.queues), picture.at, bool(hidden_for)),
                    "name": around.names.get(each.tenant, ""),
                }
                for each in picture.calls
            ]
            return {"up": True, "calls": calls}
        hidden = bool(hidden_for) or _MASKS.get(kind, "") in around.masks.get(tenant, frozenset())
        agents = [each for each in picture.agents if each.tenant == tenant]
        shown: dict[str, Any] = {
            "up": True,
            "agents": [self._agent(each, picture.at) for each in agents],
            "queues": [self._queue(each, picture.at) for each in picture.queues if each.tenant == tenant],
        }
        own = [_in_words(each, picture.queues) for each in picture.calls if each.tenant == tenant]
        if kind in ("tenant", "wall"):
            return {**shown, "calls": [self._call(each, picture.at, hidden) for each in own]}
        me = next((each for each in agents if each.agent == agent), None)
        call = None if me is None else call_of(me, own)
        return {
            **shown,
            "me": None if me is None else self._agent(me, picture.at),
            "call": None if call is None else self._call(call, picture.at, hidden),
        }

    def _call(self, call: LiveCall, at: float, hidden: bool) -> dict[str, Any]:
        talked = call.talk_seconds
        return {
            "id": call.call,
            "number": call.number,
            "tenant": call.tenant,
            "caller": masked(call.caller) if hidden else call.caller,
            "place": call.place,
            "state": call.state,
            "who": call.who,
            "trunk": call.trunk,
            "since": self._moment(at - call.seconds, call.call),
            "talk": None if talked is None else self._moment(at - talked, call.call, "talk"),
            "parts": call.parts,
        }

    def _agent(self, agent: LiveAgent, at: float) -> dict[str, Any]:
        key = (agent.tenant, agent.agent, agent.state, agent.reason, agent.call)
        left = agent.wrap_up_left
        return {
            "agent": agent.agent,
            "label": agent.label,
            "target": agent.target,
            "state": agent.state,
            "reason": agent.reason,
            "since": self._moment(at - agent.seconds, *key),
            "until": None if left is None else self._moment(at + left, *key, "until"),
            "call": agent.call,
            "last": agent.last_call,
            "queue": agent.queue,
            "queues": agent.queues,
            "missed": agent.missed,
            "served": agent.served,
        }

    def _queue(self, queue: LiveQueue, at: float) -> dict[str, Any]:
        key = (queue.tenant, "queue", queue.name)
        return {
            "name": queue.name,
            "label": queue.label or queue.name,
            "open": queue.open,
            "waiting": queue.waiting,
            "first": self._moment(at - queue.longest_wait, *key) if queue.waiting else None,
            "serving": queue.serving,
            "free": queue.free,
            "agents": queue.agents,
            "entered": queue.entered,
            "answered": queue.answered,
            "abandoned": queue.abandoned,
            "average": queue.average_wait,
        }

    def _moment(self, at: float, *key: str) -> float:
        """Return a moment as it was first told, so that nothing is sent because of rounding."""
        known = self._used.get(key, self._moments.get(key))
        moment = known if known is not None and abs(known - at) < JITTER else round(at, 1)
        self._used[key] = moment
        return moment


def _in_words(call: LiveCall, queues: Iterable[LiveQueue]) -> LiveCall:
    """Return a call with the queue in which it waits by its label, not as routing plans write it."""
    kind, _, name = call.who.partition(":")
    if kind != "queue":
        return call
    labels = (each.label for each in queues if (each.tenant, each.name) == (call.tenant, name))
    return msgspec.structs.replace(call, who=next(labels, "") or name)


def call_of(agent: LiveAgent, calls: Iterable[LiveCall]) -> LiveCall | None:
    """Return the call that an agent is rung for, talks in or takes part in; None: there is none.

    ``calls`` are his tenant's.
    """
    found = None
    for call in calls:
        if agent.call == call.call:
            return call
        if agent.target and (call.who == agent.target or agent.target in call.parts):
            found = found or call
    return found
