"""The relay of the b2bua process on real workers: its contract, and what it does when one dies."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_twisted
from twisted.internet import reactor as installed
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.logger import globalLogPublisher

from b2bua.calls.ports import MediaEndpoint, MediaUnavailable, Remote
from b2bua.media import supervision
from b2bua.media.relay import MediaAddress, RelaySettings, WorkerRelay
from b2bua.media.spool import read_spool
from b2bua.media.telephone_event import event_payload
from tests.contracts.media_contract import CONTRACT, Stage
from tests.product.media.wire import Phone, address

Fired = TypeVar("Fired")
reactor: Any = installed
Relays = Callable[..., "RelayStage"]


class RelayStage:
    """Real workers on a loopback address of our own."""

    def __init__(
        self,
        directory: Path,
        workers: int = 1,
        ports: tuple[int, int] = (20000, 20999),
        spare_ports: int = 4,
    ) -> None:
        self.host = "127.0.0.1"
        self.prompt = "prompt"
        for name in ("spool", "prompts"):
            (directory / name).mkdir()
        (directory / "prompts" / "prompt.alaw").write_bytes(bytes(1600))
        self.spool = directory / "spool"
        media = address()
        self.media = media
        settings = RelaySettings(
            str(self.spool),
            str(directory / "prompts"),
            {"carrier": MediaAddress(media, self.host)},
            ports,
            workers,
            spare_ports=spare_ports,
        )
        self.relay = WorkerRelay(_reactor(), settings)
        self.relay.start()

    def wait(self, fired: Deferred[Fired]) -> Awaitable[Fired]:
        """Wait for what must come within seconds."""
        return fired.addTimeout(20, reactor)

    async def call(self, *phones: Phone, record: bool = False) -> list[MediaEndpoint]:
        """Bridge two phones."""
        ends = []
        for leg, phone in zip(("a", "b1"), phones, strict=True):
            end = await self.wait(self.relay.open("01CALL", leg, "carrier", record=record))
            phone.aim(self.media, end.port)
            end.connect(Remote(phone.host, phone.port, "PCMA", 8))
            ends.append(end)
        ends[0].bridge(ends[1])
        return ends


def _reactor() -> ReactorBase:
    return reactor


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Relays]:
    """Make relays; end their workers."""
    made: list[RelayStage] = []

    def make(**more: Any) -> RelayStage:
        made.append(RelayStage(tmp_path, **more))
        return made[-1]

    yield make
    pytest_twisted.blockon(DeferredList([stage.relay.stop() for stage in made]))


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What was logged as an error; asserted by who expects some."""
    found: list[str] = []

    def observe(event: Any) -> None:
        if event["log_level"].name in ("error", "critical"):
            found.append(event["log_format"] or str(event.get("log_failure")))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


async def passes(sender: Phone, listener: Phone) -> list[tuple[int, int, int, int, bytes]]:
    """Send until something is heard (a worker may be busy being replaced); return what was."""
    listener.rtp.setblocking(False)
    for _ in range(500):
        with contextlib.suppress(ConnectionRefusedError):
            sender.send()
        await deferLater(reactor, 0.02)
        try:
            return [listener.hear()]
        except BlockingIOError:
            continue
    raise AssertionError("nothing came through")


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
@pytest_twisted.ensureDeferred
async def test_the_relay_keeps(clause: Callable[[Stage], Awaitable[None]], stages: Relays) -> None:
    """Each clause of the port's contract, on a worker process."""
    stage = stages()
    await clause(stage)
    assert not any(home.endpoints for home in stage.relay.homes)


@pytest_twisted.ensureDeferred
async def test_a_killed_worker_is_replaced_with_its_conference(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str]
) -> None:
    """A supervisor hears the caller before and after, in the caller's own samples."""
    stage, caller, agent, supervisor = stages(), phone(), phone(), phone()
    ends = await stage.call(caller, agent)
    third = await stage.wait(stage.relay.open("01CALL", "b2", "carrier", record=False))
    supervisor.aim(stage.media, third.port)
    third.connect(Remote(supervisor.host, supervisor.port, "PCMA", 8))
    third.hear(*ends)
    supervisor.rtp.setblocking(False)

    async def heard(said: bytes) -> None:
        for _ in range(500):
            with contextlib.suppress(ConnectionRefusedError):
                caller.send(said)
            await deferLater(reactor, 0.02)
            with contextlib.suppress(BlockingIOError):
                if supervisor.hear()[4] == said:
                    return
        raise AssertionError("the supervisor heard nothing")

    await heard(bytes([1]) * 160)
    os.kill(stage.relay.homes[0].process.pid, signal.SIGKILL)
    await heard(bytes([2]) * 160)
    assert complaints
    for end in (*ends, third):
        await stage.wait(end.close())


