"""Tenants and the operator make keys for their programs in the browser."""

from __future__ import annotations

import re

from tests.unit.webui.api_client import Program
from tests.unit.webui.site import Site, form_of
from webui.api.application import make_api

PAGE = "/t/alpha/api-keys"


def test_a_tenant_makes_a_key_uses_it_and_takes_it_back(site: Site) -> None:
    """It is shown once, reaches his calls and nothing else, and is refused once it was revoked."""
    browser = site.browser("4001003721")
    form = form_of(browser.get(PAGE), PAGE)
    form["name"] = "CRM <b>"
    form.set("scope", True, index=0)
    made = form.submit()
    (token,) = re.findall(r"b400_[A-Za-z0-9_-]{43}", made.text)
    assert "CRM &lt;b&gt;" in made.text
    program = Program(make_api(site.services), token)
    assert program.ask("GET", "/tenants/alpha/calls").status_int == 200
    assert program.ask("GET", "/tenants/alpha/balance").status_int == 403
    assert program.ask("GET", "/tenants/beta/calls").status_int == 404
    again = browser.get(PAGE)
    assert token not in again.text
    form_of(again, f"{PAGE}/revoke").submit()
    assert program.ask("GET", "/tenants/alpha/calls").status_int == 401
    assert site.actions()[:2] == ["api-key-revoked", "api-key-added"]


def test_what_is_missing_is_said_beside_its_field(site: Site) -> None:
    """No scope: refused, what was typed stays."""
    browser = site.browser("4001003721")
    form = form_of(browser.get(PAGE), PAGE)
    form["name"] = "CRM"
    answer = form.submit(status="*")
    assert answer.status_int == 422
    assert "Choose one or more." in answer.text
    assert form_of(answer, PAGE)["name"].value == "CRM"


def test_no_tenant_gives_himself_the_operators_scopes(site: Site) -> None:
    """A form that was made up: the scope is left out."""
    browser = site.browser("4001003721")
    made = browser.post(
        PAGE, {"csrf_token": browser.token(PAGE), "name": "x", "scope": ["money:write", "calls:read"]}
    )
    (token,) = re.findall(r"b400_[A-Za-z0-9_-]{43}", made.text)
    program = Program(make_api(site.services), token)
    assert program.ask("PUT", "/tenants/alpha/recharges/R1", {"li": 1000}).status_int == 403
    assert program.ask("GET", "/tenants/alpha/calls").status_int == 200


def test_one_tenant_cannot_revoke_anothers_key(site: Site) -> None:
    """Not even by its id."""
    other = site.browser("4001003731")
    form = form_of(other.get("/t/beta/api-keys"), "/t/beta/api-keys")
    form["name"] = "theirs"
    form.set("scope", True, index=0)
    (name,) = re.findall(r"<code>([0-9a-f]{12})</code>", form.submit().text)
    browser = site.browser("4001003721")
    browser.post(f"{PAGE}/revoke", {"csrf_token": browser.token(PAGE), "id": name})
    assert name in other.get("/t/beta/api-keys").text


def test_the_document_can_be_read_and_tried(site: Site) -> None:
    """Own files only."""
    page = site.browser().get("/api-docs")
    assert "swagger-ui.js" in page.text
