"""远程协助: an operator sees a tenant's pages while the tenant allows it, and not a minute longer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.webui.site import Browser, Site, form_of
from webui.services import assistance

TENANT, FILE, NUMBER = "/t/alpha", "/operator/tenants/alpha", "4001003721"


def post(browser: Browser, path: str, **fields: Any) -> Any:
    """Send a form."""
    return browser.post(path, {"csrf_token": browser.token("/"), **fields}, status="*")


def acting(site: Site) -> Browser:
    """Return the browser of an operator who is in as alpha."""
    browser = site.browser("sun")
    form_of(browser.get(FILE), f"{FILE}/sign-in-as").submit(status=303)
    return browser


def test_asked_allowed_seen_recorded_ended(site: Site) -> None:
    """The whole way: the tenant reads each page that was seen, and ends it."""
    operator, tenant = site.browser("sun"), site.browser(NUMBER)
    assert "sign-in-as" not in operator.get(FILE).text
    assert post(operator, f"{FILE}/sign-in-as").headers["Location"].endswith(FILE)
    assert operator.get(TENANT, status="*").status_int == 404
    post(operator, f"{FILE}/ask-assistance", why="转接设置有误")
    assert "Operator sun asks to see your pages" in tenant.get(TENANT).text
    assert post(tenant, f"{TENANT}/assistance/allow", minutes="30", change="on").status_int == 303
    assert "asks to see" not in tenant.get(TENANT).text
    helper = acting(site)
    assert helper.get(f"{TENANT}/calls").status_int == 200
    shown = tenant.get(f"{TENANT}/assistance").text
    assert "GET /t/alpha/calls" in shown
    assert "转接设置有误" in shown
    post(tenant, f"{TENANT}/assistance/end")
    assert helper.get(f"{TENANT}/calls").headers["Location"].endswith("/login")
    assert {"assistance-asked", "assistance-given", "assistance-ended"} <= set(site.actions())


def test_it_is_over_when_its_time_is(site: Site) -> None:
    """Also for who is in."""
    site.allow("alpha")
    helper = acting(site)
    site.moved = 2400
    assert helper.get(TENANT).status_int == 200
    site.moved = 3700
    assert helper.get(TENANT).headers["Location"].endswith("/login")


def test_who_may_look_only_changes_nothing(site: Site) -> None:
    """Whatever form he sends; he can sign out."""
    site.allow("alpha", may_change=False)
    helper = acting(site)
    assert "change nothing" in helper.get(TENANT).text
    before = site.read(lambda root: root.version)
    fields = {"number": "13900009999"}
    refused = post(helper, f"{TENANT}/bound/{NUMBER}/add", **fields)
    assert refused.status_int == 403
    assert "to look only" in refused, "his role is not the reason"
    assert site.read(lambda root: root.version) == before
    assert post(helper, "/logout").status_int == 303


def test_nobody_allows_it_but_the_tenant(site: Site) -> None:
    """Not the operator who is in, nor for longer than is offered."""
    site.allow("alpha")
    helper, tenant = acting(site), site.browser(NUMBER)
    assert post(helper, f"{TENANT}/assistance/allow", minutes="480").status_int == 403
    post(tenant, f"{TENANT}/assistance/allow", minutes="100000")
    post(tenant, f"{TENANT}/assistance/end")
    post(tenant, f"{TENANT}/assistance/allow", minutes="9999")
    assert not site.read(lambda root: root.web.assistance["alpha"].value.holds(site.clock()))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_tenant_who_has_not_taken_over_is_helped_at_once(site: Site, language: str) -> None:
    """He was opened a minute ago: his operator sets things up for him."""
    operator = site.browser("anna", language=language)
    form_of(operator.get(FILE), f"{FILE}/password").submit()
    form_of(operator.get(FILE), f"{FILE}/sign-in-as").submit(status=303)
    assert operator.get(TENANT).status_int == 200


def test_a_page_that_is_fetched_as_a_part_is_recorded_as_well(site: Site) -> None:
    """The header that says so is the operator's own word; pages that ask again fill no log."""
    site.allow("alpha")
    operator = acting(site)
    for _ in range(3):
        operator.get("/t/alpha/calls", headers={"HX-Request": "true"})
    seen = site.read(lambda root: [each.target for each in assistance.recorded(root, "alpha")])
    assert seen.count("GET /t/alpha/calls") == 1
