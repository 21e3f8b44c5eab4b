"""The operator sets trunks and the box by forms that are made of the provisioning fields."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.trunk_history import Turn
from domain.snapshot import TrunkSnapshot
from storage.provisioning.schema import BOX, TRUNK
from tests.unit.webui.site import Site, form_of
from webui.presenters.health import strip_of
from webui.views.settings import BACKUP_GROUPS, BOX_GROUPS, TRUNK_GROUPS

NEW = "/operator/trunks/new"
ELSEWHERE = (
    "calendar", "brand_name", "brand_colour", "brand_logo", "vanity_rules", "class_terms", "system_prompts",
)  # fmt: skip


def trunk(site: Site, name: str = "unicom-1") -> TrunkSnapshot:
    """Return a trunk as it is stored."""
    found: TrunkSnapshot = site.read(lambda root: root.trunks[name].value)
    return found


def add(site: Site, **typed: str) -> None:
    """Add a trunk in the browser."""
    form = form_of(site.browser("anna").get(NEW), NEW)
    for name, value in {
        "name": "unicom-1",
        "target": "192.0.2.1:5060",
        "sources": "192.0.2.0/28",
        **typed,
    }.items():
        form[name] = value
    assert form.submit().status_int == 303


def test_every_field_of_a_trunk_has_its_place() -> None:
    """Once."""
    shown = [name for _, names in TRUNK_GROUPS for name in names]
    assert sorted(shown) == sorted(each.name for each in TRUNK.fields)


def test_every_field_of_the_box_has_its_place() -> None:
    """Once, but for what has a page of another form."""
    shown = [name for _, names in (*BOX_GROUPS, *BACKUP_GROUPS) for name in names]
    assert sorted([*shown, *ELSEWHERE]) == sorted(each.name for each in BOX.fields)


def test_a_trunk_is_added_and_changed(site: Site) -> None:
    """Lists, pairs and rules are typed a line each; what is empty goes back to its default."""
    add(
        site, caller_prefixes="86 >\n+86 > 0", landing_numbers="02488886666 = 4001003721", channels="30",
        username="acc", password="secret-of-trunk", kind="register",
    )  # fmt: skip
    stored = trunk(site)
    assert [(each.match, each.replace) for each in stored.caller_prefixes] == [("86", ""), ("+86", "0")]
    assert (stored.landing_numbers, stored.channels) == ({"02488886666": "4001003721"}, 30)
    page = site.browser("anna").get("/operator/trunks/unicom-1")
    assert "secret-of-trunk" not in page.text
    form = next(form for form in page.forms.values() if "channels" in form.fields)
    assert form["caller_prefixes"].value == "86 >\n+86 > 0"
    form["channels"], form["caller_prefixes"], form["enabled"] = "", "", False
    assert form.submit().status_int == 303
    changed = trunk(site)
    assert (changed.channels, changed.caller_prefixes, changed.enabled) == (None, (), False)
    assert changed.password == "secret-of-trunk"
    assert {"trunk-changed", "trunk-added"} <= set(site.actions())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sources", "192.0.2.0/28\nnot a network"),
        ("channels", "many"),
        ("landing_numbers", "02488886666 = 12345"),
        ("caller_prefixes", "abc > 1"),
        ("target", "a b"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(site: Site, field: str, value: str) -> None:
    """Nothing is stored, and what was typed stays."""
    form = form_of(site.browser("anna").get(NEW), NEW)
    form["name"], form[field] = "unicom-1", value
    answer = form.submit(status="*")
    assert answer.status_int == 422
    assert answer.html.find(id=field)["class"][-1] == "is-invalid"
    assert form_of(answer, NEW)[field].value.replace("\r", "") == value
    assert site.read(lambda root: list(root.trunks)) == ["demo"]


def test_a_name_that_is_taken(site: Site) -> None:
    """The trunk that is there is not touched."""
    add(site)
    form = form_of(site.browser("anna").get(NEW), NEW)
    form["name"], form["target"] = "unicom-1", "192.0.2.99"
    assert form.submit(status="*").status_int == 422
    assert trunk(site).target == "192.0.2.1:5060"


def test_a_trunk_is_removed(site: Site) -> None:
    """And not while a tenant leaves by it."""
    add(site)
    page = site.browser("anna").get("/operator/trunks/unicom-1")
    assert form_of(page, "/operator/trunks/unicom-1/remove").submit().status_int == 303
    assert site.read(lambda root: list(root.trunks)) == ["demo"]


def test_the_boxs_own_settings(site: Site) -> None:
    """Limits; each with its check."""
    browser = site.browser("anna")
    form = form_of(browser.get("/operator/settings"), "/operator/settings")
    form["max_calls"] = "500"
    assert form.submit().status_int == 303
    assert site.read(lambda root: root.box.value.max_calls) == 500
    again = form_of(browser.get("/operator/settings"), "/operator/settings")
    assert again["max_calls"].value == "500"
    again["max_calls"] = "many"
    refused = again.submit(status="*")
    assert refused.status_int == 422
    assert "is-invalid" in refused.html.find(id="max_calls")["class"]


def test_who_sees_masked_numbers_is_ticked(site: Site) -> None:
    """Nobody types the names that programs give to roles; what was ticked stays when a field is wrong."""
    browser = site.browser("anna", language="zh")
    page = browser.get("/operator/settings")
    label = page.html.find("input", {"name": "masked_roles.support"}).find_parent("label")
    assert label.text.strip() == "客服"
    form = form_of(page, "/operator/settings")
    form["masked_roles.support"], form["max_calls"] = True, "many"
    refused = form.submit(status=422)
    again = form_of(refused, "/operator/settings")
    assert again["masked_roles.support"].checked
    again["max_calls"] = "500"
    again.submit()
    assert site.read(lambda root: [str(each) for each in root.box.value.masked_roles]) == ["support"]
    last = form_of(browser.get("/operator/settings"), "/operator/settings")
    assert (last["masked_roles.support"].checked, last["masked_roles.finance"].checked) == (True, False)
    last["masked_roles.support"] = False
    last.submit()
    assert site.read(lambda root: root.box.value.masked_roles) == ()
    assert "关闭时仅通知严重告警" in page


def test_the_health_of_a_trunk_is_a_strip(site: Site) -> None:
    """A minute down is seen, and told in the words of people."""
    now = site.clock()
    turns = {"demo": [Turn(now - 7200, False, "no answer to OPTIONS"), Turn(now - 7140, True, "")]}
    site.data.trunk_history.write_bytes(msgspec.json.encode(turns))
    page = site.browser("anna").get("/operator/trunks/demo")
    assert len(page.html.select("rect.health-down")) == 1
    assert float(page.html.select_one("rect.health-down")["width"]) == 1.0
    assert "no answer to OPTIONS" in page.text
    assert "Down for 1:00 in the last 24 hours" in page.text


def test_a_trunk_that_first_came_up_was_not_down_before() -> None:
    """Nothing is known of it; the strip begins with its first turn."""
    strip = strip_of([Turn(90_000.0, True), Turn(93_000.0, False), Turn(93_600.0, True)], 100_000.0)
    assert ([each.up for each in strip.spans], strip.down_seconds) == ([True, False, True], 600.0)
    assert strip_of([], 100_000.0).spans == []
