"""Whole boxes, and who calls them."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.product.box import Box, Place
from tests.product.browsing import Windows, windows
from tests.product.browsing import chromium as run_chromium
from tests.product.sipp import Sipp, tone_file

CALLER_HERTZ = 440
GATEWAY_HERTZ = 880

_callers = itertools.count(1)


@pytest.fixture(scope="module")
def place() -> Place:
    """Return addresses of our own."""
    return Place()


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box that the tests of one module share; afterwards it must end well."""
    configuration = (Path(__file__).parent / "box.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


@pytest.fixture
def quiet_box(box: Box) -> Iterator[Box]:
    """Return the shared box, with a caller of this test; afterwards no call may be up."""
    box.caller = f"137{next(_callers):08}"
    yield box
    box.quiet()


@pytest.fixture
def caller_sound(tmp_path: Path) -> Path:
    """Return what callers say: 440 Hz."""
    return tone_file(tmp_path / "caller.alaw", CALLER_HERTZ)


@pytest.fixture
def gateway_sound(tmp_path: Path) -> Path:
    """Return what answerers say: 880 Hz."""
    return tone_file(tmp_path / "gateway.alaw", GATEWAY_HERTZ)


class Carrier:
    """Brings calls to the box with sipp."""

    def __init__(self, directory: Path, box: Box, sound: Path) -> None:
        self._directory = directory
        self._box = box
        self._sound = sound
        self.running: list[Sipp] = []

    def brings(self, scenario: str, number: str, **options: object) -> Sipp:
        """Start calls to a number."""
        sipp = Sipp(
            self._directory / f"carrier-{len(self.running)}", scenario, host=self._box.place.carrier,
            remote=self._box.place.sip, service=number,
            **({"sound": self._sound, "caller": self._box.caller} | options),  # type: ignore[arg-type]
        )  # fmt: skip
        self.running.append(sipp)
        return sipp


@pytest.fixture
def carrier(tmp_path: Path, quiet_box: Box, caller_sound: Path) -> Iterator[Carrier]:
    """Return the carrier."""
    carrier = Carrier(tmp_path, quiet_box, caller_sound)
    yield carrier
    for sipp in carrier.running:
        sipp.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's browser."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture
def opened(chromium: Browser, box: Box) -> Iterator[Windows]:
    """Open windows on the shared box; afterwards none may have complained."""
    with windows(chromium, box) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what its windows show."""
    report = yield
    opened = item.funcargs.get("opened")
    if call.when == "call" and report.failed and isinstance(opened, Windows):
        report.sections.append(("windows", opened.story()))
    return report
