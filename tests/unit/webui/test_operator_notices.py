"""The operator sees every notice, sends failed ones again, and keeps gateways and templates."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.notices.delivery import Channel, Delivery, DeliveryState
from domain.notices.kinds import NoticeKind
from domain.notices.template import TemplateState
from storage.notices.outbox import new_id, template_of
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of

LOG = "/operator/notices"
NEW = "/operator/gateways/new"


def put(site: Site, tenant: str = "alpha", **fields: Any) -> Delivery:
    """Put a failed SMS into the log."""
    now = site.clock() - 10
    made = Delivery(
        new_id(now), new_id(now), tenant, NoticeKind.MISSED_CALL, Channel.SMS, "13900001111", HOSTILE, now,
        now, now, state=DeliveryState.FAILED, tries=6, by="post", note="no route",
    )  # fmt: skip
    made = msgspec.structs.replace(made, **fields)
    site.change(lambda root: root.notices.add(made))
    return made


def found(site: Site, delivery: Delivery) -> Delivery:
    """Return a delivery as it is now."""
    held: Delivery = site.read(lambda root: root.notices.find(delivery.id))
    return held


def post(browser: Browser, path: str, **fields: str) -> Any:
    """Send a form."""
    return browser.post(path, {"csrf_token": browser.token("/account"), **fields}, status="*")


def test_what_failed_is_found_and_sent_again(site: Site) -> None:
    """The filter stays; who did it is noted."""
    failed = put(site)
    sent = put(site, tenant="beta", state=DeliveryState.SENT, to="13700000000")
    browser = site.browser("sun")
    page = browser.get(f"{LOG}?state=failed")
    assert failed.to in page.text
    assert sent.to not in page.text
    assert HOSTILE not in page.text
    answer = form_of(page, f"{LOG}/again").submit()
    assert answer.headers["Location"].endswith("?state=failed")
    assert (found(site, failed).state, found(site, failed).tries) == (DeliveryState.WAITING, 0)
    assert site.actions()[0] == "notice-again"
    assert post(browser, f"{LOG}/again", id=sent.id).status_int == 303
    assert found(site, sent) == sent


@pytest.mark.parametrize(
    ("query", "count"),
    [("tenant=beta", 1), ("channel=email", 1), ("to=1370", 1), ("channel=sms&state=failed", 2), ("", 3)],
)
def test_the_log_is_filtered(site: Site, query: str, count: int) -> None:
    """By tenant, way, state and part of the recipient."""
    put(site)
    put(site, tenant="beta", to="13700000000")
    put(site, channel=Channel.EMAIL, to="a@example.com", state=DeliveryState.SENT)
    page = site.browser("anna").get(f"{LOG}?{query}")
    assert len(page.html.select(".list-group-item")) == count


def test_the_log_goes_on_where_a_page_ends(site: Site) -> None:
    """Nothing twice, nothing left out."""
    for number in range(53):
        put(site, to=f"139{number:08}")
    browser = site.browser("anna")
    first = browser.get(LOG)
    second = browser.get(first.html.find("a", href=lambda link: "after=" in link)["href"])
    rows = [each.text for page in (first, second) for each in page.html.select(".list-group-item")]
    assert len(rows) == len({row.split("139")[1][:8] for row in rows}) == 53


def test_codes_and_what_webhooks_tell_are_not_shown(site: Site) -> None:
    """Nobody reads a code that resets a password, and an old one is not sent again."""
    code = put(site, kind=NoticeKind.PASSWORD_CODE, text="the code is 493817")
    put(site, channel=Channel.WEBHOOK, kind="call.ended", to="crm", text='{"secret": 815}')
    browser = site.browser("anna")
    text = browser.get(LOG).text
    assert "493817" not in text
    assert "815" not in text
    post(browser, f"{LOG}/again", id=code.id)
    assert found(site, code) == code


def test_a_test_is_sent(site: Site) -> None:
    """To a recipient that fits its way; anything else is said beside the field."""
    browser = site.browser("sun")
    wrong = post(browser, f"{LOG}/test", tenant="alpha", channel="sms", to="a@example.com")
    assert wrong.status_int == 422
    assert "is-invalid" in wrong.html.find(id="test-to")["class"]
    assert post(browser, f"{LOG}/test", tenant="alpha", channel="sms", to="13900001111").status_int == 303
    waiting = site.read(lambda root: next(root.notices.newest_first("alpha")))
    assert (waiting.kind, waiting.to, waiting.state) == ("test", "13900001111", DeliveryState.WAITING)


def test_a_gateway_is_added_changed_and_removed(site: Site) -> None:
    """Its password is written, never shown, and stays when nothing is typed."""
    browser = site.browser("anna")
    form = form_of(browser.get(NEW), NEW)
    for name, value in {
        "name": "ali",
        "kind": "aliyun",
        "username": "key",
        "password": "hidden-word",
        "sign": "示例",
    }.items():
        form[name] = value
    assert form.submit().status_int == 303
    page = browser.get("/operator/gateways/ali")
    assert (
        "hidden-word"
        not in page.text + browser.get("/operator/gateways").text + browser.get("/operator/audit").text
    )
    form = form_of(page, "/operator/gateways/ali")
    form["per_second"] = "2.5"
    assert form.submit().status_int == 303
    held = site.read(lambda root: root.gateways["ali"].value)
    assert (held.password, held.per_second) == ("hidden-word", 2.5)
    form_of(browser.get("/operator/gateways/ali"), "/operator/gateways/ali/remove").submit()
    assert site.read(lambda root: list(root.gateways)) == ["post"]
    assert {"gateway-added", "gateway-changed", "gateway-removed"} <= set(site.actions())


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", {"name": "post", "kind": "smtp", "host": "192.0.2.1", "sender": "a@example.com"}),
        ("url", {"name": "web", "kind": "http"}),
        ("port", {"name": "mail", "kind": "smtp", "host": "192.0.2.1", "sender": "a@b.cn", "port": "99999"}),
        ("success", {"name": "web", "kind": "http", "url": "https://example.com/", "success": "("}),
    ],
)
def test_what_is_wrong_with_a_gateway_is_said_beside_its_field(
    site: Site, field: str, typed: dict[str, str]
) -> None:
    """Nothing is stored."""
    form = form_of(site.browser("anna").get(NEW), NEW)
    for name, value in typed.items():
        form[name] = value
    answer = form.submit(status="*")
    assert answer.status_int == 422
    assert "is-invalid" in answer.html.find(id=field)["class"]
    assert site.read(lambda root: list(root.gateways)) == ["post"]


def test_a_template_is_cleared_and_must_be_anew_with_other_words(site: Site) -> None:
    """Only what the provider has seen leaves as SMS."""
    browser, base = site.browser("anna"), "/operator/templates/missed-call"

    def held() -> Any:
        return site.read(lambda root: template_of(root, NoticeKind.MISSED_CALL))

    assert post(browser, f"{base}/state", state="approved").status_int == 303
    assert held().state is TemplateState.APPROVED
    form = form_of(browser.get(base), base)
    form["title"] = "有人来电"
    form.submit()
    assert (held().state, held().title) == (TemplateState.APPROVED, "有人来电")
    form = form_of(browser.get(base), base)
    form["sms"] = "{caller} 来电"
    form.submit()
    assert (held().state, held().sms) == (TemplateState.DRAFT, "{caller} 来电")
    form = form_of(browser.get(base), base)
    form["sms"] = "{nobody} 来电"
    refused = form.submit(status="*")
    assert refused.status_int == 422
    assert "is-invalid" in refused.html.find(id="sms")["class"]
    assert post(browser, f"{base}/state", state="perfect").status_int == 400
