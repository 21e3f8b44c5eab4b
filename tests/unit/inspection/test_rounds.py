"""A round from its beginning to its end: points, findings, alarms, reminders."""

from __future__ import annotations

from typing import Any

import pytest

from domain.inspection import round as rounds
from domain.inspection.catalogue import catalogue
from domain.inspection.checks import judge
from domain.inspection.concerns import concerns
from domain.inspection.facts import Facts, Trunk
from domain.inspection.round import AUTOMATIC, Photo, Plan, Round, State
from domain.refusal import NotPossible
from tests.unit.inspection.facts import DAY, NOW, well

POINTS = catalogue()
PLAN = Plan(technicians={"physical": "李工"})
WANG = "operator:wang"


def checked(found: Round, facts: Facts, at: float = NOW) -> Round:
    """Return a round with the results of every check."""
    results = {point.id: judge(point.checks, facts) for point in POINTS.values() if point.checks}
    return rounds.checked(found, POINTS, results, at)


def begun(facts: Facts, before: Round | None = None) -> Round:
    """Return a fresh round."""
    return checked(rounds.begin("R", POINTS, PLAN, "2026-11-25", before, NOW, WANG), facts)


def whole(found: Round) -> Round:
    """Answer everything that is open."""
    for item in found.items:
        if item.state is State.OPEN:
            found = rounds.answered(found, item.point, State.GOOD, "", NOW, WANG)
    return found


def test_checks_answer_their_points_and_people_the_others() -> None:
    """Where all is well only what somebody must look at is open, with its technician and its day."""
    found = begun(well())
    assert {item.point for item in found.items if item.state is State.OPEN} == {
        point.id for point in POINTS.values() if point.manual
    }
    fire, clock = found.item("fire"), found.item("daily-clock")
    assert (fire.technician, fire.due) == ("李工", "2026-11-25")
    assert (clock.state, clock.done_by, clock.due) == (State.GOOD, AUTOMATIC, "")


def test_what_a_check_finds_closes_itself_when_it_is_good_again() -> None:
    """The finding keeps its beginning while it lasts."""
    bad = begun(well(failed_units=("x.service",)))
    item = bad.item("daily-services")
    assert item.state is State.FINDING
    assert item.finding is not None
    assert item.finding.critical
    later = checked(bad, well(failed_units=("x.service", "y.service")), NOW + 60).item("daily-services")
    assert later.finding is not None
    assert later.finding.at == NOW
    good = checked(bad, well(), NOW + 60).item("daily-services")
    assert good.state is State.CLOSED
    assert good.finding is not None
    assert (good.finding.closed_at, good.finding.closed_by) == (NOW + 60, AUTOMATIC)


def test_what_people_found_no_check_takes_away() -> None:
    """A technician heard nothing on a trunk whose check is good."""
    found = rounds.answered(begun(well()), "daily-trunks", State.FINDING, "单通", NOW, WANG, critical=True)
    again = checked(found, well(trunks=(Trunk("unicom", "down"),)), NOW + 60).item("daily-trunks")
    assert again.finding is not None
    assert (again.finding.zh, again.finding.by, again.state) == ("单通", WANG, State.FINDING)


def test_unknown_leaves_an_automatic_point_to_people() -> None:
    """It is open, and a person may answer it."""
    found = begun(well(clock_synchronised=None))
    assert found.item("daily-clock").state is State.OPEN
    assert rounds.answered(found, "daily-clock", State.GOOD, "对过表", NOW, WANG).item("daily-clock").note


def test_a_round_ends_when_everything_is_answered() -> None:
    """What is not is named; afterwards nothing changes."""
    found = begun(well())
    with pytest.raises(NotPossible, match="Physical access control") as refused:
        rounds.ended(found, POINTS, NOW, WANG)
    assert "物理访问控制" in refused.value.zh
    ended = rounds.ended(whole(found), POINTS, NOW, WANG)
    for change in (
        lambda: rounds.answered(ended, "fire", State.GOOD, "", NOW, WANG),
        lambda: rounds.assigned(ended, "fire", "x", ""),
        lambda: checked(ended, well()),
        lambda: rounds.ended(ended, POINTS, NOW, WANG),
    ):
        with pytest.raises(NotPossible, match="ended"):
            change()