@pytest_twisted.ensureDeferred
async def test_a_message_survives_its_worker(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str]
) -> None:
    """The replacement spools on and still tells when the caller falls silent."""
    stage, caller = stages(), phone()
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    caller.aim(stage.media, end.port)
    end.connect(Remote(caller.host, caller.port, "PCMA", 8))
    told: list[bool] = []
    end.on_speech = told.append
    end.record()
    end.hear_speech(True, 1.0)

    async def until(said: list[bool]) -> None:
        for _ in range(500):
            if not said[-1] and told[-1:] == [True]:
                await deferLater(reactor, 0.02)
            else:
                with contextlib.suppress(ConnectionRefusedError):
                    caller.send(bytes([0x2A]) * 160)
                await deferLater(reactor, 0.02)
            if told == said:
                return
        raise AssertionError(told)

    await until([True])
    os.kill(stage.relay.homes[0].process.pid, signal.SIGKILL)
    while stage.relay.homes[0].process.restarts == 0:
        await deferLater(reactor, 0.01)
    await until([True, True])
    await until([True, True, False])
    await stage.wait(end.close())
    segments = read_spool(stage.spool / "01CALL" / "a.spool")
    assert segments[-1].closed
    assert segments[-1].packets
    assert complaints


@pytest_twisted.ensureDeferred
async def test_a_killed_worker_is_replaced_on_the_same_ports(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str]
) -> None:
    """Audio of the call is back, the recording goes on, a prompt that was playing ends."""
    stage, caller, callee = stages(), phone(), phone()
    ends = await stage.call(caller, callee, record=True)
    (before,) = await passes(caller, callee)
    third = await stage.wait(stage.relay.open("01CALL", "b2", "carrier", record=False))
    third.connect(Remote(caller.host, 9, "PCMA", 8))
    playing = third.play(("prompt",) * 5)
    os.kill(stage.relay.homes[0].process.pid, signal.SIGKILL)
    while stage.relay.homes[0].process.restarts == 0:
        await deferLater(reactor, 0.01)
    (after,) = await passes(caller, callee)
    assert after[0] == 8
    assert after[4] == before[4]
    await passes(callee, caller)
    await stage.wait(playing)
    figures = [await stage.wait(end.close()) for end in (*ends, third)]
    assert figures[0].packets_in > 0
    segments = read_spool(stage.spool / "01CALL" / "a.spool")
    assert segments[-1].closed
    assert complaints == ["media worker {index} (pid {pid}) is lost"]


