"""来电路由 in the browser: the plan as a picture, its forms, two people at once, the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from domain.days.schedule_text import parse_schedule
from storage.models.web import AuditEntry
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from webui.services.provisioning import wish

PAGE = "/t/alpha/routing/4001003721"
PLAN = {
    "hours": ["workdays 09:00-18:00"],
    "closed": "announcement:no-answer",
    "deny": ["0931"],
    "rules": [
        {"name": "north", "callers": ["东北"], "to": "bound"},
        {"split": [{"to": "bound", "percent": 70}, {"to": "hang-up", "percent": 30}]},
    ],
    "when_busy": [{"number": "13900004444", "label": "night"}],
}


def plan(site: Site) -> Any:
    """Return alpha's plan of its number."""
    return site.read(lambda root: root.tenants["alpha"].numbers["4001003721"].value)


def applied(site: Site, routing: Any) -> None:
    """Set a route plan up, as the operator does."""
    document = {"tenants": {"alpha": {"numbers": {"4001003721": {"routing": routing}}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))


def opened(browser: Browser, part: str) -> Any:
    """Open the form of a part."""
    return form_of(browser.get(f"{PAGE}/part?name={part}"), f"{PAGE}/part?name={part}")


def sent(form: Any, **fields: str) -> Any:
    """Fill a form in and send it."""
    for name, value in fields.items():
        form[name] = value
    return form.submit(status="*")


def test_the_plan_is_a_picture(site: Site) -> None:
    """Each gate in the order of the decision, with where calls leave it; shares drawn to scale."""
    applied(site, PLAN)
    page = site.browser("4001003721").get(PAGE)
    titles = [each.text for each in page.html.select(".gate-head b")]
    assert titles[1:5] == ["Areas", "Opening hours", "Rule 1 north", "Rule 2"]
    assert [each["width"] for each in page.html.select(".split rect")] == ["70", "30"]
    assert "announcement no-answer" in page.html.select(".gate")[2].text
    assert len(page.html.select("svg.calendar g")) == 14
    last = page.html.select(".gate")[-1].text
    assert ("13900004444 night" in last, "Caller memory: off" in last) == (True, True)


def test_hours_are_changed_and_the_rest_stays(site: Site) -> None:
    """Also what the form does not show, such as an announcement that ships."""
    applied(site, PLAN)
    form = opened(site.browser("4001003721", language="zh"), "hours")
    assert form["hours"].value.strip() == "工作日 09:00-18:00"
    assert sent(form, hours="每天 08:00-20:00").status_int == 303
    route = plan(site).routing
    assert route.hours == parse_schedule(["daily 08:00-20:00"])
    assert (str(route.closed), route.deny, len(route.rules)) == ("announcement:no-answer", ("0931",), 2)
    assert site.actions()[0] == "routing-changed"


@pytest.mark.parametrize(
    ("part", "fields", "words"),
    [
        ("hours", {"hours": "sometimes"}, "is not DAYS HOURS"),
        ("areas", {"allow": "Atlantis"}, "means no callers"),
        ("areas", {"deny": "亚特兰蒂斯"}, "neither a province nor a region group"),
        ("lists", {"vip": "12 city"}, ""),
        ("lists", {"blacklist": f"{HOSTILE} x"}, "means no callers"),
        ("forwards", {"memory_days": "9999"}, "no number from"),
        ("forwards", {"when_busy_1": "12"}, ""),
        ("pin", {"pin": "12"}, "4 to 12 digits"),
    ],
)
def test_what_is_wrong_is_told_and_stays_typed(site: Site, part: str, fields: Any, words: str) -> None:
    """Beside its field; nothing is stored."""
    before = plan(site)
    answer = sent(opened(site.browser("4001003721"), part), **fields)
    assert answer.status_int == 422
    assert words in answer
    assert answer.html.select(".invalid-feedback, .alert-danger")
    assert "<script>alert" not in answer.text
    again = form_of(answer, f"{PAGE}/part?name={part}")
    assert part == "pin" or [again[name].value.strip() for name in fields] == list(fields.values())
    assert plan(site) == before


def test_lists_are_read_as_people_type_them(site: Site) -> None:
    """A full-width space or comma before the note, a number from a phone's contacts."""
    form = opened(site.browser("4001003721"), "lists")
    assert sent(form, blacklist="+8613800138000\n170０000＊　骚扰\n024，沈阳").status_int == 303
    assert plan(site).routing.blacklist == {"13800138000": "", "1700000*": "骚扰", "024": "沈阳"}


def test_what_a_page_must_not_name(site: Site) -> None:
    """No file of the box's disk is read as an announcement."""
    form = opened(site.browser("4001003721"), "hours")
    form["closed"].force_value("announcement:/etc/passwd")
    form["hours"] = "daily 09:00-10:00"
    assert form.submit(status=422).html.select(".invalid-feedback")
    assert plan(site).routing is None


def test_two_people_edit_the_same_part(site: Site) -> None:
    """The second one sees the first one's words beside his own, and decides; nothing is lost."""
    mine = opened(site.browser("4001003721"), "hours")
    theirs = opened(site.browser("4001003721"), "hours")
    sent(theirs, hours="daily 10:00-11:00")
    answer = sent(mine, hours="daily 12:00-13:00")
    assert answer.status_int == 409
    assert "Somebody else changed this meanwhile" in answer
    assert "daily 10:00-11:00" in answer.html.select(".theirs")[0].text
    again = form_of(answer, f"{PAGE}/part?name=hours")
    assert again["hours"].value.strip() == "daily 12:00-13:00"
    assert plan(site).routing.hours == parse_schedule(["daily 10:00-11:00"])
    assert again.submit().status_int == 303
    assert plan(site).routing.hours == parse_schedule(["daily 12:00-13:00"])


def test_two_people_edit_different_parts(site: Site) -> None:
    """Both changes hold."""
    first, second = opened(site.browser("4001003721"), "hours"), opened(site.browser("4001003721"), "areas")
    sent(first, hours="daily 10:00-11:00")
    assert sent(second, deny="024, 辽宁").status_int == 303
    route = plan(site).routing
    assert (route.hours, route.deny) == (parse_schedule(["daily 10:00-11:00"]), ("024", "辽宁"))


def rule_form(browser: Browser, index: int | None = None) -> Any:
    """Open the form of a rule by its place, or an empty one."""
    address = f"{PAGE}/rule"
    if index is not None:
        links = browser.get(PAGE).html.select(".gate[data-rule] .gate-buttons a")
        address = links[index]["href"]
    return form_of(browser.get(address), f"{PAGE}/rule")


def test_rules_are_added_changed_ordered_and_removed(site: Site) -> None:
    """By place, kind, time and share."""
    browser = site.browser("4001003721")
    form = rule_form(browser)
    form["classes"] = ["mobile"]
    sent(form, name="lunch", callers="024 华北", when="workdays 12:00-13:00", to="hang-up")
    form = rule_form(browser)
    sent(form, goal="split", to_1="bound", percent_1="60", to_2="hang-up", percent_2="40")
    lunch, shares = plan(site).routing.rules
    assert (lunch.name, lunch.callers, lunch.classes, str(lunch.to)) == (
        "lunch", ("024", "华北"), ("mobile",), "hang-up",
    )  # fmt: skip
    assert [(str(each.to), each.percent) for each in shares.split] == [("bound", 60), ("hang-up", 40)]
    sent(rule_form(browser, 0), name="noon")
    names = [each["data-rule"] for each in browser.get(PAGE).html.select(".gate[data-rule]")]
    fields = [("csrf_token", browser.token(PAGE)), *(("order", name) for name in reversed(names))]
    browser.post(f"{PAGE}/order", fields, status=303)
    assert [each.name for each in plan(site).routing.rules] == ["", "noon"]
    browser.post(f"{PAGE}/rule-remove", {"csrf_token": browser.token(PAGE), "which": names[1]}, status=303)
    assert [each.name for each in plan(site).routing.rules] == ["noon"]


def test_shares_may_have_their_sign(site: Site) -> None:
    """30% is 30; 3.0 is not."""
    form = form_of(site.browser("4001003721").get(f"{PAGE}/rule"), f"{PAGE}/rule")
    form["goal"], form["to_1"], form["percent_1"], form["to_2"] = "split", "bound", "70%", "hang-up"
    assert sent(form, percent_2="3.0").status_int == 422
    assert sent(form, percent_2="３０％").status_int == 303
    assert [share.percent for share in plan(site).routing.rules[0].split] == [70, 30]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"goal": "split", "to_1": "bound", "percent_1": "60"}, "sums to 60"),
        ({"goal": "split", "to_1": "bound", "percent_1": "1.5"}, "no whole number"),
        ({"to": "bound", "when": "x"}, "is not DAYS HOURS"),
        ({"to": "bound", "callers": "12"}, "means no callers"),
    ],
)
def test_a_rule_that_makes_no_sense(site: Site, fields: Any, words: str) -> None:
    """Is refused with what was typed."""
    answer = sent(rule_form(site.browser("4001003721")), **fields)
    assert (answer.status_int, plan(site).routing) == (422, None)
    assert words in answer