def test_an_open_finding_goes_on_in_the_next_round_until_it_is_closed() -> None:
    """With the day it began."""
    first = rounds.answered(begun(well()), "fire", State.FINDING, "灭火器过期", NOW, WANG)
    ended = rounds.ended(whole(first), POINTS, NOW + DAY, WANG)
    second = begun(well(), ended)
    item = second.item("fire")
    assert item.state is State.FINDING
    assert item.finding is not None
    assert item.finding.at == NOW
    closed = rounds.closed(second, "fire", "已更换", NOW + 2 * DAY, WANG)
    assert closed.item("fire").state is State.CLOSED
    third = begun(well(), rounds.ended(whole(closed), POINTS, NOW + 3 * DAY, WANG))
    assert third.item("fire").finding is None


@pytest.mark.parametrize(("change", "why"), [
    (lambda r: rounds.answered(r, "nothing", State.GOOD, "", NOW, WANG), "no control point"),
    (lambda r: rounds.answered(r, "fire", State.FINDING, "  ", NOW, WANG), "Write what was found"),
    (lambda r: rounds.answered(r, "fire", State.OPEN, "", NOW, WANG), "Say whether"),
    (lambda r: rounds.answered(r, "fire", State.GOOD, "x" * 501, NOW, WANG), "500"),
    (lambda r: rounds.closed(r, "fire", "done", NOW, WANG), "no open finding"),
    (lambda r: rounds.closed(
        rounds.answered(r, "fire", State.FINDING, "x", NOW, WANG), "fire", " ", NOW, WANG),
     "what was done"),
    (lambda r: rounds.answered(
        rounds.answered(r, "fire", State.FINDING, "x", NOW, WANG), "fire", State.GOOD, "", NOW, WANG),
     "Close its finding"),
])  # fmt: skip
def test_what_is_refused(change: Any, why: str) -> None:
    """With the remedy in the words."""
    with pytest.raises(NotPossible, match=why):
        change(begun(well()))


def test_a_point_takes_ten_files() -> None:
    """The eleventh is refused."""
    found, photo = begun(well()), Photo("F", "a.jpg", "image/jpeg", 1, WANG, NOW)
    for _ in range(10):
        found = rounds.pictured(found, "fire", photo)
    with pytest.raises(NotPossible, match="10 files"):
        rounds.pictured(found, "fire", photo)


def test_findings_are_alarms_until_they_are_closed() -> None:
    """Critical ones critically, each by its point."""
    found = rounds.answered(begun(well()), "fire", State.FINDING, "灭火器过期", NOW, WANG, critical=True)
    (alarm,) = concerns(found, PLAN, POINTS, NOW)
    assert (alarm.key, alarm.severity, alarm.since) == ("inspection:fire", "critical", NOW)
    assert "防火" in alarm.zh
    assert "灭火器过期" in alarm.zh
    assert concerns(rounds.closed(found, "fire", "已更换", NOW, WANG), PLAN, POINTS, NOW) == []


def test_rows_past_their_day_and_rounds_that_are_due_are_reminded_of() -> None:
    """The day of Beijing counts; who wants no reminders gets none."""
    found = begun(well())
    assert concerns(found, PLAN, POINTS, NOW) == []
    late = NOW + 30 * DAY
    (overdue,) = concerns(found, PLAN, POINTS, late)
    assert overdue.key == "inspection:overdue"
    ended = rounds.ended(whole(found), POINTS, NOW, WANG)
    assert concerns(ended, PLAN, POINTS, NOW + 29 * DAY) == []
    (due,) = concerns(ended, PLAN, POINTS, NOW + 31 * DAY)
    assert (due.key, due.since) == ("inspection:due", NOW + 30 * DAY)
    assert concerns(ended, Plan(every_days=0), POINTS, NOW + 400 * DAY) == []
    assert concerns(None, PLAN, POINTS, NOW) == []
