"""Findings in words: what they say of calls that are made up, and that they say nothing of few."""

from __future__ import annotations

import string
from datetime import date, datetime, timedelta

import pytest

from domain.analysis.cell import cell_of, fate_of
from domain.analysis.columns import COLUMNS, Kind, Target, written
from domain.analysis.erlang import Load, agents_needed
from domain.analysis.figures import Counted, Figures, Groups
from domain.analysis.finding import finding_words, slot_words
from domain.analysis.findings import findings
from domain.analysis.report import Report, Slot
from domain.analysis.service_level import Formula
from domain.analysis.staffing import Goal, advice, patience_of
from domain.days.calendar import BEIJING
from domain.outcomes import Outcome

MONDAY = date(2026, 10, 5)
GOAL = Goal()


class Made:
    """Calls that a test makes up."""

    def __init__(self, weeks: int = 4) -> None:
        self.figures = Figures()
        self.weeks = weeks
        self.count = 0

    def call(
        self, day: int, hour: int, outcome: Outcome = Outcome.ANSWERED, *, wait: int = 5, talk: int = 300,
        agent: str = "", province: str = "辽宁", queue: str = "", rating: int = 0, key: str = "",
    ) -> None:  # fmt: skip
        """Let a call come ``day`` days after the first Monday."""
        self.count += 1
        answered = outcome is Outcome.ANSWERED
        start = datetime(2026, 10, 5, hour, self.count % 50, tzinfo=BEIJING) + timedelta(days=day)
        ms, talk_ms = int(start.timestamp() * 1000), talk * 1000 if answered else 0
        groups = Groups(
            f"{self.count:026}", ms, "4001003721", f"{province}/024", (key,) if key else (), queue,
            (agent or f"800{self.count % 4}") if answered else "", answered,
        )  # fmt: skip
        cell = cell_of(
            fate_of(outcome, answered), outcome, wait_ms=wait * 1000, talk_ms=talk_ms, access_ms=talk_ms,
            fee_li=60, rating=rating, named=True,
        )  # fmt: skip
        self.figures.take([Counted(groups, cell, outcome, rating, "138", ms + wait * 1000, talk_ms)])

    def mondays(
        self, hour: int, answered: int, busy: int = 0, no_answer: int = 0, gave_up: int = 0, talk: int = 300
    ) -> None:  # fmt: skip
        """Let so many calls come in an hour of each Monday."""
        for week in range(self.weeks):
            for outcome, count in (
                (Outcome.ANSWERED, answered), (Outcome.BUSY, busy), (Outcome.NO_ANSWER, no_answer),
                (Outcome.GAVE_UP_QUEUE, gave_up),
            ):  # fmt: skip
                for _ in range(count):
                    self.call(week * 7, hour, outcome, talk=talk)

    @property
    def report(self) -> Report:
        """Return the report of these weeks."""
        last = MONDAY + timedelta(days=7 * self.weeks - 1)
        return Report(MONDAY, last, self.figures, {"4001003721": self.figures.all})

    def told(self, language: str = "zh") -> dict[str, str]:
        """Return what is found, by kind."""
        return {each.kind: each.whole(language) for each in findings(self.report, GOAL)}


def test_an_hour_that_needs_more_agents() -> None:
    """Monday 9-10: 20 calls an hour of 10 min, 7 of them busy, four agents: how many are needed, and had."""
    made = Made()
    made.mondays(9, answered=13, busy=7, talk=600)
    found = next(each for each in findings(made.report, GOAL) if each.kind == "slot-add")
    needed = agents_needed(Load(20 / 3600, 600), 20, 0.8)
    text = found.whole("zh")
    assert text.startswith("周一 9-10 点遇忙率 35 %、未接率 35 %（应接 80，未接 28）")
    assert f"按 80/20 需 {needed} 个坐席" in text
    assert "现有 4 个" in text
    assert f"建议增加 {needed - 4} 个坐席" in text
    assert (found.asked, found.result) == ({"weekday": "1", "hour": "9"}, "missed")
    assert "Mon 09-10" in found.text("en")


def test_enough_agents_who_do_not_answer() -> None:
    """Not people are missing, but people at their desks."""
    made = Made()
    made.mondays(9, answered=8, no_answer=4)
    for week in range(4):
        for agent in range(9):
            made.call(week * 7, 9, talk=10, agent=f"900{agent}")
    assert "检查坐席是否在座" in made.told()["slot-unanswered"]


