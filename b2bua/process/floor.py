"""Queues and agents of the process: their states kept over restarts, what is told of them, who sets them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from twisted.logger import Logger

from b2bua.calls.agent_codes import set_agent
from b2bua.calls.floor import Floor, decode
from b2bua.control import Done, Failed
from b2bua.control_floor import (
    Agents,
    AskAgents,
    AskQueues,
    FloorRequest,
    LiveAgent,
    LiveQueue,
    Queues,
    SetLoads,
)
from b2bua.process.timers import LaterSaver
from domain.acd.line import Line
from domain.acd.seat import AgentState, Seat
from storage.data_directory import write_atomically

HOURS_SECONDS = 5.0
"""How often the hours of queues are looked at; callers are judged by them when they come."""

_log = Logger()


def kept_floor(path: Path, in_thread: Callable[..., object]) -> Floor:
    """Read what agents were before the restart, and keep it from now on; a damaged file is no error."""

    def save(content: bytes) -> None:
        try:
            write_atomically(path, content)
        except OSError as error:
            _log.error("states of agents were not saved: {error}", error=str(error))

    saver = LaterSaver(in_thread, save)
    try:
        return Floor(decode(path.read_bytes()), saver)
    except FileNotFoundError:
        pass
    except (OSError, msgspec.DecodeError) as error:
        _log.error("states of agents cannot be read: {error}", error=str(error))
    return Floor(None, saver)


class FloorDesk:
    """Answers what is asked of queues and agents."""

    def __init__(self, floor: Floor, mono: Callable[[], float]) -> None:
        self._floor = floor
        self._mono = mono

    def answer(self, request: FloorRequest) -> Queues | Agents | Done | Failed:
        """Tell of queues or agents, or set one."""
        match request:
            case AskQueues():
                return Queues(self.queues())
            case AskAgents():
                return Agents(self.agents())
            case SetLoads():
                for tenant, held in self._floor.tenants.items():
                    held.set_loads(request.loads.get(tenant, {}))
                return Done()
        floor = self._floor.tenants.get(request.tenant)
        if floor is None or request.agent not in floor.scheduler.seats:
            return Failed(
                f"{request.tenant} has no agent {request.agent}", f"{request.tenant} 没有坐席 {request.agent}"
            )
        if not set_agent(floor, request.agent, request.what, request.reason):
            return Failed(f"no such thing: {request.what}", f"没有这种操作：{request.what}")
        return Done()

    def queues(self) -> list[LiveQueue]:
        """Describe every queue."""
        now = self._mono()
        return [
            _live_queue(tenant, line, now)
            for tenant, floor in sorted(self._floor.tenants.items())
            for line in floor.scheduler.lines.values()
        ]

    def agents(self) -> list[LiveAgent]:
        """Describe every agent."""
        now = self._mono()
        return [
            _live_agent(tenant, seat, now)
            for tenant, floor in sorted(self._floor.tenants.items())
            for seat in floor.scheduler.seats.values()
        ]

    def metrics(self) -> Iterable[Metric]:
        """Describe queues and agents for Prometheus."""
        labels = ["tenant", "queue"]
        waiting = GaugeMetricFamily("box400_queue_waiting", "Callers who wait", labels=labels)
        longest = GaugeMetricFamily("box400_queue_longest_wait_seconds", "Of the first caller", labels=labels)
        free = GaugeMetricFamily("box400_queue_agents_free", "Agents who may be rung", labels=labels)
        serving = GaugeMetricFamily("box400_queue_agents_serving", "Agents not paused", labels=labels)
        entered = CounterMetricFamily("box400_queue_entered", "Callers who came", labels=labels)
        left = CounterMetricFamily("box400_queue_left", "How they left", labels=[*labels, "how"])
        waited = CounterMetricFamily("box400_queue_wait_seconds", "Waits of the answered", labels=labels)
        for each in self.queues():
            key = [each.tenant, each.name]
            waiting.add_metric(key, each.waiting)
            longest.add_metric(key, each.longest_wait)
            free.add_metric(key, each.free)
            serving.add_metric(key, each.serving)
            entered.add_metric(key, each.entered)
            waited.add_metric(key, (each.average_wait or 0.0) * each.answered)
            ways = {"answered": each.answered, "abandoned": each.abandoned, "key": each.left}
            for how, count in {**ways, **each.dismissed}.items():
                left.add_metric([*key, how], count)
        states = GaugeMetricFamily("box400_agents", "Agents by state", labels=["tenant", "state"])
        for tenant, floor in sorted(self._floor.tenants.items()):
            found = [seat.state for seat in floor.scheduler.seats.values()]
            for state in AgentState:
                states.add_metric([tenant, state.value], found.count(state))
        return [waiting, longest, free, serving, entered, left, waited, states]


def _live_queue(tenant: str, line: Line, now: float) -> LiveQueue:
    tally, queue, waiting = line.tally, line.queue, line.waiting
    return LiveQueue(
        tenant=tenant,
        name=queue.name,
        label=queue.label,
        strategy=queue.strategy.value,
        open=line.is_open,
        waiting=len(waiting),
        kept=sum(queued.kept for queued in waiting),
        longest_wait=max((now - queued.since for queued in waiting), default=0.0),
        expected_wait=line.expected_wait(len(waiting) + 1),
        agents=len(line.members),
        logged_in=sum(seat.logged_in for seat in line.members),
        serving=line.serving(),
        free=sum(seat.is_free(now) for seat in line.members),
        entered=tally.entered,
        answered=tally.answered,
        abandoned=tally.abandoned,
        left=tally.left,
        dismissed={reason.value: count for reason, count in tally.dismissed.items()},
        average_wait=tally.wait_seconds / tally.answered if tally.answered else None,
        longest_answered=tally.longest_wait,
    )


def _live_agent(tenant: str, seat: Seat, now: float) -> LiveAgent:
    return LiveAgent(
        tenant=tenant,
        agent=seat.name,
        label=seat.agent.label,
        target=seat.agent.target,
        state=seat.state.value,
        reason=seat.paused or "",
        seconds=now - seat.since,
        call=seat.call,
        queue=seat.queue,
        queues=list(seat.memberships),
        missed=seat.missed,
        served=seat.served,
        wrap_up_left=None if seat.wrap_up_until is None else max(0.0, seat.wrap_up_until - now),
        last_call=seat.last_call,
    )
