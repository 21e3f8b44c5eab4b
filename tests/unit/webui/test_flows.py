"""语音导航 in the browser: drafts, checks, trial walks, publishing, versions, the way of a past call."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from storage.models.web import AuditEntry
from storage.records.record import Moment
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of, made_up
from webui.services.flows import seen, shown
from webui.services.provisioning import wish

PAGE = "/t/alpha/flows/main"
MENU: dict[str, Any] = {
    "start": "main",
    "nodes": {
        "main": {"kind": "menu", "prompts": ["welcome"], "keys": {"1": "phones"}, "default": "bye"},
        "phones": {"kind": "go", "to": "bound"},
        "bye": {"kind": "hang-up"},
    },
}


@pytest.fixture
def browser(site: Site) -> Browser:
    """Return alpha's browser; alpha has the menu ``main`` in force."""
    document = {"tenants": {"alpha": {"flows": {"main": MENU}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    return site.browser("4001003721")


def editor(browser: Browser, page: str = PAGE) -> dict[str, Any]:
    """Return what the editor is given."""
    found: dict[str, Any] = json.loads(browser.get(page).html.select("#flow")[0]["data-flow"])
    return found


def send(browser: Browser, action: str, document: Any, **more: str) -> Any:
    """Send a document as the editor does."""
    fields = {"seen": editor(browser)["seen"], **more, "document": json.dumps(document)}
    token = {"X-CSRF-Token": browser.token(PAGE)}
    return browser.post(f"{PAGE}/{action}", fields, headers=token, status="*")


def menu(**changes: Any) -> dict[str, Any]:
    """Return the menu with other nodes."""
    return {**MENU, "nodes": {**MENU["nodes"], **changes}}


def published(site: Site) -> Any:
    """Return what is in force."""
    return site.read(lambda root: root.tenants["alpha"].parts["flows"]["main"].value)


def test_the_editor_gets_the_menu_and_what_may_be_chosen(browser: Browser) -> None:
    """Nodes, prompts, destinations, words in the reader's language."""
    given = editor(browser)
    assert given["document"]["nodes"] == MENU["nodes"]
    assert given["problems"] == []
    assert "bound" in [value for value, _ in given["choices"]]
    assert ["digit-0", "0 (digit-0)"] in given["prompts"]


def test_a_draft_may_be_wrong_and_each_fault_names_its_node(site: Site, browser: Browser) -> None:
    """It is kept all the same; what callers hear stays."""
    answer = send(browser, "save", menu(main={**MENU["nodes"]["main"], "keys": {"1": "nowhere"}}))
    assert answer.status_int == 200
    assert {each["node"] for each in answer.json["problems"]} == {"main", "phones"}
    assert editor(browser)["document"]["nodes"]["main"]["keys"] == {"1": "nowhere"}
    assert published(site).version == 1
    assert site.actions()[0] == "flow-drafted"


def test_publishing_and_rolling_back(site: Site, browser: Browser) -> None:
    """What is wrong is not published; the earlier version comes back as the newest."""
    wrong = menu(phones={"kind": "go", "to": "queue:nobody"})
    answer = send(browser, "publish", wrong)
    assert (answer.status_int, answer.json["problems"][0]["node"]) == (422, "phones")
    assert published(site).version == 1
    changed = menu(phones={"kind": "go", "to": "hang-up"})
    answer = send(browser, "publish", changed, note="holiday")
    assert (answer.status_int, published(site).version) == (200, 2)
    page = browser.get(PAGE)
    assert "holiday" in page
    form_of(page, f"{PAGE}/rollback").submit(status=303)
    assert (published(site).version, published(site).nodes["phones"].to) == (3, "bound")


def test_two_people_draw_at_once(site: Site, browser: Browser) -> None:
    """The second one is told, keeps his drawing, and decides."""
    began = editor(browser)["seen"]
    send(browser, "save", menu(phones={"kind": "go", "to": "hang-up"}))
    mine = menu(bye={"kind": "hang-up", "title": "mine"})
    answer = send(browser, "save", mine, seen=began)
    assert answer.status_int == 409
    assert "Somebody else changed this menu" in answer.json["said"]
    assert editor(browser)["document"]["nodes"]["phones"]["to"] == "hang-up"
    assert send(browser, "save", mine, seen=answer.json["seen"]).status_int == 200
    assert editor(browser)["document"]["nodes"]["bye"]["title"] == "mine"


def test_a_trial_walk(browser: Browser) -> None:
    """Also through what is not saved; the nodes it came to, and where it came out."""
    answer = send(browser, "try", MENU, keys="1", caller="02461234567", at="2026-10-10T09:30")
    assert answer.json["way"] == ["main", "phones"]
    assert answer.json["end"] == "bound numbers"
    assert send(browser, "try", MENU).json["way"] == ["main", "bye"]


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        {"start": "x"},
        {"start": "x", "nodes": {}},
        {"start": "a", "nodes": {"a": {"kind": HOSTILE}}},
    ],
)
@pytest.mark.parametrize("action", ["save", "try", "publish", "check"])
def test_what_is_no_menu_is_told(site: Site, browser: Browser, action: str, document: Any) -> None:
    """Whatever was sent; nothing of it comes into force."""
    answer = send(browser, action, document)
    assert answer.status_int in (200, 422)
    assert answer.status_int == 422 or answer.json["problems"]
    assert answer.content_type == "application/json"
    assert published(site).version == 1


def test_a_new_menu_begins_as_a_draft(site: Site, browser: Browser) -> None:
    """A name that is there or makes no sense is refused beside the field; one in use is not removed."""
    for name, status in (
        ("night", 303),
        ("night", 422),
        ("夜间", 303),
        ("夜间　", 422),
        ("夜/间", 422),
        (HOSTILE, 422),
        ("", 422),
    ):
        form = form_of(browser.get("/t/alpha/flows"), "/t/alpha/flows/add")
        form["name"] = name
        assert form.submit(status="*").status_int == status
    state = site.read(lambda root: _state(root, "night"))
    assert state.published is None
    assert seen(shown(state)) == editor(browser, "/t/alpha/flows/night")["seen"]
    token = {"X-CSRF-Token": browser.token("/t/alpha/flows")}
    browser.post("/t/alpha/flows/night/remove", headers=token, status=303)
    document = {"tenants": {"alpha": {"numbers": {"4001003721": {"entry": "flow:main"}}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    assert "still used by" in browser.post(f"{PAGE}/remove", headers=token).follow()


def _state(root: Any, name: str) -> Any:
    from storage.voice.flows import flow

    return flow(root, "alpha", name)


def test_the_way_of_a_past_call(site: Site, browser: Browser) -> None:
    """On the version that it went through; another tenant's call shows nothing."""
    steps = ("flow main v1", "menu main", "menu phones", "to bound")
    timeline = tuple(Moment(n, "step", "", step) for n, step in enumerate(steps))
    made = [
        msgspec.structs.replace(made_up(tenant, number, site.clock() - 30), timeline=timeline)
        for tenant, number in (("alpha", "4001003721"), ("beta", "4001003731"))
    ]
    site.change(lambda root: root.records.add(made))
    send(browser, "save", menu(phones={"kind": "go", "to": "hang-up"}))
    given = editor(browser, f"{PAGE}?call={made[0].id}")
    assert given["way"] == ["main", "phones"]
    assert given["document"]["nodes"]["phones"]["to"] == "bound"
    assert f"{PAGE}?call={made[0].id}" in browser.get(f"/t/alpha/calls/{made[0].id}")
    assert editor(browser, f"{PAGE}?call={made[1].id}")["way"] == []


def test_another_tenants_menu_is_not_there(site: Site, browser: Browser) -> None:
    """Under either address."""
    foreign = site.browser("4001003731")
    assert foreign.get(PAGE, status="*").status_int == 404
    assert foreign.get("/t/beta/flows/main", status="*").status_int == 404


def test_a_new_menu_begins_without_a_fault(site: Site, browser: Browser) -> None:
    """Greeting, 1 the phones; 9 leaves a message where there is a box for it."""
    for name, keys in (("first", {"1": "phones"}), ("second", {"1": "phones", "9": "message"})):
        form = form_of(browser.get("/t/alpha/flows"), "/t/alpha/flows/add")
        form["name"] = name
        form.submit(status=303)
        given = editor(browser, f"/t/alpha/flows/{name}")
        assert (given["problems"], given["document"]["nodes"]["menu"]["keys"]) == ([], keys)
        document = {"tenants": {"alpha": {"voicemails": {"service": {}}}}}
        wish(site.services, lambda root, document=document: document, AuditEntry(0.0, "test", "filled"))
