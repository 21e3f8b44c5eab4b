"""Working time: when so many minutes of a desk's hours have passed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from domain.days.calendar import BEIJING, Calendar, local
from domain.days.schedule import HORIZON_DAYS, Schedule, preview


def after_working(schedule: Schedule, calendar: Calendar, start: float, minutes: float) -> float:
    """Return when ``minutes`` of the schedule's hours have passed since ``start``; UTC POSIX seconds.

    Nothing passes outside the hours. A schedule that is not on for that long within 400 days counts every
    minute: an answer is due some time.
    """
    begin = local(start)
    left = minutes
    for ahead in range(HORIZON_DAYS):
        (shown,) = preview(schedule, begin.date() + timedelta(ahead), calendar, 1)
        midnight = datetime.combine(shown.day.date, time(), BEIJING)
        for hours in shown.open:
            first = max(midnight + timedelta(minutes=hours.start), begin)
            last = midnight + timedelta(minutes=hours.end)
            length = (last - first).total_seconds() / 60
            if length >= left and length > 0:
                return (first + timedelta(minutes=left)).timestamp()
            left -= max(length, 0.0)
    return start + minutes * 60
