"""Region groups (大区): which province belongs to 华北, 东北, 华东 and so on."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def shipped_regions() -> Mapping[str, str]:
    """Return province -> group as it comes with the box."""
    text = files("domain").joinpath("data", "region_groups.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["province"]: row["group"] for row in rows}


def regions_with(changed: Mapping[str, str]) -> Mapping[str, str]:
    """Return province -> group with the operator's changes."""
    return {**shipped_regions(), **changed} if changed else shipped_regions()
