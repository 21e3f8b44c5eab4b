"""The operator's list of tenants."""

from __future__ import annotations

import pytest

from tests.unit.webui.site import Site

PAGE = "/operator/tenants"


def test_tenants_come_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their ids; a search finds by name, id and number, and is kept from page to page."""
    monkeypatch.setattr("webui.services.tenants.PAGE", 1)
    browser = site.browser("anna")
    first = browser.get(PAGE)
    assert ("企业 alpha" in first.text, "企业 beta" in first.text) == (True, False)
    second = first.click(href="after=alpha")
    assert ("企业 alpha" in second.text, "企业 beta" in second.text) == (False, True)
    assert second.html.find(href=lambda link: link and "after=" in link) is None
    found = browser.get(f"{PAGE}?search=3731")
    assert "企业 beta" in found.text
    assert "after=" not in found.text
    several = browser.get(f"{PAGE}?search=400100")
    assert "search=400100&amp;after=alpha" in several.text
    assert "No tenant found" in browser.get(f"{PAGE}?search=nobody").text
