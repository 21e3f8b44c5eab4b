"""Moments on the command line, in Beijing time."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import click

from storage.records.call_id import BEIJING

_AGO = re.compile(r"([0-9]{1,5})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


class Moment(click.ParamType[float]):
    """Read ``2026-10-01``, ``2026-10-01 09:30``, ``today``, ``yesterday`` or ``90m`` (ago) as UTC seconds."""

    name = "WHEN"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return UTC POSIX seconds; anything else is a usage error."""
        if isinstance(value, float):
            return value
        text = str(value)
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return time.time() - int(ago[1]) * _UNITS[ago[2]]
        today = datetime.now(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
        if text in ("today", "yesterday"):
            return (today - timedelta(days=text == "yesterday")).timestamp()
        for form in _FORMATS:
            try:
                return datetime.strptime(text, form).replace(tzinfo=BEIJING).timestamp()
            except ValueError:
                continue
        raise click.BadParameter(
            f"{text!r} is no moment such as 2026-10-01, '2026-10-01 09:30', today or 90m"
        )


def beijing(utc: float) -> str:
    """Return a moment for people."""
    return datetime.fromtimestamp(utc, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
