"""The admin adds operators, gives them roles and passwords, and never locks the last one out."""

from __future__ import annotations

from typing import Any

import pytest

from storage.models.web import Account, Role
from tests.unit.webui.site import PASSWORD, Browser, Site, form_of

PAGE = "/operator/operators"


def post(browser: Browser, path: str, **fields: str) -> Any:
    """Send a form of the page."""
    return browser.post(f"{PAGE}{path}", {"csrf_token": browser.token("/account"), **fields}, status="*")


def account(site: Site, name: str) -> Account:
    """Return an operator's account."""
    found: Account = site.read(lambda root: root.web.account(f"operator:{name}"))
    return found


def test_an_operator_is_added_and_signs_in(site: Site) -> None:
    """The first password is told once, and must be changed."""
    browser = site.browser("anna")
    form = form_of(browser.get(PAGE), PAGE)
    form["name"], form["role"] = "li.wei", "finance"
    shown = form.submit()
    password = shown.html.find(id="first-password").text
    assert password not in browser.get(PAGE).text
    assert account(site, "li.wei").role is Role.FINANCE
    newcomer = site.browser("li.wei", password)
    assert newcomer.get("/operator").headers["Location"].endswith("/account/first-password")
    assert "operator-added" in site.actions()


@pytest.mark.parametrize(("name", "role", "status"), [
    ("anna", "admin", 422), ("Anna Li", "admin", 422), ("", "admin", 422), ("li", "king", 400),
])  # fmt: skip
def test_who_cannot_be_added(site: Site, name: str, role: str, status: int) -> None:
    """A name that is taken or none at all is said beside the field; the operator who is there stays."""
    before = account(site, "anna")
    answer = post(site.browser("anna"), "", name=name, role=role)
    assert answer.status_int == status
    if status == 422:
        assert "is-invalid" in answer.html.find(id="name")["class"]
    assert account(site, "anna") == before
    assert "operator-added" not in site.actions()


def test_a_role_changes_and_sessions_end(site: Site) -> None:
    """Also the one in which he acts as a tenant: his new role might not let him."""
    sun, anna = site.browser("sun"), site.browser("anna")
    site.allow("alpha")
    acting = site.browser("sun")
    form_of(acting.get("/operator/tenants/alpha"), "/operator/tenants/alpha/sign-in-as").submit()
    assert acting.get("/t/alpha").status_int == 200
    assert post(anna, "/sun/role", role="finance").status_int == 303
    assert account(site, "sun").role is Role.FINANCE
    assert sun.get("/operator").headers["Location"].endswith("/login")
    assert acting.get("/t/alpha").headers["Location"].endswith("/login")
    entry = site.read(lambda root: next(iter(root.web.listed()))[1])
    assert (entry.action, entry.before, entry.after) == ("operator-role", "role: support", "role: finance")


def test_who_is_switched_off_cannot_sign_in(site: Site) -> None:
    """Until he is switched on again."""
    sun, anna = site.browser("sun"), site.browser("anna")
    assert post(anna, "/sun/switch", on="0").status_int == 303
    assert sun.get("/operator").status_int == 303
    assert site.browser().sign_in("sun", PASSWORD).status_int == 422
    post(anna, "/sun/switch", on="1")
    assert site.browser("sun").get("/operator").status_int == 200
    assert site.actions()[:1] != ["operator-off"]
    assert {"operator-off", "operator-on"} <= set(site.actions())


def test_a_new_password_ends_the_old_one(site: Site) -> None:
    """And all sessions; one's own is changed on one's own page."""
    sun, anna = site.browser("sun"), site.browser("anna")
    password = post(anna, "/sun/password").html.find(id="first-password").text
    assert sun.get("/operator").status_int == 303
    assert site.browser().sign_in("sun", PASSWORD).status_int == 422
    assert site.browser().sign_in("sun", password).status_int == 303
    assert post(anna, "/anna/password").status_int == 303
    assert not account(site, "anna").credential.first


def test_sessions_are_ended(site: Site) -> None:
    """His password stays."""
    sun, anna = site.browser("sun"), site.browser("anna")
    assert post(anna, "/sun/sign-out").status_int == 303
    assert sun.get("/operator").headers["Location"].endswith("/login")
    assert site.browser("sun").get("/operator").status_int == 200


@pytest.mark.parametrize(("path", "fields"), [
    ("/anna/switch", {"on": "0"}), ("/anna/role", {"role": "support"}),
])  # fmt: skip
def test_the_last_admin_is_never_locked_out(site: Site, path: str, fields: dict[str, str]) -> None:
    """One who has a first password only does not count: nobody knows whether it arrived."""
    anna = site.browser("anna")
    post(anna, "", name="new.admin", role="admin")
    before = account(site, "anna")
    answer = post(anna, path, **fields).follow()
    assert "only administrator" in answer.text
    assert account(site, "anna") == before
    site.add_operator("second", Role.ADMIN)
    assert post(anna, path, **fields).status_int == 303
    assert account(site, "anna") != before