def test_two_people_edit_the_same_rule(site: Site) -> None:
    """What the second one typed becomes a rule of its own when he saves again."""
    applied(site, PLAN)
    browser = site.browser("4001003721")
    mine, theirs = rule_form(browser, 0), rule_form(browser, 0)
    sent(theirs, name="theirs")
    answer = sent(mine, name="mine")
    assert answer.status_int == 409
    assert form_of(answer, f"{PAGE}/rule").submit().status_int == 303
    assert [each.name for each in plan(site).routing.rules] == ["theirs", "", "mine"]


def test_the_pin_is_never_shown_and_can_be_taken_away(site: Site) -> None:
    """An empty field keeps it."""
    browser = site.browser("4001003721")
    sent(opened(browser, "pin"), pin="013900001111")
    assert plan(site).pin == "013900001111"  # a PIN is no telephone number
    sent(opened(browser, "pin"), pin="２５８０")
    assert plan(site).pin == "2580"
    assert "2580" not in browser.get(f"{PAGE}/part?name=pin")
    assert "2580" not in browser.get(PAGE)
    opened(browser, "pin").submit()
    assert plan(site).pin == "2580"
    form = opened(browser, "pin")
    form["remove"] = True
    form.submit()
    assert plan(site).pin == ""
    assert all("2580" not in each.after for _, each in site.read(lambda root: list(root.web.listed())))