@pytest_twisted.ensureDeferred
async def test_a_worker_that_hangs_is_replaced(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, it answers no ping; it is killed, and its calls go on."""
    monkeypatch.setattr(supervision, "HUNG_AFTER", 5)
    monkeypatch.setattr(supervision, "SLOW_START", 100)
    monkeypatch.setattr(supervision, "SLOWEST_START", 100)
    monkeypatch.setattr(supervision, "PING_EVERY", 0.1)
    stage, caller, callee = stages(), phone(), phone()
    ends = await stage.call(caller, callee)
    await passes(caller, callee)
    process = stage.relay.homes[0].process
    monkeypatch.setattr(supervision, "HUNG_AFTER", 100)
    os.kill(process.pid, signal.SIGSTOP)
    while process.restarts == 0:
        await deferLater(reactor, 0.01)
    await passes(caller, callee)
    for end in ends:
        await stage.wait(end.close())
    assert complaints[0] == "media worker {index} (pid {pid}) hangs"


@pytest_twisted.ensureDeferred
async def test_a_call_may_open_and_close_while_its_worker_is_replaced(
    stages: Relays, complaints: list[str]
) -> None:
    """What is opened waits for the replacement; what is closed is gone."""
    stage = stages()
    old = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    process = stage.relay.homes[0].process
    os.kill(process.pid, signal.SIGKILL)
    closing = old.close()
    new = await stage.wait(stage.relay.open("01CALL", "b1", "carrier", record=False))
    assert (await stage.wait(closing)).packets_in == 0
    assert new.port
    await stage.wait(new.close())
    assert complaints


@pytest_twisted.ensureDeferred
async def test_a_relay_stopped_in_the_moment_its_worker_dies_starts_no_other(
    stages: Relays, complaints: list[str]
) -> None:
    """Who learns of the death may be the one who ends it all."""
    stage = stages()
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    process = stage.relay.homes[0].process
    os.kill(process.pid, signal.SIGKILL)
    stopping: list[Deferred[Any]] = []
    end.close().addCallback(lambda _: stopping.append(stage.relay.stop()))
    while not stopping:
        await deferLater(reactor, 0.01)
    await stage.wait(stopping[0])
    assert process.pid == 0
    assert reactor.getDelayedCalls() == []
    assert complaints


@pytest_twisted.ensureDeferred
async def test_a_mistake_in_one_call_costs_no_other(stages: Relays, phone: Callable[..., Phone]) -> None:
    """An exception in what a call does with a key is logged; the worker stays."""
    stage, caller, callee = stages(), phone(), phone()
    ends = await stage.call(caller, callee)
    heard: Deferred[str] = Deferred()
    ends[0].on_key = lambda key: [][0]
    ends[1].on_key = heard.callback
    logged: list[Any] = []
    globalLogPublisher.addObserver(logged.append)
    for end, sender in zip(ends, (caller, callee), strict=True):
        end.connect(Remote(sender.host, sender.port, "PCMA", 8, event_payload_type=101))
        await passes(caller, callee)
        sender.send_raw(event_payload("5", False, 160), 101, sender.sequence + 1, sender.timestamp, True)
        sender.sequence += 1
    assert await stage.wait(heard) == "5"
    globalLogPublisher.removeObserver(logged.append)
    assert [event["log_failure"].type for event in logged if "log_failure" in event] == [IndexError]
    assert stage.relay.homes[0].process.restarts == 0
    for end in ends:
        await stage.wait(end.close())


@pytest_twisted.ensureDeferred
async def test_a_port_taken_meanwhile_ends_that_leg(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str]
) -> None:
    """If another program grabs the port in between, the call service is told that the leg is dead."""
    stage = stages()
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    dead: Deferred[None] = Deferred()
    end.on_dead = lambda: dead.callback(None)
    os.kill(stage.relay.homes[0].process.pid, signal.SIGKILL)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        while True:
            with contextlib.suppress(OSError):
                thief.bind((stage.media, end.port))
                break
        await stage.wait(dead)
    await stage.wait(end.close())
    assert complaints


@pytest_twisted.ensureDeferred
async def test_calls_are_spread_over_workers_and_stay_together(stages: Relays) -> None:
    """One home for all legs of a call."""
    stage = stages(workers=2)
    ends = [
        await stage.wait(stage.relay.open(f"01CALL{call}", leg, "carrier", record=False))
        for call in range(8)
        for leg in ("a", "b1")
    ]
    homes = stage.relay.homes
    assert all(home.endpoints for home in homes)
    for one, other in zip(ends[::2], ends[1::2], strict=True):
        assert sum(one.number in home.endpoints and other.number in home.endpoints for home in homes) == 1
    assert len({end.port for end in ends}) == 16
    await DeferredList([end.close() for end in ends])


@pytest_twisted.ensureDeferred
async def test_no_call_but_the_first_waits_for_its_ports(
    stages: Relays, phone: Callable[..., Phone], complaints: list[str]
) -> None:
    """They are bound ahead; a worker that died has none, and its replacement gets new ones."""
    stage = stages()
    (home,) = stage.relay.homes
    for lives in range(2):
        ends = await stage.call(phone(), phone())
        while not any(home._spares.values()):
            await deferLater(reactor, 0.01)
        ready = stage.relay.open("02CALL", "a", "carrier", record=False)
        assert ready.called
        await DeferredList([end.close() for end in (*ends, await ready)])
        os.kill(home.process.pid, signal.SIGKILL)
        while home.process.restarts == lives:
            await deferLater(reactor, 0.01)
        assert not any(home._spares.values())
    assert complaints == ["media worker {index} (pid {pid}) is lost"] * 2


@pytest_twisted.ensureDeferred
async def test_listeners_that_are_gone_keep_no_ports(stages: Relays) -> None:
    """What was bound ahead on their addresses is released."""
    stage = stages()
    (home,) = stage.relay.homes
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    while not any(home._spares.values()):
        await deferLater(reactor, 0.01)
    stage.relay.configure([])
    assert home._spares == {}
    await stage.wait(end.close())


@pytest_twisted.ensureDeferred
async def test_without_a_port_the_call_is_refused(stages: Relays) -> None:
    """``MediaUnavailable``, which the call service answers with 503."""
    stage = stages(ports=(20000, 20003))
    ends = [await stage.wait(stage.relay.open("01CALL", leg, "carrier", record=False)) for leg in "ab"]
    with pytest.raises(MediaUnavailable):
        await stage.wait(stage.relay.open("01CALL", "c", "carrier", record=False))
    with pytest.raises(KeyError):
        stage.relay.open("01CALL", "d", "nowhere", record=False)
    await DeferredList([end.close() for end in ends])


@pytest_twisted.ensureDeferred
async def test_a_recording_that_stops_is_told(stages: Relays, complaints: list[str]) -> None:
    """With call, leg and reason."""
    stage = stages()
    told: Deferred[tuple[str, str, str]] = Deferred()
    stage.relay.on_spool_failed = lambda *what: told.callback(what)
    (stage.spool / "01CALL").write_bytes(b"in the way")
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=True))
    end.connect(Remote("127.0.0.1", 9, "PCMA", 8))
    call, leg, reason = await stage.wait(told)
    assert (call, leg) == ("01CALL", "a")
    assert reason
    await stage.wait(end.close())
    assert complaints == ["recording of {call}/{leg} stopped: {reason}"]


@pytest_twisted.ensureDeferred
async def test_workers_end_with_the_relay(stages: Relays) -> None:
    """No process is left, and ending twice is ending once."""
    stage = stages(workers=2)
    end = await stage.wait(stage.relay.open("01CALL", "a", "carrier", record=False))
    assert end.port
    pids = [home.process.pid for home in stage.relay.homes]
    await stage.wait(stage.relay.stop())
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
