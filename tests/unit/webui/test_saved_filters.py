"""筛选条件: saved under a name, by each person for himself."""

from __future__ import annotations

from typing import Any

import pytest

from storage.evolution import step029_saved_filters
from storage.models.root import ROOT_KEY
from tests.unit.webui.site import HOSTILE, Browser, Site
from webui.services.saved_filters import LISTS, MOST, address_of

CALLS = "/t/alpha/calls"


def post(browser: Browser, **fields: str) -> Any:
    """Send one of the widget's forms."""
    fields = {"csrf_token": browser.token("/account"), "list": "calls", **fields}
    return browser.post("/account/filters", fields, status="*")


def chips(page: Any) -> dict[str, str]:
    """Return the saved filters of a page, name to address."""
    return {each.get_text(): each["href"] for each in page.html.select(".saved-chips a")}


def save(browser: Browser, name: str = "未接", page: str = f"{CALLS}?caller=139&result=missed") -> Any:
    """Look for something and keep it; return the page that follows."""
    form = next(form for form in browser.get(page).forms.values() if "name" in form.fields)
    form["name"] = name
    return form.submit("do", value="save").follow()


def test_a_filter_is_saved_opened_renamed_replaced_and_removed(site: Site) -> None:
    """Each time one is back at what one looked at."""
    browser = site.browser("4001003721")
    page = save(browser)
    address = f"{CALLS}?caller=139&result=missed"
    assert page.request.path_qs == address
    assert chips(page) == {"未接": address}
    assert page.html.select_one(".saved-chips a.active")
    opened = browser.get(f"{CALLS}{'?' + chips(browser.get(CALLS))['未接'].partition('?')[2]}")
    assert opened.html.find("input", {"id": "caller"})["value"] == "139"
    post(browser, do="rename", name="未接", new="  本周  未接 ")
    assert chips(browser.get(CALLS)) == {"本周 未接": address}
    post(browser, do="save", name="本周 未接", query="result=busy&after=01ABC&first=")
    assert chips(browser.get(CALLS)) == {"本周 未接": f"{CALLS}?result=busy"}
    gone = post(browser, do="remove", name="本周 未接", query="result=busy")
    assert gone.headers["Location"].endswith(f"{CALLS}?result=busy")
    assert chips(browser.get(CALLS)) == {}


def test_a_page_of_the_list_or_an_empty_field_is_no_part_of_a_filter(site: Site) -> None:
    """The older calls of a saved filter are still that filter; everything can not be saved."""
    browser = site.browser("4001003721")
    save(browser, page=f"{CALLS}?result=missed&first=&caller=139&after=01J00000000000000000000000")
    assert chips(browser.get(CALLS)) == {"未接": f"{CALLS}?caller=139&result=missed"}
    assert "Save this filter" not in browser.get(f"{CALLS}?caller=").text
    assert "Save this filter" in browser.get(f"{CALLS}?caller=138").text
    refused = post(browser, do="save", name="all", query="caller=&after=7")
    assert (refused.status_int, "Search for something" in refused.text) == (422, True)


def test_dates_move_on_with_the_days_if_one_likes(site: Site) -> None:
    """The last week of a filter is the last week tomorrow as well; other dates stay what they are."""
    browser = site.browser("4001003721")
    for name, moving in (("一周", True), ("十月", False)):
        page = browser.get(
            f"{CALLS}?first=2026-10-01&last=2026-10-07&result=missed&caller={len(name)}{moving}"
        )
        form = next(form for form in page.forms.values() if "moving" in form.fields)
        form["name"], form["moving"] = name, moving
        form.submit("do", value="save").follow()
    site.moved = 86400.0 * 30
    links = chips(site.browser("4001003721").get(CALLS))
    assert "first=2026-10-31&last=2026-11-06" in links["一周"]
    assert "first=2026-10-01&last=2026-10-07" in links["十月"]
    assert "moving" not in browser.get(f"{CALLS}?caller=7").text
    post(site.browser("4001003721"), do="save", name="怪", query="first=99999&last=%3C", moving="1")
    assert "first=99999" in chips(site.browser("4001003721").get(CALLS))["怪"]


