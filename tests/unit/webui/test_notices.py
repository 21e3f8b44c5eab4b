"""通知 in the browser: a tenant sets his mobile himself, and sees what was sent to him alone."""

from __future__ import annotations

from typing import Any

from domain.notices.kinds import NoticeKind
from storage.notices.outbox import tell
from tests.unit.storage.provision import apply
from tests.unit.webui.site import HOSTILE, Site, form_of

PAGE = "/t/alpha/notices"
KIND = NoticeKind.MISSED_CALL


def test_a_tenant_sets_who_is_told(site: Site) -> None:
    """However numbers are written apart; it holds for the next notice and is in the audit log."""
    browser = site.browser("4001003721", language="zh")
    form = _form(browser.get(PAGE), "missed-call")
    form["mobiles"] = "+86 139 0000 1111，13900002222"
    form["emails"] = "boss@acme.cn"
    assert "下一条通知起生效" in form.submit().follow()
    told = site.read(lambda root: root.tenants["alpha"].parts["notices"]["missed-call"].value)
    assert (told.mobiles, told.emails) == (("13900001111", "13900002222"), ("boss@acme.cn",))
    assert site.actions()[0] == "notices-changed"


def test_a_wrong_number_is_told_at_its_field(site: Site) -> None:
    """What was typed stays there, and nothing is stored."""
    browser = site.browser("4001003721", language="zh")
    form = _form(browser.get(PAGE), "all")
    form["mobiles"] = "12345"
    page = form.submit(status=422)
    assert "不是手机号码" in page
    assert page.html.select_one("#mobiles-all")["value"] == "12345"
    assert "notices" not in site.read(lambda root: dict(root.tenants["alpha"].parts))
    token = browser.token(PAGE)
    assert browser.post(f"{PAGE}/save", {"csrf_token": token, "kind": "gossip"}, status="*").status_int == 400


def test_a_tenant_lets_a_group_robot_speak(site: Site) -> None:
    """He adds it, ticks what it is told, takes it away; its address, which has the key, is not shown."""
    browser = site.browser("4001003721", language="zh")
    assert browser.get(PAGE).html.find("a", href="/t/alpha/robots")
    form = form_of(browser.get("/t/alpha/robots/new"), "/t/alpha/robots/new")
    form["name"], form["kind"] = "ops", "dingtalk"
    assert "url" in [field["id"] for field in form.submit(status=422).html.select(".is-invalid")]
    form["url"] = "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32
    assert "钉钉" in form.submit().follow()
    assert "access_token" not in browser.get("/t/alpha/robots/ops")
    form = _form(browser.get(PAGE), "missed-call")
    form["robot"] = True
    form.submit()

    def told() -> Any:
        return site.read(lambda root: root.tenants["alpha"].parts["notices"]["missed-call"].value.robots)

    assert told() == ("ops",)
    assert _form(browser.get(PAGE), "missed-call")["robot"].checked
    form_of(browser.get("/t/alpha/robots"), "/t/alpha/robots/ops/remove").submit()
    assert told() == ()
    assert site.read(lambda root: list(root.tenants["alpha"].named("robots"))) == []


def test_what_cannot_be_sent_is_told_beforehand(site: Site) -> None:
    """Without a gateway for SMS nobody is promised one."""
    browser = site.browser("4001003721", language="zh")
    assert "尚未设置短信网关" in browser.get(PAGE)
    apply(site.database, "gateways: {sms: {kind: http, url: 'https://sms.example.com/send'}}")
    assert "尚未设置" not in browser.get(PAGE)


def test_what_was_sent_is_shown_to_its_tenant_alone(site: Site) -> None:
    """As text, whatever a caller is called."""

    for tenant, caller in (("alpha", HOSTILE[:20]), ("beta", "13344445555")):
        apply(site.database, f"tenants: {{{tenant}: {{notices: {{all: {{mobiles: '13900001111'}}}}}}}}")
        told = {"caller": caller, "number": "4001003721"}
        site.change(lambda root: tell(root, KIND, tenant, "missed:1", told, site.clock()))  # noqa: B023 - at once
    page = site.browser("4001003721", language="zh").get(PAGE)
    assert "未接来电" in page
    assert "待发送" in page
    assert "13344445555" not in page
    assert page.html.find("script", src=False) is None


def _form(page: Any, kind: str) -> Any:
    """Return the form of a kind of notice."""
    return next(form for form in page.forms.values() if "kind" in form.fields and form["kind"].value == kind)
