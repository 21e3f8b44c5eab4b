"""Programs do what the pages about numbers, prompts, menus and notices do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from domain.numbers.lifecycle import NumberState
from storage.notices.outbox import tell
from tests.unit.storage.provision import apply
from tests.unit.webui.api_client import Program, Programs
from tests.unit.webui.site import Site
from tests.unit.webui.test_notices import KIND
from tests.unit.webui.test_opening import NUMBER, card, stock
from tests.unit.webui.test_prompts import prompt, sound

ALPHA = "/tenants/alpha"
FLOW = {"start": "bye", "nodes": {"bye": {"kind": "hang-up"}}}


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def test_a_number_goes_from_stock_to_a_tenant_and_back(site: Site, programs: Programs) -> None:
    """Taken in, reserved, activated by opening a tenant in one step, frozen, reclaimed."""
    program = programs.of("")
    assert program.ask("PUT", f"/numbers/{NUMBER}").status_int == 201
    assert program.ask("PUT", f"/numbers/{NUMBER}").status_int == 409
    (found,) = program.ask("GET", "/numbers?state=in-stock&pattern=*288").json["items"]
    assert (found["number"], found["minimum_li"]) == (NUMBER, 30_000_000)
    reserve = {"move": "reserve", "holder": "示例公司"}
    assert program.ask("POST", f"/numbers/{NUMBER}/moves", reserve).json["changed"] is True
    assert card(site).state is NumberState.RESERVED
    opening = {"id": "shop", "name": "示例公司", "number": NUMBER, "bound": "13900001111", "max_calls": 3}
    opened = program.ask("POST", "/tenants", opening)
    assert (opened.status_int, len(opened.json["first_password"])) == (201, 6)
    assert program.ask("POST", "/tenants", opening).status_int == 409
    config = site.read(lambda root: root.tenants["shop"].config.value)
    assert (config.max_calls, config.credit_li) == (3, None)
    assert program.ask("POST", f"/numbers/{NUMBER}/moves", {"move": "restock"}).status_int == 409
    for move in ("freeze", "reclaim"):
        assert program.ask("POST", f"/numbers/{NUMBER}/moves", {"move": move}).status_int == 200
    shown = program.ask("GET", f"/numbers/{NUMBER}").json
    assert [each["move"] for each in shown["history"]] == [
        "reclaim",
        "freeze",
        "activate",
        "reserve",
        "import",
    ]
    assert shown["tenant"] == ""
    assert "shop" in site.read(lambda root: root.tenants)
    assert NUMBER not in site.read(lambda root: root.numbers)


def test_what_an_opening_breaks_is_named(site: Site, programs: Programs) -> None:
    """A tariff that there is not, a number of somebody else; nothing is opened."""
    program = programs.of("")
    opening = {"id": "shop", "name": "示例公司", "number": NUMBER, "tariff": "none"}
    stock(site)
    assert program.ask("POST", "/tenants", opening).json["errors"][0]["pointer"].endswith("tariff")
    taken = {**opening, "number": "4001003721"}
    assert program.ask("POST", "/tenants", taken).status_int in (409, 422)
    assert "shop" not in site.read(lambda root: root.tenants)
    assert program.ask("GET", "/numbers?pattern=AB").json["errors"][0]["pointer"] == "pattern"


def test_numbers_come_by_pages(site: Site, programs: Programs) -> None:
    """Also in the order of their prices."""
    wanted = [f"40069512{index}8" for index in range(5, 8)]
    for number in wanted:
        stock(site, number)
    program = programs.of("")
    for order in ("", "&by_price=true"):
        path = f"/numbers?state=in-stock&limit=2{order}"
        first = program.ask("GET", path).json
        second = program.ask("GET", f"{path}&cursor={first['next']}").json
        assert sorted(each["number"] for each in first["items"] + second["items"]) == wanted
        assert second["next"] == ""


def send(program: Program, content: bytes, name: str = "welcome") -> Any:
    """Upload a prompt."""
    return program.upload(f"{ALPHA}/prompts/{name}?file=hello.wav", content)


def test_a_prompt_is_uploaded_reviewed_and_chosen(site: Site, programs: Programs) -> None:
    """A tenant's waits for review; who uploads is not who reviews."""
    tenant, operator = programs.of("alpha"), programs.of("")
    assert send(tenant, sound()).status_int == 201
    assert prompt(site).in_force == 0
    (waiting,) = operator.ask("GET", "/prompts/waiting").json["items"]
    assert (waiting["tenant"], waiting["name"], waiting["version"]["version"]) == ("alpha", "welcome", 1)
    place = f"{ALPHA}/prompts/welcome/1"
    assert tenant.ask("PUT", f"{place}/review", {"approve": True}).status_int == 403
    silent = operator.ask("PUT", f"{place}/review", {"approve": False})
    assert silent.json["errors"][0]["pointer"] == "reason"
    assert operator.ask("PUT", f"{place}/review", {"approve": True}).status_int == 200
    assert operator.ask("GET", place).body[:4] == b"RIFF"
    assert send(operator, sound(value=500)).status_int == 201
    assert prompt(site).in_force == 2
    assert tenant.ask("PUT", f"{place}/choice").status_int == 200
    (shown,) = tenant.ask("GET", f"{ALPHA}/prompts").json["items"]
    assert (shown["in_force"], len(shown["versions"])) == (1, 2)
    assert tenant.ask("DELETE", place).status_int == 409
    assert tenant.ask("DELETE", f"{ALPHA}/prompts/welcome/2").status_int == 200
    assert tenant.ask("DELETE", f"{ALPHA}/prompts/welcome").status_int == 200
    assert tenant.ask("GET", place).status_int == 404


