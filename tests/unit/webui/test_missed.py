"""未接 and 留言 in the browser: nothing is forgotten, nothing is done twice."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from domain.customers.missed import MissedState
from domain.outcomes import Outcome
from storage.recordings import Fresh, RecordingFacts, Recordings
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of, made_up

PAGE = "/t/alpha/missed"
MESSAGES = "/t/alpha/messages"


def missed_call(site: Site, tenant: str = "alpha", caller: str = "02461234567") -> str:
    """Let somebody call whom nobody answers; return the item's id."""
    number = site.read(lambda root: next(iter(root.tenants[tenant].numbers)))
    record = made_up(tenant, number, site.clock() - 30, caller=caller, outcome=Outcome.NO_ANSWER, talk_ms=0)
    site.change(lambda root: (root.records.add([record]), root.missed.take([record])))
    return record.id


def item(site: Site, name: str, tenant: str = "alpha") -> Any:
    """Return the item as it is now."""
    return site.read(lambda root: root.missed.tenants[tenant].find(name))


def post(browser: Browser, action: str, **fields: str) -> Any:
    """Send a small form."""
    return browser.post(f"{PAGE}/{action}", {"csrf_token": browser.token(PAGE), **fields}, status="*")


def test_a_missed_call_is_claimed_and_closed(site: Site) -> None:
    """With a note; the list of what is to be done is empty then."""
    name = missed_call(site)
    browser = site.browser("4001003721", language="zh")
    page = browser.get(PAGE)
    assert "02461234567" in page
    assert "辽宁" in page.html.select(".todo")[0].text
    form_of(page, f"{PAGE}/claim").submit()
    assert (item(site, name).state, item(site, name).claimed_by) == (MissedState.CLAIMED, "alpha")
    form = form_of(browser.get(PAGE), f"{PAGE}/close")
    form["note"] = "已下单"
    form.submit()
    assert (item(site, name).state, item(site, name).note) == (MissedState.CLOSED, "已下单")
    assert "没有待处理事项" in browser.get(PAGE)
    assert "已下单" in browser.get(f"{PAGE}?show=all")
    assert site.actions()[:2] == ["missed-closed", "missed-claimed"]


def test_a_caller_is_found_among_many(site: Site) -> None:
    """By how his number begins, among what is open or all; another number's are left out."""
    missed_call(site)
    missed_call(site, caller="13800138000")
    browser = site.browser("4001003721")

    def callers(query: str) -> list[str]:
        return [each.get_text() for each in browser.get(f"{PAGE}?{query}").html.select(".todo-who b")]

    assert callers("caller=0246") == callers("caller=024-6&show=all") == ["02461234567"]
    assert len(callers("number=4001003721")) == 2
    assert callers("number=4001003731") == callers("caller=999") == []
    assert "Change the filter" in browser.get(f"{PAGE}?caller=999")


def test_what_another_one_claimed_is_his(site: Site) -> None:
    """The page says whose it is; nobody is rung a second time."""
    name = missed_call(site)
    browser = site.browser("4001003721")
    site.change(lambda root: _claimed(root, name, "8001"))
    for action, more in (("claim", {}), ("call-back", {"phone": "13900001111"})):
        assert "claimed by 8001" in post(browser, action, item=name, **more).follow()
    assert item(site, name).claimed_by == "8001"


def _claimed(root: Any, name: str, who: str) -> None:
    from domain.customers.missed import claimed

    book = root.missed.tenants["alpha"]
    book.put(claimed(book.find(name), who, 1.0))


def test_a_call_back_without_a_running_box_is_told(site: Site) -> None:
    """It stays claimed, so that it is not forgotten."""
    name = missed_call(site)
    answer = post(site.browser("4001003721"), "call-back", item=name, phone="13900001111").follow()
    assert "nobody was rung" in answer
    assert item(site, name).state is MissedState.CLAIMED


@pytest.mark.parametrize("action", ["claim", "close", "call-back"])
def test_another_tenants_missed_call_is_not_there(site: Site, action: str) -> None:
    """Nor one that never was."""
    foreign = missed_call(site, "beta")
    browser = site.browser("4001003721")
    for name in (foreign, "0" * 26, HOSTILE, ""):
        assert "no such missed call" in post(browser, action, item=name, phone="1").follow()
    assert item(site, foreign, "beta").state is MissedState.OPEN


def leave_message(site: Site, tenant: str = "alpha", **more: Any) -> str:
    """Let a caller leave a message; return its id."""
    name = missed_call(site, tenant)
    messages: Recordings = site.recordings.messages()
    content = b"fLaC0123456789"
    file = messages.temporary_directory() / f"{name}.flac"
    file.write_bytes(content)
    facts = RecordingFacts(
        name, tenant, "4001003721", "02461234567", (), site.clock(), 7.0, len(content),
        hashlib.sha256(content).hexdigest(), box="service", **more,
    )  # fmt: skip
    messages.add([Fresh(facts, file)])
    return name


def test_a_message_is_heard_marked_and_deleted(site: Site) -> None:
    """Hearing marks it, but not one that is done already."""
    name = leave_message(site)
    browser = site.browser("4001003721")
    page = browser.get(MESSAGES)
    assert page.html.select("audio")[0]["src"] == f"{MESSAGES}/{name}/audio"
    assert browser.get(f"{MESSAGES}/{name}/audio", headers={"Range": "bytes=0-3"}, status=206).body == b"fLaC"
    token = {"X-CSRF-Token": browser.token(MESSAGES), "HX-Request": "true"}
    for wanted, held in (("heard", "heard"), ("done", "done"), ("heard", "done"), ("new", "")):
        browser.post(f"{MESSAGES}/{name}/mark", {"mark": wanted}, headers=token, status=204)
        assert site.recordings.messages().facts(name).mark == held
    assert "02461234567" in browser.get(f"{MESSAGES}?mark=new")
    assert "No messages" in browser.get(f"{MESSAGES}?mark=done")
    assert browser.get(f"{MESSAGES}/excel").body.startswith(b"PK")
    form_of(browser.get(MESSAGES), f"{MESSAGES}/{name}/delete").submit()
    assert site.recordings.messages().known([name]) == set()
    assert site.actions()[:2] == ["message-deleted", "messages-exported"]


def test_a_message_on_legal_hold_stays(site: Site) -> None:
    """And the page says why."""
    name = leave_message(site, hold="lawsuit")
    browser = site.browser("4001003721")
    answer = form_of(browser.get(MESSAGES), f"{MESSAGES}/{name}/delete").submit().follow()
    assert "legal hold" in answer
    assert site.recordings.messages().known([name]) == {name}


def test_another_tenants_message_is_not_there(site: Site) -> None:
    """Neither to hear nor to delete."""
    name = leave_message(site, "beta")
    browser = site.browser("4001003721")
    token = {"X-CSRF-Token": browser.token(MESSAGES)}
    assert browser.get(f"{MESSAGES}/{name}/audio", status="*").status_int == 404
    for action in ("mark", "delete"):
        assert browser.post(f"{MESSAGES}/{name}/{action}", headers=token, status="*").status_int == 404
    assert site.recordings.messages().known([name]) == {name}
