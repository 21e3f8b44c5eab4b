"""绑定号码 in the browser: the rules are those of `box400 apply`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.routing.target import BoundNumber, TargetKind
from storage.models import Root
from storage.models.web import AuditEntry
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from webui.services.provisioning import wish

PAGE = "/t/alpha/bound/4001003721"


def bound(site: Site) -> list[Any]:
    """Return alpha's bound numbers."""
    found: list[Any] = site.read(lambda root: list(root.tenants["alpha"].numbers["4001003721"].value.bound))
    return found


def numbers(site: Site) -> list[str]:
    """Return them in order."""
    return [each.number for each in bound(site)]


def add(browser: Browser, number: str, **fields: str) -> Any:
    """Fill in the form."""
    form = form_of(browser.get(PAGE), f"{PAGE}/add")
    form["number"] = number
    for name, value in fields.items():
        form[name] = value
    return form.submit(status="*")


def post(browser: Browser, action: str, fields: list[tuple[str, str]]) -> Any:
    """Send a small form."""
    return browser.post(f"{PAGE}/{action}", [("csrf_token", browser.token(PAGE)), *fields], status="*")


def test_a_number_is_added_changed_ordered_switched_and_removed(site: Site) -> None:
    """Each step is stored, told as not yet in force (nobody serves here), and in the audit log."""
    browser = site.browser("4001003721")
    answer = add(browser, "010-6123 4567", label="前台", job_number="8001").follow()
    assert "Stored, not yet in force" in answer
    assert numbers(site) == ["13900001111", "01061234567"]
    assert (bound(site)[1].kind, bound(site)[1].label, bound(site)[1].job_number) == (
        "landline",
        "前台",
        "8001",
    )
    post(browser, "order", [("order", "01061234567"), ("order", "13900001111")])
    assert numbers(site) == ["01061234567", "13900001111"]
    post(browser, "switch", [("which", "13900001111"), ("on", "0")])
    assert [each.enabled for each in bound(site)] == [True, False]
    post(browser, "edit", [("which", "01061234567"), ("label", ""), ("job_number", "8002")])
    assert (bound(site)[0].label, bound(site)[0].job_number) == ("", "8002")
    post(browser, "remove", [("which", "13900001111")])
    assert numbers(site) == ["01061234567"]
    assert site.actions()[:5] == [
        "bound-removed", "bound-changed", "bound-switched", "bound-ordered", "bound-added",
    ]  # fmt: skip
    entry = site.read(lambda root: next(iter(root.web.listed()))[1])
    assert "13900001111" in entry.before
    assert (entry.who, entry.tenant) == ("tenant:alpha", "alpha")


@pytest.mark.parametrize("number", ["12", "abc def", HOSTILE, "1" * 30, "https://evil.example"])
def test_what_is_no_phone_is_refused_beside_the_field(site: Site, number: str) -> None:
    """With what was typed still there, as text."""
    answer = add(site.browser("4001003721"), number)
    assert answer.status_int == 422
    assert "<script>alert" not in answer.text
    assert answer.html.select(".invalid-feedback")
    assert numbers(site) == ["13900001111"]


@pytest.mark.parametrize(("code", "example"), [("", "01061234567"), ("021", "02161234567")])
@pytest.mark.parametrize("kind", ["", "landline", "phs"])
def test_a_landline_needs_its_area_code(site: Site, kind: str, code: str, example: str) -> None:
    """No carrier rings it without; the example begins with the tenant's own code where that is known."""
    own = {"tenants": {"alpha": {"area_code": code}}}
    wish(site.services, lambda root: own, AuditEntry(0.0, "test", "filled"))
    answer = add(site.browser("4001003721", language="zh"), "6123-4567", kind=kind)
    assert answer.status_int == 422
    told = answer.html.select(".invalid-feedback")[0].text
    assert f"缺少区号，运营商无法接通；请在前面加上区号，例如 {example}" in told
    assert numbers(site) == ["13900001111"]
    assert add(site.browser("4001003721"), example, kind=kind).status_int == 303


@pytest.mark.parametrize("number", ["4008123456", "95588", "12345", "10086", "13922223333", "8008123456"])
def test_numbers_that_have_no_area_code_are_bound(site: Site, number: str) -> None:
    """Service numbers and mobiles are rung as they are."""
    assert add(site.browser("4001003721"), number, kind="landline").status_int == 303
    assert numbers(site) == ["13900001111", number]


def test_a_landline_that_was_bound_before_the_rule_stays(site: Site) -> None:
    """Whoever has one may change all else; another one is refused."""
    old = BoundNumber("61234567", TargetKind.LANDLINE)

    def bind(root: Root) -> None:
        plan = root.tenants["alpha"].numbers["4001003721"]
        plan.value = msgspec.structs.replace(plan.value, bound=(*plan.value.bound, old))

    site.services.change(bind, "as it was")
    browser = site.browser("4001003721")
    post(browser, "switch", [("which", "13900001111"), ("on", "0")])
    assert (numbers(site), bound(site)[0].enabled) == (["13900001111", "61234567"], False)
    assert add(browser, "61234568", kind="landline").status_int == 422