def test_what_is_no_sound_is_refused(programs: Programs) -> None:
    """With what to do; and a body that is called something else."""
    program = programs.of("alpha")
    refused = send(program, b"MZ\x90\x00" * 100)
    assert refused.status_int == 422
    assert "WAV, FLAC" in refused.json["errors"][0]["detail"]
    assert program.ask("POST", f"{ALPHA}/prompts/welcome", {}).status_int == 415


def test_a_menu_is_drafted_published_and_rolled_back(site: Site, programs: Programs) -> None:
    """What is wrong is told with its node; a change that somebody else has not seen is not overwritten."""
    program, place = programs.of("alpha"), f"{ALPHA}/flows/main"
    broken = {"document": {"start": "nowhere", "nodes": FLOW["nodes"]}}
    kept = program.ask("PUT", f"{place}/draft", broken)
    assert (kept.status_int, bool(kept.json["problems"])) == (200, True)
    refused = program.ask("POST", f"{place}/publish", {**broken, "seen": kept.json["seen"]})
    assert (refused.status_int, bool(refused.json["errors"])) == (422, True)
    assert program.ask("PUT", f"{place}/draft", {"document": FLOW}).status_int == 409
    good = {"document": FLOW, "seen": kept.json["seen"]}
    assert program.ask("POST", f"{place}/check", good).json == {"problems": []}
    assert program.ask("POST", f"{place}/publish", good).status_int == 200
    assert program.ask("POST", f"{place}/publish", good).status_int == 409
    shown = program.ask("GET", place).json
    assert (shown["flow"]["published"], shown["flow"]["draft"], shown["problems"]) == (1, False, [])
    other = {"document": {**FLOW, "title": "新"}, "seen": shown["seen"]}
    assert program.ask("POST", f"{place}/publish", other).status_int == 200
    assert program.ask("PUT", f"{place}/versions/1/choice").status_int == 200
    assert program.ask("PUT", f"{place}/versions/9/choice").status_int == 404
    (listed,) = program.ask("GET", f"{ALPHA}/flows").json["items"]
    assert [each["version"] for each in listed["versions"]] == [3, 2, 1]
    assert program.ask("DELETE", place).status_int == 200
    assert site.actions()[0] == "flow-removed"