def test_nobody_else_sees_them(site: Site) -> None:
    """Not another tenant, not an agent of the same one, not an operator, also when he acts as the tenant."""
    save(site.browser("4001003721"), "我的")
    save(site.browser("anna"), "anna's", "/operator/calls?caller=139")
    site.allow("alpha")
    acting = site.browser("anna")
    post_to = {"csrf_token": acting.token("/operator/tenants/alpha")}
    acting.post("/operator/tenants/alpha/sign-in-as", post_to)
    agent, sun = site.agent("alpha", "8001", supervisor=True), site.browser("sun")
    for browser, page in (
        (site.browser("4001003731"), "/t/beta/calls?caller=1"), (agent, "/desk/customers?search=1"),
        (sun, "/operator/calls?caller=1"), (acting, f"{CALLS}?caller=1"),
    ):  # fmt: skip
        shown = browser.get(page)
        assert chips(shown) == {}
        assert "我的" not in shown.text
        assert "anna's" not in shown.text
    assert "saved-filters" not in acting.get(f"{CALLS}?caller=1").text
    token = acting.get(CALLS).html.find("input", {"name": "csrf_token"})["value"]
    tried = {"csrf_token": token, "list": "calls", "do": "remove", "name": "我的"}
    assert acting.post("/account/filters", tried, status="*").status_int in (403, 404)
    assert chips(site.browser("4001003721").get(CALLS)) == {"我的": f"{CALLS}?caller=139&result=missed"}


@pytest.mark.parametrize("name", ["", "   ", "很" * 31, "a\x00b", "a\u202eb"])
def test_a_bad_name_is_refused_beside_its_field(site: Site, name: str) -> None:
    """What was looked for is still there."""
    browser = site.browser("4001003721", language="zh")
    refused = post(browser, do="save", name=name, query="caller=139")
    assert refused.status_int == 422
    assert "请填写 1 到 30 个字的名称" in refused.html.select_one(".invalid-feedback").get_text()
    assert refused.html.select_one(".saved-form [name=query]")["value"] == "caller=139"
    post(browser, do="save", name="好", query="caller=139")
    refused = post(browser, do="rename", name="好", new=name, query="caller=139")
    assert (refused.status_int, len(refused.html.select(".invalid-feedback"))) == (422, 1)
    assert list(chips(browser.get(CALLS))) == ["好"]


def test_hostile_text_is_text(site: Site) -> None:
    """In a name and in what is looked for; a list that is none is not there, nor another's."""
    browser = site.browser("4001003721")
    query = "caller=%22%3E%3Cscript%3E&place=javascript:alert(1)&x=%00"
    assert post(browser, do="save", name=HOSTILE, query=query).status_int == 303
    page = browser.get(CALLS)
    assert HOSTILE not in page.text
    assert list(chips(page)) == [HOSTILE]
    assert chips(page)[HOSTILE].startswith(f"{CALLS}?caller=%22%3E%3Cscript")
    browser.get(chips(page)[HOSTILE])
    for name in ("audit", "../../operator/calls", "//elsewhere.example", ""):
        assert post(browser, do="save", list=name, name="x", query="caller=1").status_int == 404


def test_their_count_and_length_are_bounded(site: Site) -> None:
    """Twenty of a list; the next says so, and one of them can still be replaced."""
    browser = site.browser("4001003721")
    for n in range(MOST):
        assert post(browser, do="save", name=f"n{n}", query=f"caller={n}").status_int == 303
    refused = post(browser, do="save", name="one more", query="caller=99")
    assert "remove one first" in refused.text
    assert refused.html.select_one("[name=name][value='one more']")
    assert post(browser, do="save", name="n3", query="caller=77").status_int == 303
    assert post(browser, do="save", list="recordings", name="n0", query="caller=1").status_int == 303
    assert post(browser, do="save", name="n4", query=f"caller={'1' * 1200}").status_int == 422
    assert post(browser, do="rename", name="n4", new="n5").status_int == 422
    assert post(browser, do="rename", name="gone", new="n99").status_int == 422
    assert len(chips(browser.get(CALLS))) == MOST


def test_every_list_that_is_named_shows_them(site: Site) -> None:
    """Saved on the page itself, where it is found again."""
    people = {
        "operator:anna": site.browser("anna"),
        "tenant:alpha": site.browser("4001003721"),
        "agent:alpha/8001": site.agent("alpha", "8001", supervisor=True),
    }
    for account, browser in people.items():
        for name in LISTS[account.partition(":")[0]]:
            address = address_of(account, name)
            asked = f"{address}?search=x&first=2026-11-01"
            assert list(chips(save(browser, "mine", asked))) == ["mine"], address
            assert list(chips(browser.get(address))) == ["mine"], address


def test_an_older_database_is_given_a_place_for_them(site: Site) -> None:
    """Once; what is saved stays."""
    site.change(lambda root: root.web.__dict__.pop("filters"))
    for _ in range(2):
        site.change(lambda root: step029_saved_filters.run({ROOT_KEY: root}))
        save(site.browser("4001003721"))
    assert len(site.read(lambda root: root.web.filters_of("tenant:alpha"))) == 1


def test_a_page_that_refuses_a_form_of_its_own_is_shown_all_the_same(site: Site) -> None:
    """Its address is then no list's."""
    browser = site.browser("anna")
    refused = browser.post("/operator/notices/test", {"csrf_token": browser.token("/operator")}, status=422)
    assert "saved-filters" not in refused.text
