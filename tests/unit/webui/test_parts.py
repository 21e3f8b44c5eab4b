"""队列与坐席, 振铃组, 留言信箱, 名单与限制 in the browser: the rules are those of `box400 apply`."""

from __future__ import annotations

from typing import Any

import pytest

from storage.models.web import AuditEntry
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from webui.services.provisioning import wish

LIMITS = "/t/alpha/limits"


def part(site: Site, kind: str, name: str) -> Any:
    """Return one of alpha's parts as it is now."""
    return site.read(lambda root: dict(root.tenants["alpha"].named(kind))[name])


def names(site: Site, kind: str) -> list[str]:
    """Return the names of alpha's parts of a kind."""
    return site.read(lambda root: [name for name, _ in root.tenants["alpha"].named(kind)])


def filled(form: Any, **fields: Any) -> Any:
    """Fill a form in and send it."""
    for name, value in fields.items():
        form[name] = value
    return form.submit(status="*")


def add(browser: Browser, kind: str, name: str, **fields: Any) -> Any:
    """Add one."""
    page = f"/t/alpha/{kind}/new"
    return filled(form_of(browser.get(page), page), name=name, **fields)


def opened(browser: Browser, kind: str, name: str) -> Any:
    """Open the form of one."""
    page = f"/t/alpha/{kind}/{name}"
    return form_of(browser.get(page), page)


def test_a_queue_with_its_agents(site: Site) -> None:
    """From nothing to a queue in routing; what is in use is not removed."""
    browser = site.browser("4001003721", language="zh")
    add(browser, "voicemails", "service", notify="13900001111")
    assert add(
        browser, "queues", "sales", label="销售", strategy="skills", hours="工作日 09:00-18:00",
        rating=True, key_1="9", key_to_1="voicemail:service", overflow="voicemail:service",
    ).status_int == 303  # fmt: skip
    queue = part(site, "queues", "sales")
    assert (queue.label, queue.strategy, queue.rating, queue.announce_agent) == ("销售", "skills", True, True)
    assert {key: str(to) for key, to in queue.keys.items()} == {"9": "voicemail:service"}
    add(
        browser, "agents", "8009", label="张三", target="+86 139 0000 7777", queue_sales=True, level_sales="7"
    )
    agent = part(site, "agents", "8009")
    assert agent.target == "13900007777"
    assert [(each.queue, each.level, each.priority) for each in agent.queues] == [("sales", 7, 0)]
    assert filled(opened(browser, "queues", "sales"), ring_seconds="33", rating=False).status_int == 303
    queue = part(site, "queues", "sales")
    assert (queue.ring_seconds, queue.rating, len(queue.keys)) == (33, False, 1)
    token = {"X-CSRF-Token": browser.token("/t/alpha/queues")}
    browser.post("/t/alpha/voicemails/service/remove", headers=token)
    assert names(site, "voicemails") == ["service"]
    browser.post("/t/alpha/agents/8009/remove", headers=token)
    assert "8009" not in names(site, "agents")
    assert "8009" not in browser.get("/t/alpha/agents")