def test_people_to_spare() -> None:
    """An hour with many agents, few calls and nothing missed."""
    made = Made()
    for week in range(4):
        for agent in range(8):
            made.call(week * 7, 14, talk=20, agent=f"900{agent}")
    assert "可调出" in made.told()["spare"]


def test_what_else_is_found() -> None:
    """Impatient callers, full lines, menus, closed hours, an agent rated low, a place that loses calls."""
    made = Made()
    for n in range(300):
        made.call(n % 28, 10, queue="sales", rating=5 if n % 5 == 0 else 0, key="main/start/1")
    made.call(3, 10, key="main/start/9")
    for n in range(40):
        made.call(n % 28, 11, Outcome.GAVE_UP_QUEUE, wait=12, queue="sales")
        made.call(n % 28, 11, Outcome.GAVE_UP_MENU, wait=12)
        made.call(n % 28, 11, Outcome.MENU_NO_KEY, wait=12)
        made.call(n % 28, 20, Outcome.CLOSED)
        made.call(n % 28, 12, Outcome.OVER_TENANT_LIMIT)
        made.call(n % 28, 13, Outcome.NO_ANSWER, province="广东", queue="service")
    for n in range(12):
        made.call(n, 15, agent="8009", rating=2)
    told = made.told()
    assert {
        "patience-early",
        "lines-tenant",
        "menus",
        "closed",
        "rating",
        "place",
        "queue",
        "rare-keys",
    } <= set(told)
    assert "缩短欢迎词" in told["patience-early"]
    assert "坐席 8009 的满意度 2.0（12 次评分）" in told["rating"]
    assert told["place"].startswith("广东来电未接率 100 %（40/40）")


def test_the_gravest_stand_first_and_few_calls_tell_nothing() -> None:
    """Nothing is made of nineteen calls."""
    made = Made()
    made.mondays(9, answered=13, busy=7)
    weights = [each.weight for each in findings(made.report, GOAL)]
    assert weights == sorted(weights, key=["bad", "warn", "good"].index)
    few = Made(1)
    few.mondays(9, answered=10, busy=9)
    assert [each.kind for each in findings(few.report, GOAL)] == ["few"]
    assert [each.kind for each in findings(Made(1).report, GOAL)] == ["few"]


def test_more_calls_than_before() -> None:
    """A fifth more or fewer is told."""
    now, before = Made(), Made()
    now.mondays(9, answered=13)
    before.mondays(9, answered=8)
    kinds = {each.kind for each in findings(now.report, GOAL, before.report)}
    assert "trend-more" in kinds
    assert "trend-fewer" in {each.kind for each in findings(before.report, GOAL, now.report)}
    same = {each.kind for each in findings(now.report, GOAL, now.report)}
    assert not {"trend-more", "trend-fewer"} & same


@pytest.mark.parametrize("kind", sorted(finding_words()))
def test_both_languages_say_the_same_facts(kind: str) -> None:
    """Each text has its translation, with the same figures where they are no list of both."""
    words = finding_words()[kind]
    assert set(words) in ({"zh", "en"}, {"zh", "en", "advice_zh", "advice_en"})

    def facts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert facts(words["zh"]) == facts(words["en"])
    assert facts(words.get("advice_zh", "")) == facts(words.get("advice_en", ""))


def test_advice_for_each_hour() -> None:
    """Calls are those of one such hour; talk and wrap-up count; patience is assumed until it shows."""
    made = Made()
    made.mondays(9, answered=12, gave_up=3)
    (one,) = advice(made.report, Goal(wrap_up_s=30))
    assert (one.slot, one.hourly, one.handle_s, one.had) == (Slot(0, 9), 15.0, 330.0, 4.0)
    assert one.needed == agents_needed(Load(15 / 3600, 330), 20, 0.8)
    assert one.needed_patient <= one.needed
    assert not patience_of(made.report.all).estimated
    made.mondays(10, answered=1, gave_up=5)
    told = patience_of(made.report.all)
    assert told.estimated
    assert told.seconds == pytest.approx(5 * (13 + 8) * 4 / (8 * 4))
    assert slot_words(Slot(6, 23), "zh") == "周日 23-24 点"


@pytest.mark.parametrize("formula", list(Formula))
def test_columns_of_nothing(formula: Formula) -> None:
    """Every figure of no calls is nought or a dash."""
    for column in COLUMNS:
        value = column.of(Made().report.all, Target(20, formula))
        assert written(value, column.kind) in ("0", "0:00", "—", "0.0")
    assert written(3725.4, Kind.CLOCK) == "1:02:05"
