"""Nothing is entered that an upgrade which goes back would lose."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from domain.upgrade.moves import (
    Began,
    Ended,
    Entry,
    Interrupted,
    Result,
    Step,
    StepBegan,
    StepDone,
    Undo,
    UndoDone,
)
from storage.upgrade.history import begin
from webui.services.standstill import with_standstill

EVOLVING = (StepBegan(1, Step.EVOLVE), StepDone(2, Step.EVOLVE))


def pages(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve everything."""
    start_response("200 OK", [])
    return [b"done"]


def ask(place: Path, method: str, path: str = "/t/demo/recharge") -> tuple[str, dict[str, str], str]:
    """Return status, headers and body of a request."""
    answered: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        answered.append((status[:3], dict(headers)))

    body = b"".join(with_standstill(pages, place)({"REQUEST_METHOD": method, "PATH_INFO": path}, start))
    return (*answered[0], body.decode())


def upgrading(place: Path, *entries: Entry) -> None:
    """Have an upgrade of which this is known."""
    journal = begin(place, Began(0.0, "0.2.0", "0.1.0"))
    for entry in entries:
        journal.append(entry)


def test_a_payment_waits_while_the_upgrade_can_go_back(tmp_path: Path) -> None:
    """It is told so in both languages, and when to come again; pages are shown."""
    upgrading(tmp_path, *EVOLVING)
    status, headers, body = ask(tmp_path, "POST")
    assert (status, headers["Retry-After"]) == ("503", "60")
    assert "系统正在升级" in body
    assert "Nothing was saved" in body
    assert ask(tmp_path, "GET")[0] == "200"


def test_a_program_is_told_by_a_problem_document(tmp_path: Path) -> None:
    """RFC 9457."""
    upgrading(tmp_path, *EVOLVING)
    status, headers, _ = ask(tmp_path, "PUT", "/api/v1/tenants/demo")
    assert (status, headers["Content-Type"]) == ("503", "application/problem+json")


@pytest.mark.parametrize(
    "entries",
    [
        (StepBegan(1, Step.INSTALL),),
        (*EVOLVING, StepDone(3, Step.COMMIT)),
        (*EVOLVING, Interrupted(3), UndoDone(4, Undo.DATA)),
        (*EVOLVING, Ended(5, Result.BROKEN)),
    ],
    ids=["before the data change", "kept for good", "back already", "over"],
)
def test_else_everything_is_taken(tmp_path: Path, entries: tuple[Entry, ...]) -> None:
    """Whoever enters something then keeps it."""
    upgrading(tmp_path, *entries)
    assert ask(tmp_path, "POST")[0] == "200"


def test_a_box_that_was_never_upgraded_takes_everything(tmp_path: Path) -> None:
    """There is no journal at all."""
    assert ask(tmp_path, "POST")[0] == "200"