def test_a_ring_group_keeps_what_the_form_does_not_show(site: Site) -> None:
    """A weight that `apply` set survives; order is that of the lines."""
    target = {"number": "13900001111", "weight": 7, "label": "a"}
    document = {"tenants": {"alpha": {"groups": {"north": {"targets": [target]}}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    browser = site.browser("4001003721")
    form = opened(browser, "groups", "north")
    assert form["targets"].value.strip() == "13900001111 a"
    filled(form, targets="010-61234567 desk\n13900001111 b", strategy="rotating")
    found = [(each.number, each.label, each.weight) for each in part(site, "groups", "north").targets]
    assert found == [("01061234567", "desk", 1), ("13900001111", "b", 7)]


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("queues", "销售/部", {}),
        ("agents", "小王", {"target": "13900001111"}),
        ("queues", HOSTILE, {}),
        ("queues", "sales", {"ring_seconds": "1"}),
        ("queues", "sales", {"hours": "sometimes"}),
        ("queues", "sales", {"key_1": "x", "key_to_1": "hang-up"}),
        ("agents", "8009", {"target": ""}),
        ("agents", "8009", {"target": "61234567"}),
        ("agents", "8009", {"target": "13900001111", "wrap_up_seconds": "long"}),
        ("groups", "north", {"targets": "12 x"}),
        ("voicemails", "box", {"max_seconds": "100000"}),
    ],
)
def test_what_is_wrong_is_told_and_stays_typed(site: Site, kind: str, name: str, fields: Any) -> None:
    """Nothing is stored."""
    before = names(site, kind)
    answer = add(site.browser("4001003721"), kind, name, **fields)
    assert answer.status_int == 422
    assert answer.html.select(".invalid-feedback, .alert-danger")
    assert "<script>alert" not in answer.text
    again = form_of(answer, f"/t/alpha/{kind}/new")
    assert {each: again[each].value.strip() for each in fields} == fields
    assert names(site, kind) == before


def test_two_people_change_the_same_queue(site: Site) -> None:
    """The second one sees what the first one stored, and decides; a name is not taken twice unseen."""
    browser = site.browser("4001003721")
    add(browser, "queues", "sales")
    mine, theirs = opened(browser, "queues", "sales"), opened(browser, "queues", "sales")
    filled(theirs, ring_seconds="44")
    answer = filled(mine, label="mine")
    assert answer.status_int == 409
    assert "44" in answer.html.select(".theirs")[0].text
    assert part(site, "queues", "sales").label == ""
    assert form_of(answer, "/t/alpha/queues/sales").submit().status_int == 303
    assert part(site, "queues", "sales").label == "mine"
    assert add(browser, "queues", "sales", label="again").status_int == 409
    assert part(site, "queues", "sales").label == "mine"


def limits(site: Site) -> Any:
    """Return alpha's configuration."""
    return site.read(lambda root: root.tenants["alpha"].config.value)


def test_lists_and_caps(site: Site) -> None:
    """In yuan; an empty cap is none."""
    browser = site.browser("4001003721")
    form = form_of(browser.get(LIMITS), LIMITS)
    filled(form, blacklist="1700000* spam\n024", monthly_cap_li="1234.5", monthly_cap_calls="900")
    held = limits(site)
    assert held.blacklist == {"1700000*": "spam", "024": ""}
    assert (held.monthly_cap_li, held.monthly_cap_calls) == (1_234_500, 900)
    form = form_of(browser.get(LIMITS), LIMITS)
    assert form["monthly_cap_li"].value == "1234.50"
    filled(form, monthly_cap_li="", monthly_cap_calls="")
    assert (limits(site).monthly_cap_li, limits(site).monthly_cap_calls) == (None, None)
    assert site.actions()[0] == "limits-changed"


@pytest.mark.parametrize("fields", [{"monthly_cap_li": "-1"}, {"monthly_cap_li": "0.0001"},
                                    {"monthly_cap_li": "NaN"}, {"monthly_cap_calls": "many"},
                                    {"blacklist": "12"}, {"vip": f"{HOSTILE}"}])  # fmt: skip
def test_a_limit_that_makes_no_sense(site: Site, fields: Any) -> None:
    """Is refused beside its field."""
    before = limits(site)
    answer = filled(form_of(site.browser("4001003721").get(LIMITS), LIMITS), **fields)
    assert answer.status_int == 422
    assert answer.html.select(".invalid-feedback, .alert-danger")
    assert limits(site) == before


def test_what_a_tenant_must_not_change(site: Site) -> None:
    """His tariff, credit and limit of bound numbers are the operator's, whatever is posted."""
    browser = site.browser("4001003721")
    form = form_of(browser.get(LIMITS), LIMITS)
    fields = {name: field[0].value for name, field in form.fields.items() if name}
    browser.post(LIMITS, {**fields, "bound_limit": "99", "credit_li": "99", "state": "active"}, status=303)
    assert (limits(site).bound_limit, limits(site).credit_li) == (20, None)
    for kind in ("numbers", "trunks"):
        assert browser.get(f"/t/alpha/{kind}", status="*").status_int == 404