def test_robots_of_groups(site: Site, programs: Programs) -> None:
    """Added, told of missed calls, changed, and taken away; their keys are never shown."""
    program, place = programs.of("alpha"), f"{ALPHA}/robots/{quote('客服群')}"
    missing = program.ask("PUT", place, {"kind": "dingtalk"})
    assert missing.status_int == 422
    key = "https://oapi.dingtalk.com/robot/send?access_token=abcdefghijkl"
    made = program.ask(
        "PUT", place, {"kind": "dingtalk", "url": key, "secret": "SECabcdefgh", "per_minute": 10}
    )
    assert made.json["changed"] is True
    wrong = program.ask("PUT", place, {"url": "ftp://x"})
    assert (wrong.status_int, wrong.json["errors"][0]["pointer"]) == (422, "url")
    assert program.ask("PUT", place, {"per_minute": 5}).status_int == 200
    answer = program.ask("GET", f"{ALPHA}/robots")
    assert answer.json["items"] == [{"name": "客服群", "kind": "dingtalk", "signed": True, "per_minute": 5}]
    assert b"abcdefgh" not in answer.body
    ((_, held),) = site.read(lambda root: list(root.tenants["alpha"].named("robots")))
    assert (held.url, held.secret) == (key, "SECabcdefgh"), "what was left out stays"
    told = {"mobiles": [], "emails": [], "robots": ["客服群"]}
    assert program.ask("PUT", f"{ALPHA}/recipients/missed-call", told).status_int == 200
    assert (
        program.ask("PUT", f"{ALPHA}/recipients/missed-call", {"mobiles": [], "emails": []}).status_int == 200
    )
    everyone = {each["name"]: each for each in program.ask("GET", f"{ALPHA}/recipients").json["items"]}
    assert everyone["missed-call"]["robots"] == ["客服群"], "left out, they stay"
    unknown = program.ask("PUT", f"{ALPHA}/recipients/missed-call", {**told, "robots": ["谁"]})
    assert (unknown.status_int, unknown.json["errors"][0]["pointer"]) == (422, "robots")
    assert programs.of("beta").ask("DELETE", place).status_int == 404
    assert program.ask("DELETE", place).status_int == 200
    assert program.ask("DELETE", place).status_int == 404
    everyone = {each["name"]: each for each in program.ask("GET", f"{ALPHA}/recipients").json["items"]}
    assert everyone["missed-call"]["robots"] == []
    log = [each for _, each in site.read(lambda root: list(root.web.listed()))]
    assert {"part-removed", "part-changed"} <= {each.action for each in log}
    assert not [each for each in log if "abcdefgh" in f"{each.before}{each.after}"]


def test_notices_recipients_and_webhooks(site: Site, programs: Programs) -> None:
    """His own only; a webhook's secret is not shown."""
    hooks = "{webhooks: {crm: {url: 'https://crm.example/in', secret: 'abcdefghijkl'}}}"
    apply(site.database, f"tenants: {{alpha: {hooks}}}")
    program = programs.of("alpha")
    told = {"mobiles": ["13900001111"], "emails": []}
    assert program.ask("PUT", f"{ALPHA}/recipients/all", told).json["changed"] is True
    wrong = program.ask("PUT", f"{ALPHA}/recipients/all", {**told, "mobiles": ["12345"]})
    assert (wrong.status_int, wrong.json["errors"][0]["pointer"]) == (422, "mobiles[1]")
    facts = {"caller": "13344445555", "number": "4001003721"}
    site.change(lambda root: tell(root, KIND, "alpha", "missed:1", facts, site.clock()))
    (notice,) = program.ask("GET", f"{ALPHA}/notices").json["items"]
    assert (notice["to"], notice["state"], notice["channel"]) == ("13900001111", "waiting", "sms")
    assert programs.of("beta").ask("GET", "/tenants/beta/notices").json["items"] == []
    everyone = program.ask("GET", f"{ALPHA}/recipients").json["items"]
    assert {each["name"]: each["mobiles"] for each in everyone}["all"] == ["13900001111"]
    answer = program.ask("GET", f"{ALPHA}/webhooks")
    assert (answer.json["items"][0]["url"], answer.json["items"][0]["signed"]) == (
        "https://crm.example/in",
        True,
    )
    assert b"abcdefghijkl" not in answer.body
