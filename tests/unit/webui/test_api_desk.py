"""Programs do what the pages about messages, contacts, figures and bills do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from domain.money.amounts import EntryKind
from storage.models.money import Account
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site
from tests.unit.webui.test_missed import leave_message

ALPHA = "/tenants/alpha"


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def test_a_message_is_fetched_marked_and_deleted(site: Site, programs: Programs) -> None:
    """Fetching and deleting are in the audit log; what is deleted is not there any more."""
    name, program = leave_message(site), programs.of("alpha")
    (found,) = program.ask("GET", f"{ALPHA}/messages").json["items"]
    assert (found["id"], found["box"], found["mark"]) == (name, "service", "new")
    assert program.ask("GET", f"{ALPHA}/messages/{name}/audio").body.startswith(b"fLaC")
    assert program.ask("PATCH", f"{ALPHA}/messages/{name}", {"mark": "done"}).json["mark"] == "done"
    assert program.ask("GET", f"{ALPHA}/messages?mark=new").json["items"] == []
    assert program.ask("DELETE", f"{ALPHA}/messages/{name}").status_int == 204
    assert program.ask("GET", f"{ALPHA}/messages/{name}/audio").status_int == 404
    assert site.actions()[:2] == ["message-deleted", "message-heard"]


def test_messages_come_by_pages(site: Site, programs: Programs) -> None:
    """Newest first, each once."""
    names = sorted((leave_message(site) for _ in range(3)), reverse=True)
    program = programs.of("alpha")
    first = program.ask("GET", f"{ALPHA}/messages?limit=2").json
    second = program.ask("GET", f"{ALPHA}/messages?limit=2&cursor={first['next']}").json
    assert [each["id"] for each in first["items"] + second["items"]] == names
    assert second["next"] == ""


def test_another_tenants_message_is_not_there(site: Site, programs: Programs) -> None:
    """Neither to hear nor to delete, and one on legal hold stays."""
    foreign, held = leave_message(site, "beta"), leave_message(site, hold="案件")
    program = programs.of("alpha")
    assert program.ask("GET", f"{ALPHA}/messages/{foreign}/audio").status_int == 404
    assert program.ask("DELETE", f"{ALPHA}/messages/{foreign}").status_int == 404
    assert program.ask("DELETE", f"{ALPHA}/messages/{held}").status_int == 409
    assert site.recordings.messages().known([foreign, held]) == {foreign, held}


def test_customers_are_kept(programs: Programs) -> None:
    """Added, found, written anew, forgotten; a number is one customer's unless it is said to be shared."""
    program = programs.of("alpha")
    wish = {"name": "张三", "numbers": ["13800001111"], "company": "东方", "owner": "8001", "tags": ["重点"]}
    made = program.ask("POST", f"{ALPHA}/contacts", wish)
    assert (made.status_int, made.json["numbers"], made.json["company"]) == (201, ["13800001111"], "东方")
    second = {"name": "李四", "numbers": ["13800001111"]}
    twice = program.ask("POST", f"{ALPHA}/contacts", second)
    assert (twice.status_int, twice.json["detail"]) == (409, "13800001111 is on the card of 张三")
    shared = program.ask("POST", f"{ALPHA}/contacts", {**second, "shared": True})
    assert shared.status_int == 201
    pairs = program.ask("GET", f"{ALPHA}/contact-duplicates").json["items"]
    assert [(pair["what"], len(pair["contacts"])) for pair in pairs] == [("number", 2)]
    place = f"{ALPHA}/contacts/{made.json['id']}"
    assert program.ask("PUT", place, {**wish, "note": "VIP"}).json["note"] == "VIP"
    found = program.ask("GET", f"{ALPHA}/contacts?tag={quote('重点')}&search={quote('东方')}").json
    assert [each["name"] for each in found["items"]] == ["张三"]
    one = program.ask("GET", f"{ALPHA}/contacts?limit=1").json
    rest = program.ask("GET", f"{ALPHA}/contacts?limit=9&cursor={quote(one['next'])}").json
    assert len(rest["items"]) == one["count"] - 1
    foreign = programs.of("beta")
    assert foreign.ask("GET", place.replace("alpha", "beta")).status_int == 404
    assert program.ask("DELETE", place).status_int == 204
    assert program.ask("GET", place).status_int == 404


