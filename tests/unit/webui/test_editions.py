"""Editions, features and limits: set by the operator, in force in calls, pages and API."""

from __future__ import annotations

import pytest

from domain.features import Feature
from storage.models.web import AuditEntry
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site, form_of
from webui.resources import TenantPages
from webui.security.editions import FEATURES
from webui.services.provisioning import wish

SETTINGS = "/operator/tenants/alpha/settings"
NUMBER = "4001003721"


def set_(site: Site, **typed: str) -> None:
    """Type into the settings of a tenant."""
    page = site.browser("anna").get(SETTINGS)
    form = form_of(page, SETTINGS)
    for name, value in typed.items():
        form[name.replace("__", ".").replace("_centre", "-centre")] = value
    assert form.submit().status_int == 303


def test_an_edition_is_in_force_in_calls_and_pages(site: Site) -> None:
    """基本版 has no call centre: not served, not shown, and said so where somebody comes by an old link."""
    assert len(site.read(lambda root: root.tenants["alpha"].snapshot()).queues) == 1
    tenant = site.browser(NUMBER)
    assert tenant.get("/t/alpha/queues").status_int == 200
    set_(site, edition="basic")
    assert site.read(lambda root: root.tenants["alpha"].snapshot()).queues == ()
    page = tenant.get("/t/alpha/queues", status=403)
    assert "Call centre" in page.text
    assert "This is not part of your edition" in page.text
    home = tenant.get("/t/alpha")
    assert "/t/alpha/queues" not in home.text
    assert "/t/alpha/groups" in home.text
    for path in ("/t/alpha/agents/new", "/t/alpha/desk"):
        assert tenant.get(path, status=403).status_int == 403
    set_(site, features__call_centre="on")
    assert tenant.get("/t/alpha/queues").status_int == 200
    assert "tenant-changed" in site.actions()


def test_an_agent_without_a_call_centre(site: Site) -> None:
    """His desk is told to be switched off."""
    agent = site.agent("alpha", "8001")
    assert agent.get("/desk").status_int == 200
    set_(site, edition="basic")
    assert "This is not part of your edition" in agent.get("/desk", status=403).text


def test_what_belongs_to_a_page_is_switched_off_with_it(site: Site) -> None:
    """Files, forms and views beside it, by whatever name: found by introspection."""
    begins = {"report": Feature.REPORTS, "analysis": Feature.REPORTS, "agent": Feature.CALL_CENTRE,
              "desk": Feature.CALL_CENTRE, "wallboard": Feature.CALL_CENTRE}  # fmt: skip
    views = site.application.registry.introspector.get_category("views")
    names = {
        each["introspectable"]["name"] for each in views if each["introspectable"]["context"] is TenantPages
    }
    found = {name: feature for begin, feature in begins.items() for name in names if name.startswith(begin)}
    assert len(found) > 12
    assert found.items() <= FEATURES.items()
    set_(site, edition="basic", features__reports="off")
    tenant = site.browser(NUMBER)
    for name in found:
        assert tenant.get(f"/t/alpha/{name}", status="*").status_int == 403, name


@pytest.mark.parametrize(
    ("feature", "path"),
    [(Feature.MENUS, "flows"), (Feature.VOICEMAIL, "messages"), (Feature.REPORTS, "reports")],
)
def test_each_switch_has_its_pages(site: Site, feature: Feature, path: str) -> None:
    """On by the edition, off by hand."""
    tenant = site.browser(NUMBER)
    assert tenant.get(f"/t/alpha/{path}").status_int == 200
    set_(site, **{f"features__{feature}": "off"})
    assert tenant.get(f"/t/alpha/{path}", status=403).status_int == 403
    assert site.browser("4001003731").get(f"/t/beta/{path}").status_int == 200


