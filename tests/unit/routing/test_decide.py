"""The route decision (docs/routing.md)."""

from __future__ import annotations

import msgspec
import pytest

from domain.calling.caller import CallerClass
from domain.days.calendar import Calendar
from domain.outcomes import Outcome
from domain.routing.decide import Decision, decide
from domain.routing.plan import RoutePlan, Rule, Share
from domain.routing.reasons import Reason, explain, read_reasons, written
from domain.routing.simulate import simulate
from domain.routing.target import BoundNumber
from domain.snapshot import NumberPlan, RingStrategy, TargetGroup
from tests.unit.routing.plans import (
    BEIJING_LANDLINE,
    MAKE_UP_SATURDAY,
    MOBILE,
    NUMBER,
    SHENYANG,
    Live,
    facts,
    hours,
    plan,
    rule,
    tenant,
    to,
)


def decided(
    routing: RoutePlan | None, caller: str = SHENYANG, moment: str = MAKE_UP_SATURDAY, **lists: object
) -> Decision:
    """Decide for one call."""
    number = plan(routing)
    return decide(tenant(number, **lists), number, facts(caller, moment), Live())


def test_without_a_route_plan_calls_go_to_the_bound_numbers_or_the_entry() -> None:
    """As before."""
    assert decided(None).to == to("bound")
    number = plan(None, entry=to("flow:main"))
    assert decide(tenant(number), number, facts(), Live()).to == to("flow:main")


def test_the_explanation_reads_like_the_contract() -> None:
    """024…, Sat 2026-10-10 09:30, working day by 调休 -> rule 2 -> group 2 -> 8001."""
    north = TargetGroup("2", (BoundNumber("8001"), BoundNumber("8002")))
    routing = RoutePlan(
        rules=(
            rule("group:1", "010"),
            rule("group:2", "东北", when=hours("workdays 09:00-18:00"), name="north"),
        )
    )
    number = plan(routing)
    found = simulate(tenant(number, groups=(north,)), number, facts(), Live())
    assert explain(found.reasons) == (
        "02461234567 (辽宁 沈阳/抚顺/本溪/铁岭 024), Sat 2026-10-10 09:30, working day by 调休 (国庆节)"
        " -> rule 2 (north) -> group 2 -> 8001 comes first"
    )
    assert explain(found.reasons, "zh") == (
        "02461234567（辽宁 沈阳/抚顺/本溪/铁岭 024），2026-10-10 09:30 周六，调休上班日（国庆节）"
        " -> 规则 2（north） -> 振铃组 2 -> 8001 优先"
    )


@pytest.mark.parametrize("pattern", [SHENYANG, "0246*", "024", "辽宁", "东北"])
def test_a_caller_is_barred_by_number_segment_area_code_province_and_region_group(pattern: str) -> None:
    """And the reason says by which."""
    for routing, outcome, code in (
        (RoutePlan(blacklist={pattern: "骚扰"}), Outcome.BLACKLISTED, "blacklisted"),
        (RoutePlan(deny=(pattern,)), Outcome.AREA_DENIED, "denied"),
    ):
        turned_away = decided(routing)
        assert (turned_away.to, turned_away.refusal) == (None, outcome)
        assert turned_away.reasons[-1].code == code
        assert turned_away.reasons[-1].facts["pattern"] == pattern
        assert decided(routing, BEIJING_LANDLINE).refusal is None
    only = RoutePlan(allow=(pattern,))
    assert decided(only).refusal is None
    assert decided(only, BEIJING_LANDLINE).refusal is Outcome.AREA_DENIED


def test_the_narrowest_entry_of_a_blacklist_is_named() -> None:
    """The number itself before its area."""
    found = decided(RoutePlan(blacklist={"辽宁": "", "024": "", SHENYANG: "欠款"}))
    assert found.reasons[-1].facts == {"pattern": SHENYANG, "note": "欠款"}
    assert "欠款" in explain(found.reasons, "zh")


def test_the_tenants_lists_hold_for_all_its_numbers() -> None:
    """Blacklist and VIPs are the tenant's as well."""
    assert decided(None, blacklist={"024": ""}).refusal is Outcome.BLACKLISTED
    assert decided(None, vip={SHENYANG: "王总"}).vip
    assert not decided(None, BEIJING_LANDLINE, vip={SHENYANG: "王总"}).vip


def test_no_area_bars_a_vip_but_his_own_number_does() -> None:
    """VIPs pass area rules; one who is blacklisted by his whole number does not."""
    vip = {SHENYANG: "王总"}
    for barring in (
        RoutePlan(vip=vip, deny=("辽宁",)),
        RoutePlan(vip=vip, allow=("010",)),
        RoutePlan(vip=vip, blacklist={"024": ""}),
    ):
        found = decided(barring)
        assert (found.refusal, found.vip) == (None, True)
        assert "王总" in explain(found.reasons)
    assert decided(RoutePlan(vip=vip, blacklist={SHENYANG: ""})).refusal is Outcome.BLACKLISTED


def test_a_withheld_number_is_known_only_as_unknown() -> None:
    """It has no place: an allow-only list turns it away unless it names unknown."""
    assert decided(RoutePlan(allow=("024",)), "anonymous").refusal is Outcome.AREA_DENIED
    assert decided(RoutePlan(allow=("024", "unknown")), "anonymous").refusal is None
    assert decided(RoutePlan(deny=("unknown",)), "anonymous").refusal is Outcome.AREA_DENIED
    assert decided(RoutePlan(deny=("unknown",))).refusal is None


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-10-10 09:30", True),  # a Saturday worked for 国庆节
        ("2026-10-10 18:00", False),
        ("2026-10-17 09:30", False),  # a plain Saturday
        ("2026-10-01 09:30", False),  # holiday
        ("2026-10-09 09:00", True),
    ],
)
def test_a_number_is_open_by_its_hours(moment: str, open_: bool) -> None:
    """调休 and holidays count."""
    working = hours("workdays 09:00-18:00")
    shut = decided(RoutePlan(hours=working), moment=moment)
    assert shut.refusal is (None if open_ else Outcome.CLOSED)
    elsewhere = decided(RoutePlan(hours=working, closed=to("voicemail:night")), moment=moment)
    assert elsewhere.to == to("bound" if open_ else "voicemail:night")