def test_the_same_number_twice_is_refused(site: Site) -> None:
    """In Chinese too."""
    answer = add(site.browser("4001003721", language="zh"), "13900001111")
    assert answer.status_int == 422
    assert "重复" in answer.html.select(".invalid-feedback")[0].text


def test_the_twenty_first_number_is_refused_until_the_operator_raises_the_limit(site: Site) -> None:
    """By the rule that holds for `apply` as well."""
    browser = site.browser("4001003721")
    for index in range(19):
        assert add(browser, f"139000022{index:02}").status_int == 303
    answer = add(browser, "13900003333")
    assert answer.status_int == 422
    assert "20" in answer.html.select(".invalid-feedback")[0].text
    assert len(numbers(site)) == 20


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("remove", [("which", "13911112222")]),
        ("switch", [("which", "13911112222"), ("on", "0")]),
        ("order", [("order", "13911112222")]),
        ("order", [("order", "13900001111"), ("order", "13900001111")]),
        ("order", []),
    ],
)
def test_two_people_at_once(site: Site, action: str, fields: list[tuple[str, str]]) -> None:
    """What is not there any more changes nothing, and the page says so."""
    answer = post(site.browser("4001003721"), action, fields)
    assert "meanwhile" in answer.follow()
    assert numbers(site) == ["13900001111"]


def test_what_the_page_does_not_show_stays(site: Site) -> None:
    """A schedule and a weight that `apply` set survive a change of the label."""
    row = {"number": "13900001111", "schedule": ["mon-fri 09:00-18:00"], "weight": 7}
    document = {"tenants": {"alpha": {"numbers": {"4001003721": {"bound": [row]}}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    was = bound(site)[0]
    post(
        site.browser("4001003721"), "edit", [("which", "13900001111"), ("label", "老板"), ("job_number", "")]
    )
    now = bound(site)[0]
    assert (now.label, now.schedule, now.weight) == ("老板", was.schedule, 7)


def test_the_phone_that_answers_is_changed_in_its_place(site: Site) -> None:
    """The most usual change: another mobile, with the label, hours and place of the old one."""
    browser = site.browser("4001003721")
    add(browser, "01061234567", label="前台")
    add(browser, "13700001111")
    post(browser, "edit", [("which", "01061234567"), ("number", "+86 138-0000-2222"), ("label", "前台")])
    assert numbers(site) == ["13900001111", "13800002222", "13700001111"]
    assert (bound(site)[1].kind, bound(site)[1].label) == ("mobile", "前台")
    wrong = post(browser, "edit", [("which", "13800002222"), ("number", "1380000"), ("label", "夜班")])
    row = wrong.html.find("li", {"data-number": "13800002222"})
    assert "a mobile has 11 digits" in row.select_one(".invalid-feedback").text
    assert [row.find("input", {"name": name})["value"] for name in ("number", "label")] == ["1380000", "夜班"]
    twice = post(browser, "edit", [("which", "13800002222"), ("number", "13700001111")])
    assert "stands twice" in twice.text


@pytest.mark.parametrize(
    "typed",
    [
        "+86 137 0000 1111",
        "８６１３７００００１１１１",
        "０１３７００００１１１１",
        "137-0000-1111",
        "(137)0000.1111",
    ],
)
def test_a_number_is_read_as_people_paste_it(site: Site, typed: str) -> None:
    """From a phone's contacts, or with full-width digits."""
    add(site.browser("4001003721"), typed)
    assert numbers(site) == ["13900001111", "13700001111"]


def test_the_name_of_an_extension_keeps_its_dash(site: Site) -> None:
    """Dashes are left out of telephone numbers only."""
    extension = {"tenants": {"alpha": {"extensions": {"front-desk": {}}}}}
    wish(site.services, lambda root: extension, AuditEntry(0.0, "test", "filled"))
    add(site.browser("4001003721"), "front-desk")
    assert numbers(site) == ["13900001111", "front-desk"]


def test_a_tenant_binds_his_own_exchange(site: Site) -> None:
    """中继线: where the operator has given him a trunk, with how many calls it takes."""
    browser = site.browser("4001003721")
    assert 'value="pbx"' not in browser.get(PAGE).text
    trunk = {"trunks": {"office": {"target": "192.0.2.7", "inbound": False, "tenant": "alpha"}}}
    wish(site.services, lambda root: trunk, AuditEntry(0.0, "test", "filled"))
    add(browser, "01088880000", kind="pbx", trunk="office", channels="30")
    assert [(each.kind, each.trunk, each.channels) for each in bound(site)][1:] == [("pbx", "office", 30)]
    form = [each for each in browser.get(PAGE).forms.values() if each.action == f"{PAGE}/edit"][1]
    assert (form["trunk"].value, form["channels"].value) == ("office", "30")
    form["channels"], form["number"] = "60", "01088880001"
    form.submit(status=303)
    assert [(each.number, each.kind, each.channels) for each in bound(site)][1:] == [
        ("01088880001", "pbx", 60)
    ]
