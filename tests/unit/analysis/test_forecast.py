"""The forecast of next week, checked by hand, and its backtest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.analysis.forecast import backtest, forecast

MONDAY = date(2026, 11, 23)


def history(weeks: int, calls: dict[int, int]) -> dict[date, list[int]]:
    """Return days with the same calls at 9 for each weekday."""
    days = [MONDAY - timedelta(days=n) for n in range(1, weeks * 7 + 1)]
    return {day: [calls.get(day.weekday(), 0) if hour == 9 else 0 for hour in range(24)] for day in days}


def test_the_newest_day_counts_most() -> None:
    """Mondays of 40, 30, 20, 10 and 1000 calls, the newest first: (4*40 + 3*30 + 2*20 + 10) / 10 = 30."""
    known = history(5, {})
    for week, calls in enumerate([40, 30, 20, 10, 1000], 1):
        known[MONDAY - timedelta(days=7 * week)][9] = calls
    (told,) = forecast(known, MONDAY, 1, date.weekday)
    assert told.hours[9] == told.calls == 30
    assert len(told.based_on) == 4
    assert told.based_on[0] == MONDAY - timedelta(days=7)


def test_a_steady_week_is_told_exactly() -> None:
    """Each weekday as it always was; the backtest finds no error."""
    known = history(6, {0: 50, 1: 40, 4: 30})
    told = forecast(known, MONDAY, 7, date.weekday)
    assert [each.calls for each in told] == [50, 40, 0, 0, 30, 0, 0]
    test = backtest(known, MONDAY, date.weekday)
    assert test is not None
    assert (test.wape, test.day_wape, test.naive_wape) == (0, 0, 0)
    assert test.came == (50, 40, 0, 0, 30, 0, 0)


def test_a_holiday_counts_as_a_sunday_and_spoils_no_monday() -> None:
    """A Monday off is told from Sundays, and Mondays to come are not told from it."""
    known = history(5, {0: 50, 6: 5})
    holiday = MONDAY - timedelta(days=7)
    known[holiday][9] = 4

    def kind(day: date) -> int:
        return 6 if day in (holiday, MONDAY + timedelta(days=7)) else day.weekday()

    told = forecast(known, MONDAY, 8, kind)
    assert told[0].calls == 50
    assert told[7].calls < 6


def test_a_one_off_week_is_told_better_than_by_the_week_before() -> None:
    """After a week of an outage, "as the week before" is far off; four weeks are not."""
    known = history(6, dict.fromkeys(range(7), 40))
    for n in range(8, 15):
        known[MONDAY - timedelta(days=n)][9] = 0
    test = backtest(known, MONDAY, date.weekday)
    assert test is not None
    assert test.naive_wape == 1.0
    assert test.wape == pytest.approx(0.4)


def test_too_little_is_known() -> None:
    """No backtest of less than three weeks; without any history nothing is foretold."""
    assert backtest(history(2, {0: 5}), MONDAY, date.weekday) is None
    assert [each.calls for each in forecast({}, MONDAY, 7, date.weekday)] == [0.0] * 7
    young = {MONDAY - timedelta(days=1): [1] * 24}
    assert forecast(young, MONDAY, 1, date.weekday)[0].calls == 24
