"""What the call services rely on: the same suite for each port's twin and for the real thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock as TwistedClock

from b2bua.calls.ports import Clock, Directory, Journal
from b2bua.clock import MonotonicReactor, ReactorClock
from b2bua.directory import FileDirectory
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    TargetGroup,
    TenantSnapshot,
    TrunkSnapshot,
)
from domain.voice.prompts import UNHEARD
from storage.data_directory import DataDirectory, write_atomically
from storage.journal import JournalReader, JournalWriter, Position
from storage.journal.events import Ended, Started, Step
from tests.twins.clock import MemoryClock
from tests.twins.directory import MemoryDirectory
from tests.twins.journal import MemoryJournal
from tests.twins.stage import NUMBER, a_plan

BOX = BoxSnapshot(
    trunks=(TrunkSnapshot(name="carrier-a"),),
    prompt_pack="lady",
    prompt_packs={"lady": {"busy": "lady-busy", "people": "lady-people"}, "gentleman": {"busy": "his-busy"}},
    system_prompts={"people": "other-people"},
    extensions=(
        ExtensionSnapshot(name="8001", tenant="acme", secret="s"),
        ExtensionSnapshot(name="reception", tenant="acme", secret="s"),
        ExtensionSnapshot(name="9001", tenant="other", secret="s"),
    ),
)
TENANT = TenantSnapshot(
    id="acme",
    name="Acme",
    numbers=(a_plan(),),
    prompt_pack="gentleman",
    prompts={"greeting": "acme-greeting"},
    groups=(
        TargetGroup(
            "sales",
            (
                BoundNumber("13900001111", job_number="66"),
                BoundNumber("13900002222", job_number="77", enabled=False),
            ),
        ),
    ),
)
OTHER = TenantSnapshot(id="other", name="Other", prompt_pack="gone")
SHIPPED = {"busy": "busy", "people": "people", "beep": "beep"}


# -- Clock -----------------------------------------------------------------------------------------


def reactor_clock() -> tuple[Clock, Callable[[float], None], Callable[[], int]]:
    """Make the real clock on a reactor that stands still."""
    twisted = TwistedClock()
    return ReactorClock(twisted), twisted.advance, lambda: len(twisted.getDelayedCalls())  # type: ignore[arg-type]


def memory_clock() -> tuple[Clock, Callable[[float], None], Callable[[], int]]:
    """Make the twin."""
    clock = MemoryClock()
    return clock, clock.advance, clock.pending


@pytest.mark.parametrize("make", [memory_clock, reactor_clock])
def test_a_clock_fires_once_and_in_time(
    make: Callable[[], tuple[Clock, Callable[[float], None], Callable[[], int]]],
) -> None:
    """And leaves nothing behind."""
    clock, advance, pending = make()
    fired: list[str] = []
    clock.after(2.0).addCallback(lambda _: fired.append("two"))
    clock.after(1.0).addCallback(lambda _: fired.append("one"))
    advance(1.5)
    assert fired == ["one"]
    advance(1.0)
    assert fired == ["one", "two"]
    assert pending() == 0


@pytest.mark.parametrize("make", [memory_clock, reactor_clock])
def test_a_cancelled_wait_errbacks_and_never_fires(
    make: Callable[[], tuple[Clock, Callable[[float], None], Callable[[], int]]],
) -> None:
    """With CancelledError; cancelling after the fact does nothing."""
    clock, advance, pending = make()
    seen: list[object] = []
    waiting = clock.after(1.0)
    waiting.addErrback(lambda failure: seen.append(failure.trap(CancelledError)))
    waiting.cancel()
    assert seen == [CancelledError]
    assert pending() == 0
    done = clock.after(1.0)
    advance(2.0)
    done.cancel()
    assert len(seen) == 1


@pytest.mark.parametrize("make", [memory_clock, reactor_clock])
def test_both_times_go_on(
    make: Callable[[], tuple[Clock, Callable[[float], None], Callable[[], int]]],
) -> None:
    """UTC is some day of this century, mono never goes back."""
    clock, _, _ = make()
    assert clock.utc() > 1_700_000_000
    assert clock.mono() <= clock.mono()


def test_the_reactors_timers_follow_the_monotonic_clock() -> None:
    """A wall-clock step of an hour must not fire a 30 s timer."""
    assert MonotonicReactor.seconds is time.monotonic


# -- Directory -------------------------------------------------------------------------------------


def memory_directory(tmp_path: Path) -> Directory:
    """Make the twin."""
    return MemoryDirectory(BOX, TENANT, OTHER, shipped=SHIPPED)


def file_directory(tmp_path: Path) -> Directory:
    """Make the real one on snapshot files."""
    data = DataDirectory(tmp_path)
    data.create()
    write_atomically(data.box_snapshot, msgspec.json.encode(BOX))
    write_atomically(data.tenant_snapshots / "acme.json", msgspec.json.encode(TENANT))
    write_atomically(data.tenant_snapshots / "other.json", msgspec.json.encode(OTHER))
    directory = FileDirectory(data, SHIPPED)
    directory.reload()
    return directory


@pytest.mark.parametrize("make", [memory_directory, file_directory])
def test_a_directory_finds_numbers_and_trunks(make: Callable[[Path], Directory], tmp_path: Path) -> None:
    """By the very name; None for what is not there."""
    directory = make(tmp_path)
    assert directory.find(NUMBER) == (TENANT, TENANT.numbers[0])
    assert directory.find("4000000000") is None
    assert directory.find("") is None
    assert directory.trunk("carrier-a") == BOX.trunks[0]
    assert directory.trunk("other") is None
    assert directory.box == BOX


@pytest.mark.parametrize("make", [memory_directory, file_directory])
def test_a_directory_knows_what_callers_may_dial(make: Callable[[Path], Directory], tmp_path: Path) -> None:
    """Extensions of the tenant and job numbers of phones that are on; what is no digits cannot be keyed."""
    directory = make(tmp_path)
    plan = directory.dial_plan(TENANT, TENANT.numbers[0])
    assert plan.numbers == {"8001", "66"}
    assert plan.beginnings == {"8", "80", "800", "6"}
    assert directory.dial_plan(TENANT, TENANT.numbers[0]).numbers == plan.numbers


@pytest.mark.parametrize("make", [memory_directory, file_directory])
def test_a_directory_finds_the_voice_of_each_tenant(
    make: Callable[[Path], Directory], tmp_path: Path
) -> None:
    """His pack, the box's own replacements, the box's pack, the shipped voice, in this order."""
    directory = make(tmp_path)
    assert [directory.prompt("acme", name) for name in ("busy", "people", "beep")] == [
        "his-busy", "other-people", "beep",
    ]  # fmt: skip
    for tenant in (None, "other", "nobody"):
        assert [directory.prompt(tenant, name) for name in ("busy", "people", "beep", "nothing")] == [
            "lady-busy", "other-people", "beep", None,
        ]  # fmt: skip


@pytest.mark.parametrize("make", [memory_directory, file_directory])
def test_a_directory_finds_a_tenants_own_prompts(make: Callable[[Path], Directory], tmp_path: Path) -> None:
    """By `prompt:NAME`, for himself alone; never instead of a system prompt."""
    directory = make(tmp_path)
    assert directory.prompt("acme", "prompt:greeting") == "acme-greeting"
    assert directory.prompt("acme", "greeting") is None
    assert directory.prompt("acme", "prompt:busy") is None
    assert directory.prompt("other", "prompt:greeting") is None
    assert directory.prompt(None, "prompt:greeting") is None


@pytest.mark.parametrize("make", [memory_directory, file_directory])
def test_a_directory_takes_content_addresses_as_they_are(
    make: Callable[[Path], Directory], tmp_path: Path
) -> None:
    """Configuration may hold either; what nobody approved yet is not there."""
    directory = make(tmp_path)
    assert directory.prompt("acme", "ab" * 32) == "ab" * 32
    assert directory.prompt(None, "ab" * 31) is None
    assert directory.prompt("acme", UNHEARD) is None


# -- Journal ---------------------------------------------------------------------------------------


class OnDisk:
    """The real journal."""

    def __init__(self, tmp_path: Path) -> None:
        self.journal = JournalWriter(tmp_path)
        self._path = tmp_path

    def events(self) -> list[object]:
        """Read back what was written, at once."""
        reader = JournalReader(self._path, Position(0, 0))
        events: list[object] = []
        while batch := reader.read():
            events += [entry.event for entry in batch]
        reader.close()
        return events

    def close(self) -> None:
        """Let the directory go."""
        self.journal.close()


class InMemory:
    """The twin."""

    def __init__(self, tmp_path: Path) -> None:
        self.journal = MemoryJournal()

    def events(self) -> list[object]:
        """Return what was written."""
        return list(self.journal.events)

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture(params=[InMemory, OnDisk])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemory | OnDisk]:
    """Either journal."""
    kept = request.param(tmp_path)
    yield kept
    kept.close()


def test_a_journal_has_a_line_as_soon_as_append_returns(kept: InMemory | OnDisk) -> None:
    """In order, whole, with hostile text as it came."""
    journal: Journal = kept.journal
    events = [
        Started(
            call="01",
            at=1.0,
            mono=2.0,
            trunk="t",
            source="s",
            sip_call_id='"\\\x00\u2028',
            called_raw="4",
            called="4",
            caller_raw="<script>",
            caller="1",
        ),
        Step(call="01", at=1.0, mono=2.0, name="welcome"),
        Ended(call="01", at=1.5, mono=2.5, outcome="answered", by="caller", sip_status=200),
    ]
    for number, event in enumerate(events, 1):
        journal.append(event)
        assert kept.events() == events[:number]
    assert not journal.failing
