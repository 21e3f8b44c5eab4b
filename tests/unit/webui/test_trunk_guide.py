"""线路向导: a trunk step by step; and which number its test call shows."""

from __future__ import annotations

from typing import Any

import pytest

from domain.snapshot import TrunkKind, TrunkSnapshot
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of

GUIDE = "/operator/trunks/guide"
OF_TRUNK = "/operator/trunks/unicom-1/guide"
TEST = "/operator/trunks/unicom-1/test"


def trunk(site: Site) -> TrunkSnapshot:
    """Return the new trunk as it is stored."""
    found: TrunkSnapshot = site.read(lambda root: root.trunks["unicom-1"].value)
    return found


def send(page: Any, action: str, status: int = 303, **typed: str) -> Any:
    """Fill in a step and go on."""
    form = form_of(page, action)
    for name, value in typed.items():
        form[name] = value
    return form.submit(status=status)


def begun(browser: Browser, **typed: str) -> Any:
    """Make a trunk by address; return what follows."""
    page = browser.get(GUIDE).click(href="kind=ip", index=0)
    return send(page, GUIDE, **{"name": "unicom-1", "sources": "192.0.2.33", **typed}).follow()


def test_from_the_kind_to_the_check(site: Site) -> None:
    """Each step stores what it asks and leaves the rest; calls out go where calls in come from."""
    browser = site.browser("anna")
    page = begun(browser)
    assert (trunk(site).kind, trunk(site).target) == (TrunkKind.IP, "192.0.2.33:5060")
    page = send(page, OF_TRUNK, landing_numbers="02488886666 = 4001003721", restore_zero="on").follow()
    page = send(page, OF_TRUNK, channels="30").follow()
    held = trunk(site)
    assert (held.landing_numbers, held.channels, held.restore_zero) == (
        {"02488886666": "4001003721"}, 30, True,
    )  # fmt: skip
    assert held.sources == ("192.0.2.33/32",)
    assert page.html.select_one(".setup-steps .active").text == "Check and test call"
    assert page.html.select_one("[hx-get='/operator/trunks/unicom-1/health']")
    assert form_of(page, TEST)["shows"].value == "02488886666"
    assert site.actions()[:3] == ["trunk-changed", "trunk-changed", "trunk-added"]


def test_one_that_registers(site: Site) -> None:
    """Its account is asked for first; the password never comes back."""
    page = site.browser("anna").get(f"{GUIDE}?kind=register")
    refused = send(page, GUIDE, 422, name="unicom-1", username="862488886666", target="ims.example.net")
    assert "is-invalid" in refused.html.find(id="password")["class"]
    page = send(refused, GUIDE, password="secret of the trunk").follow()
    assert trunk(site).kind is TrunkKind.REGISTER
    assert "secret of the trunk" not in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"sources": "192.0.2.0/28"}, "target"),
        ({"sources": "nowhere at all"}, "sources"),
        ({"target": "a b"}, "target"),
        ({"name": "demo"}, "name"),
        ({"name": HOSTILE}, "name"),
    ],
)
def test_what_is_wrong_is_said_in_its_step(site: Site, typed: dict[str, str], field: str) -> None:
    """Beside its field; nothing is stored, what was typed stays."""
    page = site.browser("anna").get(f"{GUIDE}?kind=ip")
    wanted = {"name": "unicom-1", "sources": "192.0.2.33", **typed}
    answer = send(page, GUIDE, 422, **wanted)
    assert "is-invalid" in answer.html.find(id=field)["class"]
    assert form_of(answer, GUIDE)["name"].value == wanted["name"]
    assert site.read(lambda root: list(root.trunks)) == ["demo"]


def test_a_later_step_that_is_wrong(site: Site) -> None:
    """The trunk stays as it was."""
    page = begun(site.browser("anna"))
    answer = send(page, OF_TRUNK, 422, landing_numbers="02488886666 = 12345")
    assert "is-invalid" in answer.html.find(id="landing_numbers")["class"]
    assert trunk(site).landing_numbers == {}


def test_a_test_call_shows_no_tenants_number_unasked(site: Site) -> None:
    """Nobody's number is taken; one that is not ours is refused; the trunk's own needs no word."""
    browser = site.browser("anna")
    begun(browser)
    form = form_of(browser.get(TEST), TEST)
    assert form["shows"].value == ""
    offered = {each["value"] for each in browser.get(TEST).html.select("#own-numbers option")}
    assert offered == {"4001003721", "4001003731"}
    for shows, field in (("", "shows"), ("4009999999", "shows"), ("400-100-3721", "to")):
        form["to"], form["shows"] = "13900001111", shows
        refused = form.submit(status=422)  # of the last the box says that it takes no calls
        assert "is-invalid" in refused.html.find(id=field)["class"], shows
    assert site.actions().count("trunk-test-called") == 1
    page = browser.get(f"{OF_TRUNK}?step=numbers")
    send(page, OF_TRUNK, trunk_number="01088886666")
    page = browser.get(TEST)
    assert "shows" not in form_of(page, TEST).fields
    assert "01088886666" in page.text
