"""Tariffs and agreements that contradict themselves are refused, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.money.fees import Agreement, SpendStep
from domain.money.tariff import CallKind, Edition, Price, never_reached
from storage.connection import open_main_in_memory
from storage.models import Root
from storage.provisioning import ProvisioningError, apply_wishes, read_wishes
from tests.unit.storage.provision import NoPrompts

GOOD = """
tariffs:
  package:
    editions:
      - prices:
          - {kinds: [local], first_li: 100, step_li: 100}
          - {first_li: 300, step_li: 300}
tenants:
  acme:
    tariff: package
    agreements:
      - {number: "4006951234", since: 2026-01-01, until: 2026-06-30, minimum_li: 30000000}
      - number: "4006951234"
        since: 2026-07-01
        minimum_li: 30000000
        steps: [{from_month: 7, minimum_li: 20000000}]
"""


def apply(text: str) -> list[tuple[str, str]]:
    """Apply a file and return the codes and paths of what is wrong."""
    database = open_main_in_memory()
    wishes = read_wishes(text.encode(), "box.yaml", Path("/nowhere"), NoPrompts())
    problems = wishes.faults
    if problems:
        return [(each.code, each.path) for each in problems]
    try:
        apply_wishes(database, wishes)
    except ProvisioningError as error:
        return [(each.code, each.path) for each in error.problems if each.text() and each.text("zh")]

    def read(root: Root) -> tuple[Agreement, ...]:
        return root.tenants["acme"].config.value.agreements  # type: ignore[no-any-return]

    assert database.read(read)[1] == Agreement(
        "4006951234", "2026-07-01", minimum_li=30_000_000, steps=(SpendStep(7, 20_000_000),)
    )
    return []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("", "", ""),
        ("kinds: [local], ", "", "never-reached"),
        ("until: 2026-06-30", "until: 2026-07-01", "agreement-twice"),
        ("until: 2026-06-30, ", "", "agreement-twice"),
        ("until: 2026-06-30", "until: 2025-12-31", "agreement-days"),
        ("      - prices:", "      - {prices: []}\n      - prices:", "same-day"),
        ("from_month: 7", "from_month: 0", "integer"),
        ("first_li: 300", "first_li: -300", "integer"),
    ],
)
def test_contradictions_are_refused(old: str, new: str, code: str) -> None:
    """Prices that no call reaches, agreements that overlap or end before they begin, negative amounts."""
    assert old in GOOD
    assert [found for found, _ in apply(GOOD.replace(old, new, 1) if old else GOOD)] == (
        [code] if code else []
    )


def test_a_narrower_price_first_and_other_hours_are_no_overlap() -> None:
    """Only what an earlier price takes wholly is never reached."""
    local, any_kind = Price((CallKind.LOCAL,)), Price()
    assert never_reached(Edition((local, any_kind))) == ()
    assert never_reached(Edition((any_kind, local))) == (1,)
    assert never_reached(Edition((any_kind, any_kind))) == (1,)