def test_the_api_refuses_what_the_tenant_has_not(site: Site) -> None:
    """The call centre of 基本版; all of it to the tenant's own programs where the API is off."""
    programs = Programs(site)
    own = programs.of("alpha")
    assert own.ask("GET", "/tenants/alpha/flows").status_int == 200
    set_(site, edition="basic", features__menus="off")
    for path in ("contacts", "queues", "flows"):
        refused = own.ask("GET", f"/tenants/alpha/{path}")
        assert (refused.status_int, "The tenant does not have" in refused.text) == (403, True)
    assert own.ask("GET", "/tenants/alpha/calls").status_int == 200
    set_(site, features__api="off")
    assert own.ask("GET", "/tenants/alpha/calls").status_int == 403
    assert programs.of("").ask("GET", "/tenants/alpha/calls").status_int == 200


def test_limits_are_raised_by_the_operator_alone(site: Site) -> None:
    """The 21st bound number is refused until then; a wrong limit is said beside its field."""
    numbers = [f"139000011{digit:02}" for digit in range(21)]
    document = {"tenants": {"alpha": {"numbers": {NUMBER: {"bound": numbers[:20]}}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    browser = site.browser(NUMBER)
    page = f"/t/alpha/bound/{NUMBER}"
    typed = {"csrf_token": browser.token(page), "number": numbers[20]}
    assert browser.post(f"{page}/add", typed, status="*").status_int == 422
    form = form_of(site.browser("anna").get(SETTINGS), SETTINGS)
    form["bound_limit"] = "many"
    answer = form.submit(status="*")
    assert answer.status_int == 422
    assert "is-invalid" in answer.html.find(id="bound_limit")["class"]
    set_(site, bound_limit="30")
    assert browser.post(f"{page}/add", typed, status="*").status_int == 303


def test_money_is_typed_in_yuan(site: Site) -> None:
    """A clerk thinks of yuan: 500 is no half yuan; what is no amount is said beside its field."""
    set_(site, credit_li="500", monthly_cap_li="0.006")
    config = site.read(lambda root: root.tenants["alpha"].config.value)
    assert (config.credit_li, config.monthly_cap_li) == (500_000, 6)
    form = form_of(site.browser("anna", language="zh").get(SETTINGS), SETTINGS)
    assert (form["credit_li"].value, form["monthly_cap_li"].value) == ("500.00", "0.006")
    for typed in ("五百", "1.0005", "99999999999"):
        form["credit_li"] = typed
        answer = form.submit(status=422)
        assert answer.html.find(id="credit_li")["value"] == typed
        assert "请填写金额（元）" in answer.html.find(id="credit_li").parent.text
    assert "信用额度（元）" in answer.text
    assert "（厘）" not in answer.text


def test_support_sees_no_terms_of_money(site: Site) -> None:
    """Limits and features are his, tariffs and credit are not."""
    page = site.browser("sun").get(SETTINGS)
    assert page.html.find(id="bound_limit") is not None
    assert page.html.find(id="credit_li") is None
    assert site.browser("fang").get(SETTINGS, status=403).status_int == 403


def test_a_tenant_makes_an_extension(site: Site) -> None:
    """Its password is made by the box; what the phone needs stands on its page."""
    browser = site.browser(NUMBER)
    form = form_of(browser.get("/t/alpha/extensions/new"), "/t/alpha/extensions/new")
    form["name"] = "8001"
    assert form.submit().status_int == 303
    held = site.read(lambda root: root.extensions["alpha/8001"].value)
    page = browser.get("/t/alpha/extensions/8001")
    assert held.secret in page.text
    assert held.account in page.text
    form = form_of(page, "/t/alpha/extensions/8001")
    form["secret"] = "short"
    refused = form.submit(status="*")
    assert refused.status_int == 422
    assert "is-invalid" in refused.html.find(id="secret")["class"]
    form["secret"], form["max_bindings"] = "a-much-longer-secret", "3"
    assert form.submit().status_int == 303
    changed = site.read(lambda root: root.extensions["alpha/8001"].value)
    assert (changed.secret, changed.max_bindings) == ("a-much-longer-secret", 3)
    assert "8001" in browser.get("/t/alpha/extensions").text
    assert "8001" not in site.browser("4001003731").get("/t/beta/extensions").html.find("main").text