def test_a_customers_timeline_is_told(site: Site, programs: Programs) -> None:
    """Notes and calls, page by page; a merged customer's too."""
    program = programs.of("alpha")
    one, other = (
        program.ask("POST", f"{ALPHA}/contacts", {"name": name}).json["id"] for name in ("王五", "王六")
    )
    place = f"{ALPHA}/contacts/{one}"
    assert program.ask("POST", f"{ALPHA}/contacts/{other}/notes", {"text": "要发票"}).status_int == 204
    assert program.ask("POST", f"{place}/merge", {"other": other}).status_int == 200
    told = program.ask("GET", f"{place}/timeline?kind=note").json
    assert [each["text"] for each in told["items"]] == ["要发票"]
    first = program.ask("GET", f"{place}/timeline?limit=1").json
    assert len(program.ask("GET", f"{place}/timeline?cursor={first['next']}").json["items"]) >= 1
    assert program.ask("POST", f"{place}/merge", {"other": other}).status_int == 404
    assert program.ask("GET", place.replace("alpha", "beta")).status_int == 404


def test_the_figures_are_those_of_the_page(site: Site, programs: Programs) -> None:
    """The call of the last minute is counted; a period is cut to a year."""
    program = programs.of("alpha")
    made = program.ask("GET", f"{ALPHA}/report?seconds=600").json
    assert made["all"]["calls"] == sum(each["calls"] for each in made["hours"].values()) == 1
    assert (made["level"]["soon"], made["level"]["counted"]) == (1, 1)
    assert "600" in made["level"]["formula"]
    long = program.ask("GET", f"{ALPHA}/report?first=2020-01-01&last=2026-08-01").json
    assert (long["first"], long["last"], long["all"]["calls"]) == ("2025-08-01", "2026-08-01", 0)
    assert program.ask("GET", f"{ALPHA}/report?seconds=17").status_int == 422
    assert program.ask("GET", f"{ALPHA}/report?first=2026-02-30").status_int == 422


def test_a_call_is_followed_without_one(programs: Programs) -> None:
    """Who would ring, and why; a number of somebody else is not there."""
    program = programs.of("alpha")
    found = program.ask("GET", f"{ALPHA}/numbers/4001003721/simulation?caller=13912345678&at=1760000000").json
    assert (found["to"], found["rounds"], found["refusal"]) == ("bound", [["13900001111"]], "")
    assert "13912345678" in found["reasons"][0]["text"]
    assert program.ask("GET", f"{ALPHA}/numbers/4001003731/simulation?caller=1").status_int == 404


def test_bills_invoices_and_the_tariff(site: Site, programs: Programs) -> None:
    """What was paid can be invoiced once; a tenant sees his own tariff."""

    def fill(root: Any) -> None:
        account = root.money.accounts["alpha"] = Account()
        account.post(int(site.clock() * 1000), "recharge:1", EntryKind.RECHARGE, 100_000)

    site.change(fill)
    program = programs.of("alpha")
    (bill,) = program.ask("GET", f"{ALPHA}/bills").json["items"]
    assert (bill["paid_li"], bill["closing_li"], bill["made_ms"]) == (100_000, 100_000, 0)
    month = bill["first_day"][:6]
    assert program.ask("GET", f"{ALPHA}/bills/{month}").json == bill
    day = f"{month[:4]}-{month[4:]}-01"
    assert program.ask("GET", f"{ALPHA}/statement?first={day}&last={day}").json["first_day"] == f"{month}01"
    assert program.ask("GET", f"{ALPHA}/statement?first={day}&last=2020-01-01").status_int == 422
    wish = {"li": 60_000, "title": "东方有限公司"}
    assert program.ask("POST", f"{ALPHA}/invoices", wish).json["state"] == "requested"
    assert program.ask("POST", f"{ALPHA}/invoices", wish).status_int == 409
    special = program.ask("POST", f"{ALPHA}/invoices", {**wish, "li": 1, "kind": "special"})
    assert special.json["errors"][0]["pointer"] == "tax_number"
    found = program.ask("GET", f"{ALPHA}/invoices").json
    assert (len(found["items"]), found["invoiceable_li"]) == (1, 40_000)
    everything = {each["name"] for each in programs.of("").ask("GET", "/tariffs").json["items"]}
    own = {each["name"] for each in program.ask("GET", "/tariffs").json["items"]}
    assert own <= everything
