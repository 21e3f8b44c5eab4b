"""What tests of the store share."""

from __future__ import annotations

import pytest

from storage.models import by_caller, call_records


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal and merge often, so that few calls do what many would."""
    monkeypatch.setattr(call_records, "SEGMENT_ROWS", 4)
    monkeypatch.setattr(call_records, "OPEN_ROWS", 8)
    monkeypatch.setattr(by_caller, "RUNS_TO_MERGE", 3)
    monkeypatch.setattr(by_caller, "BLOCK_ROWS", 5)
    monkeypatch.setattr(by_caller, "_FEW", 3)