def test_the_first_rule_that_fits_decides() -> None:
    """All conditions of a rule must hold."""
    routing = RoutePlan(
        rules=(
            rule("group:a", "024", classes=(CallerClass.MOBILE,)),
            rule("group:b", "024", when=hours("weekends 00:00-24:00")),
            rule("group:c", "1390000*", "024"),
            rule("group:d"),
        )
    )
    assert decided(routing).to == to("group:c")
    assert decided(routing, MOBILE).to == to("group:c")
    assert decided(routing, BEIJING_LANDLINE).to == to("group:d")
    assert decided(routing, moment="2026-10-17 09:30").to == to("group:b")
    nothing = RoutePlan(rules=routing.rules[:1])
    assert decided(nothing).to == to("bound")
    assert "default" in [reason.code for reason in decided(nothing).reasons]


def test_the_pin_is_asked_where_somebody_is_connected() -> None:
    """A closed number's voicemail needs none."""
    closing = RoutePlan(hours=hours("daily 09:00-10:00"), closed=to("voicemail:night"))
    number = plan(closing, pin="2580")
    assert decide(tenant(number), number, facts(), Live()).needs_pin
    late = decide(tenant(number), number, facts(moment="2026-10-10 12:00"), Live())
    assert not late.needs_pin
    assert not decided(closing).needs_pin


def test_an_unknown_year_is_said() -> None:
    """2031 is not published: its days count as what their weekday says."""
    found = decided(None, moment="2031-10-01 09:30")
    assert "holidays of the year not known" in explain(found.reasons)
    assert "节假日安排未知" in explain(found.reasons, "zh")
    assert "不知" not in explain(decided(None).reasons, "zh")
    own = Calendar({"2031-10-01": msgspec.convert({"kind": "holiday", "name": "国庆节"}, _entered())})
    number = plan(RoutePlan(hours=hours("workdays 09:00-18:00")))
    assert decide(tenant(number), number, facts(moment="2031-10-01 09:30"), Live()).refusal is None
    closed = decide(tenant(number), number, facts(moment="2031-10-01 09:30", calendar=own), Live())
    assert closed.refusal is Outcome.CLOSED


def _entered() -> type:
    from domain.days.calendar import EnteredDay

    return EnteredDay


def test_a_split_is_exact_over_a_hundred_calls_and_even_within() -> None:
    """70:30 is never 5 in a row of the smaller one."""
    split = (Share(to("group:a"), 70), Share(to("group:b"), 30))
    number, live = plan(RoutePlan(rules=(Rule(split=split),))), Live()
    seen = []
    for _ in range(200):
        found = decide(tenant(number), number, facts(), live)
        live.count(found.turn)
        seen.append(str(found.to))
    assert seen[:100].count("group:a") == seen[100:].count("group:a") == 70
    assert seen[:10].count("group:a") == 7
    assert "group:b group:b" not in " ".join(seen)


@pytest.mark.parametrize("percents", [(50, 49), (60, 50), (100, 0), (-1, 101)])
def test_a_split_that_does_not_sum_to_100_is_no_rule(percents: tuple[int, ...]) -> None:
    """Nor are shares of nothing."""
    with pytest.raises(ValueError, match="sum to 100"):
        Rule(split=tuple(Share(to("bound"), percent) for percent in percents))


def test_a_rule_has_one_goal() -> None:
    """A destination or a split."""
    with pytest.raises(ValueError, match="either"):
        Rule()
    with pytest.raises(ValueError, match="either"):
        Rule(to=to("bound"), split=(Share(to("bound"), 100),))


def test_a_simulation_follows_other_numbers_to_their_phones() -> None:
    """With all their rules, and not for ever."""
    second = NumberPlan(
        number="4001003722", routing=RoutePlan(rules=(rule("group:2"),)), entry=to(f"number:{NUMBER}")
    )
    first = plan(None, entry=to("number:4001003722"))
    group = TargetGroup("2", (BoundNumber("8001"),), RingStrategy.SEQUENTIAL, 10.0, to("voicemail:all"))
    found = simulate(tenant(first, second, groups=(group,)), first, facts(), Live())
    assert found.to == to("group:2")
    assert [decision.number for decision in found.decisions] == [NUMBER, "4001003722"]
    assert found.phones is not None
    assert [target.number for target in found.phones.targets] == ["8001"]
    assert found.otherwise == to("voicemail:all")
    circle = NumberPlan(number="4001003722", entry=to(f"number:{NUMBER}"))
    assert len(simulate(tenant(first, circle), first, facts(), Live()).decisions) == 20


def test_reasons_are_kept_and_read_again() -> None:
    """The record explains as the call did; a code of a later edition is shown as it is."""
    reasons = decided(RoutePlan(deny=("024",))).reasons
    assert read_reasons(written(reasons)) == reasons
    assert Reason("of-2030", {"a": "b"}).text("zh") == "of-2030 b"
    assert Reason("rule").text() == "rule"
    with pytest.raises(ValueError, match="JSON"):
        read_reasons("rule 2")
