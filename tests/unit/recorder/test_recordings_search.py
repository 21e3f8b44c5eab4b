"""Recordings are found like call records: the newest first, by who called whom and when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.recordings import Fresh, RecordingFacts, Recordings
from storage.recordings.search import Wanted, newest
from storage.records.call_id import ulid_text
from tests.unit.recorder.box import UnsteadyDatabase

T0 = 1_790_000_000.0


@pytest.fixture
def recordings() -> Iterator[Recordings]:
    """Return recordings of 300 calls: bursts, a quiet day, then one a minute."""
    database = UnsteadyDatabase()
    kept = Recordings(database)
    folder = kept.temporary_directory()
    times = [T0 + n * 0.01 for n in range(100)] + [T0 + 86_400 + n * 60 for n in range(200)]
    batch = []
    for number, at in enumerate(times):
        file = folder / f"{number}.flac"
        file.write_bytes(b"x")
        name = ulid_text(round(at * 1000).to_bytes(6, "big") + number.to_bytes(10, "big"))
        batch.append(
            Fresh(
                RecordingFacts(
                    name, ("acme", "beta")[number % 2], "4001003721", f"1390000{number:04}",
                    ("8001",) if number % 3 else ("8002", "8001"), at + 5, 1.0, 1, "0" * 64,
                ),
                file,
            )
        )  # fmt: skip
    kept.add(batch)
    yield kept
    database.close()


def callers(recordings: Recordings, **wanted: object) -> list[str]:
    """Return whose calls are found, as numbers 0 to 299."""
    return [int(facts.caller[-4:]) for facts in newest(recordings, Wanted(**wanted))]  # type: ignore[arg-type]


def test_all_of_them_newest_first(recordings: Recordings) -> None:
    """Each once, whatever the gaps."""
    assert callers(recordings) == list(range(299, -1, -1))


def test_by_tenant_caller_and_answerer(recordings: Recordings) -> None:
    """As the records are found."""
    assert callers(recordings, tenant="beta") == list(range(299, 0, -2))
    assert callers(recordings, caller="13900000007") == [7]
    assert callers(recordings, caller="139000002*") == list(range(299, 199, -1))
    assert callers(recordings, answerer="8002") == list(range(297, -1, -3))
    assert callers(recordings, number="4001003722") == []


def test_by_when_the_call_began(recordings: Recordings) -> None:
    """From the very moment on, until just before."""
    day = T0 + 86_400
    assert callers(recordings, since=day) == list(range(299, 99, -1))
    assert callers(recordings, since=day + 60, until=day + 180) == [102, 101]
    assert callers(recordings, until=day) == list(range(99, -1, -1))
    assert callers(recordings, until=T0) == []
    assert callers(recordings, since=day + 86_400) == []


def test_those_under_hold(recordings: Recordings) -> None:
    """An operator looks for what he may not delete."""
    third = next(iter(newest(recordings, Wanted(caller="13900000003"))))
    recordings.set_hold(third.id, "complaint")
    assert callers(recordings, held=True) == [3]


def test_without_recordings() -> None:
    """Nothing, quietly."""
    database = UnsteadyDatabase()
    assert list(newest(Recordings(database), Wanted())) == []
    database.close()
