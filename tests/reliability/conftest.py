"""The box that the short trials share, and how a trial says its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.product.box import Box, Place

CONFIGURATION = """
box:
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    shown_caller: caller
    options_seconds: 0
tenants:
  demo:
    name: 演示企业
    extensions:
      "8001":
        secret: correct-horse-battery
    numbers:
      "4001003722":
        bound: [{number: "13900001111", skip_busy: false}]
      "4001003728":
        bound: [{number: "13900001111", skip_busy: false}]
        record: false
"""
RECORDED = "4001003722"
UNRECORDED = "4001003728"

Note = Callable[[str], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Note:
    """Return what tells a figure: printed (``-s`` or ``-rP`` shows it) and kept in a JUnit report."""

    def tell(figures: str) -> None:
        print(f"\n{request.node.name}: {figures}")
        record_property("figures", figures)

    return tell


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return the box that the trials share which leave a box as it was; at the end it must end well."""
    with Box(tmp_path_factory.mktemp("reliability") / "data", Place(), CONFIGURATION).running() as running:
        yield running


@pytest.fixture
def own_box(tmp_path: Path) -> Iterator[Box]:
    """Return a box, not started, that is this trial's alone."""
    made = Box(tmp_path / "data", Place(), CONFIGURATION)
    yield made
    made.kill()
