"""The control points: what each round has to look at (``catalogue.toml``)."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).with_name("catalogue.toml")


class Layer(StrEnum):
    """The six layers, in the order in which they are shown."""

    PHYSICAL = "physical"
    NETWORK = "network"
    HOST = "host"
    APPLICATION = "application"
    DATA = "data"
    DAILY = "daily"


LAYER_NAMES: Final[dict[Layer, tuple[str, str]]] = {
    Layer.PHYSICAL: ("物理安全", "Physical security"),
    Layer.NETWORK: ("网络安全", "Network security"),
    Layer.HOST: ("主机安全", "Host security"),
    Layer.APPLICATION: ("应用安全", "Application security"),
    Layer.DATA: ("数据安全", "Data security"),
    Layer.DAILY: ("日常设备巡检", "Daily look at the machines"),
}
"""Layer -> its Chinese and its English name."""


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One control point (控制点)."""

    id: str
    layer: Layer
    zh: str
    en: str
    look_zh: str
    """What to look at."""
    look_en: str
    checks: tuple[str, ...] = ()
    """Names of automatic checks."""
    by_hand: bool = False
    """Whether somebody must look even where the checks are good."""

    @property
    def manual(self) -> bool:
        """Whether a technician has to answer it."""
        return self.by_hand or not self.checks


@cache
def catalogue() -> dict[str, Point]:
    """Return every control point by its id, in the order of the layers."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["point"]
    return {point.id: point for point in msgspec.convert(rows, list[Point])}