def test_the_same_forward_twice_is_one(site: Site) -> None:
    """It would be rung once anyway."""
    sent(
        opened(site.browser("4001003721"), "forwards"), when_busy_1="13900005555", when_busy_2="139-0000-5555"
    )
    assert [each.number for each in plan(site).routing.when_busy] == ["13900005555"]


def test_forwards_keep_what_the_form_does_not_show(site: Site) -> None:
    """A label that `apply` set survives."""
    applied(site, PLAN)
    sent(opened(site.browser("4001003721"), "forwards"), when_busy_2="010-6123 4567", memory_days="7")
    route = plan(site).routing
    assert [(each.number, each.label) for each in route.when_busy] == [
        ("13900004444", "night"), ("01061234567", ""),
    ]  # fmt: skip
    assert route.memory_days == 7


def test_the_simulator_explains(site: Site) -> None:
    """The words of `box400 simulate`: place, day by 调休, rule, who rings; a refusal says why."""
    applied(site, {**PLAN, "hours": None, "closed": None})
    browser = site.browser("4001003721")
    page = browser.get(f"{PAGE}/simulate?caller=02461234567&at=2026-10-10T09:30")
    told = [each.text for each in page.html.select(".decision li")]
    assert "working day by 调休" in told[0]
    assert told[1] == "rule 1 (north)"
    assert "13900001111" in page.html.select(".rounds")[0].text
    refused = browser.get(f"{PAGE}/simulate?caller=09311234567&at=2026-10-10T09:30")
    assert "Turned away" in refused.html.select(".decision-bad")[0].text
    assert browser.get(f"{PAGE}/simulate?caller={HOSTILE}&at=never").html.select(".invalid-feedback")


def test_the_menu_leads_to_the_first_number(site: Site) -> None:
    """Routing and bound numbers alike."""
    browser = site.browser("4001003721")
    for pages in ("routing", "bound"):
        assert browser.get(f"/t/alpha/{pages}").headers["Location"].endswith(f"/t/alpha/{pages}/4001003721")
