"""What is told of queues and agents, and how their states are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from b2bua.control import Done, Failed
from b2bua.control_floor import Agents, AskAgents, AskQueues, Queues, SetAgent
from b2bua.process.floor import FloorDesk, kept_floor
from tests.unit.calls.floors import QueueStage, an_agent


def in_thread(function: object, *arguments: object) -> None:
    """Do at once what the product does on a thread."""
    function(*arguments)  # type: ignore[operator]


def a_desk(stage: QueueStage) -> FloorDesk:
    """Make the desk of a stage."""
    return FloorDesk(stage.switchboard.ports.floor, stage.clock.mono)


def test_queues_and_agents_are_told() -> None:
    """Who waits, for how long, who is free; what each agent does."""
    stage = QueueStage(an_agent("8001", label="张三"), an_agent("8002"))
    stage.floor.pause("8002", "lunch")
    desk = a_desk(stage)
    first, second = stage.call(), stage.call()
    stage.clock.advance(4)
    answer = desk.answer(AskQueues())
    assert isinstance(answer, Queues)
    (queue,) = answer.queues
    assert (queue.tenant, queue.name, queue.open, queue.waiting, queue.longest_wait) == (
        "acme", "sales", True, 2, 4.0,
    )  # fmt: skip
    assert (queue.agents, queue.logged_in, queue.serving, queue.free) == (2, 2, 1, 0)
    told = desk.answer(AskAgents())
    assert isinstance(told, Agents)
    assert [(agent.agent, agent.state, agent.reason, agent.seconds) for agent in told.agents] == [
        ("8001", "ringing", "", 4.0), ("8002", "paused", "lunch", 4.0),
    ]  # fmt: skip
    for caller in (first, second):
        caller.peer_hangs_up()
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in desk.metrics()
        for sample in metric.samples
    }
    assert samples["box400_queue_left_total", "acme", "sales", "abandoned"] == 2
    assert samples["box400_agents", "acme", "paused"] == 1


@pytest.mark.parametrize(
    ("what", "state"),
    [("login", "idle"), ("logout", "offline"), ("pause", "paused"), ("resume", "idle")],
)
def test_an_agent_is_set(what: str, state: str) -> None:
    """By the command line, later the web."""
    stage = QueueStage(an_agent("8001"))
    desk = a_desk(stage)
    assert desk.answer(SetAgent("acme", "8001", what, "why")) == Done()
    assert stage.state("8001") == state


def test_who_is_not_there_cannot_be_set() -> None:
    """Another tenant, an unknown agent, an unknown wish."""
    desk = a_desk(QueueStage(an_agent("8001")))
    for request in (
        SetAgent("rival", "8001", "login"),
        SetAgent("acme", "9999", "login"),
        SetAgent("acme", "8001", "fly"),
    ):
        answer = desk.answer(request)
        assert isinstance(answer, Failed)
        assert answer.zh


def test_states_survive_a_restart(tmp_path: Path) -> None:
    """The file that one floor writes is what the next one begins with."""
    file = tmp_path / "agents.json"
    stage = QueueStage(an_agent("8001"), an_agent("8002"))
    floor = kept_floor(file, in_thread)
    floor.connect(stage.clock, stage.directory)
    floor.configure([stage.tenant])
    floor.of(stage.tenant).pause("8001", "lunch")
    floor.of(stage.tenant).log_out("8002")
    again = kept_floor(file, in_thread)
    again.connect(stage.clock, stage.directory)
    again.configure([stage.tenant])
    seats = again.of(stage.tenant).scheduler.seats
    assert (seats["8001"].paused, seats["8002"].logged_in) == ("lunch", False)
