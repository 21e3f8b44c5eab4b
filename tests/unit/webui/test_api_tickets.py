"""Programs open tickets, write to them and move them on, as far as their key's side may."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from domain.knowledge import Audience
from domain.tickets.ratings import Rating
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site, made_up
from tests.unit.webui.test_tickets import send

ALPHA = "/tenants/alpha"
WISH = {"subject": "要发票", "text": "请开发票", "name": "王先生", "mobile": "13800138000"}


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def test_a_customers_ticket_is_opened_once_for_a_cause_and_answered(programs: Programs) -> None:
    """Asked twice it is the same ticket; the thread has the note, too."""
    program = programs.of("alpha")
    wish = {**WISH, "cause": "order-77", "priority": "high", "category": "账单费用"}
    first = program.ask("POST", f"{ALPHA}/tickets", wish)
    assert first.status_int == 201
    assert program.ask("POST", f"{ALPHA}/tickets", wish).json["id"] == first.json["id"]
    place = f"{ALPHA}/tickets/{first.json['id']}"
    assert program.ask("POST", f"{place}/entries", {"kind": "note", "text": "老客户"}).status_int == 201
    answered = program.ask("POST", f"{place}/entries", {"kind": "answer", "text": "已开", "by": "8001"}).json
    assert (answered["state"], answered["by"], answered["category"]) == ("answered", "8001", "账单费用")
    thread = program.ask("GET", place).json["entries"]
    assert [each["kind"] for each in thread] == ["question", "question", "note", "answer"]
    assert program.ask("PATCH", place, {"state": "closed"}).status_int == 409
    assert program.ask("PATCH", place, {"by": "8002"}).json["by"] == "8002"
    assert program.ask("PATCH", place, {"by": "nobody"}).status_int == 409
    assert program.ask("PATCH", place, {"priority": "low"}).json["priority"] == "low"
    assert program.ask("PATCH", place, {"priority": "low", "by": ""}).status_int == 409


def test_a_tenant_asks_the_operator_whose_key_answers(programs: Programs) -> None:
    """The tenant closes and reopens; what the operator notes the tenant's key does not see."""
    tenant, operator = programs.of("alpha"), programs.of("")
    made = tenant.ask("POST", f"{ALPHA}/tickets", {**WISH, "desk": "operator"}).json
    assert (made["desk"], made["asker"]["kind"]) == ("operator", "tenant")
    place = f"{ALPHA}/tickets/{made['id']}"
    assert tenant.ask("POST", f"{place}/entries", {"kind": "answer", "text": "x"}).status_int == 409
    operator.ask("POST", f"{place}/entries", {"kind": "note", "text": "内部"})
    operator.ask("POST", f"{place}/entries", {"kind": "answer", "text": "好了"})
    assert [each["kind"] for each in tenant.ask("GET", place).json["entries"]] == ["question", "answer"]
    assert operator.ask("PATCH", place, {"state": "closed"}).status_int == 409
    assert tenant.ask("PATCH", place, {"state": "closed"}).json["closed"] == "by-asker"
    assert tenant.ask("PATCH", place, {"state": "reopened", "text": "又坏了"}).json["state"] == "working"
    assert [each["id"] for each in operator.ask("GET", "/tickets").json["items"]] == [made["id"]]
    assert tenant.ask("GET", "/tickets").status_int == 404
    found = tenant.ask("GET", f"{ALPHA}/tickets?desk=operator&search=%E5%8F%88%E5%9D%8F").json["items"]
    assert [each["id"] for each in found] == [made["id"]]
    assert tenant.ask("GET", f"{ALPHA}/tickets").json["items"] == []


def test_lists_come_by_pages_and_another_tenants_ticket_is_not_there(programs: Programs) -> None:
    """Newest first, each once; 404 for what is another's, by every way."""
    program, foreign = programs.of("alpha"), programs.of("beta")
    names = [program.ask("POST", f"{ALPHA}/tickets", WISH).json["id"] for _ in range(3)]
    first = program.ask("GET", f"{ALPHA}/tickets?limit=2").json
    second = program.ask("GET", f"{ALPHA}/tickets?limit=2&cursor={first['next']}").json
    assert [each["id"] for each in first["items"] + second["items"]] == sorted(names, reverse=True)
    assert second["next"] == ""
    place = f"/tenants/beta/tickets/{names[0]}"
    assert foreign.ask("GET", place).status_int == 404
    assert foreign.ask("PATCH", place, {"by": ""}).status_int == 404
    assert foreign.ask("POST", f"{place}/entries", {"kind": "note", "text": "x"}).status_int == 404


def test_articles_are_found_as_the_tenants_people_find_them(site: Site, programs: Programs) -> None:
    """His own and the operator's for tenants; another tenant's, and the operator's own, are not there."""
    own = site.publish("alpha", "如何开发票", "在订单页申请")
    shared = site.publish("", "发票常见问题", "见说明")
    hidden = [site.publish("", "发票内部口径", "x", Audience.OPERATOR), site.publish("beta", "发票", "x")]
    program = programs.of("alpha")
    found = program.ask("GET", f"{ALPHA}/articles?search=%E5%8F%91%E7%A5%A8").json["items"]
    assert [each["id"] for each in found] == [own, shared]
    assert program.ask("GET", f"{ALPHA}/articles/{own}").json["title"] == "如何开发票"
    assert [program.ask("GET", f"{ALPHA}/articles/{each}").status_int for each in hidden] == [404, 404]


def test_a_key_needs_its_scope(programs: Programs) -> None:
    """Who may read may not write."""
    reader = programs.of("alpha", ("tickets:read",))
    assert reader.ask("GET", f"{ALPHA}/tickets").status_int == 200
    assert reader.ask("POST", f"{ALPHA}/tickets", WISH).status_int == 403


def test_a_program_proposes_articles_and_a_person_publishes_them(site: Site, programs: Programs) -> None:
    """Nobody reads it before; sent back it says why; the next version waits while the first is read."""
    program, tenant = programs.of("alpha"), site.browser("4001003721")
    words = {"title": "如何开发票", "body": "在订单页申请。", "keywords": "税票", "category": "账单费用"}
    made = program.ask("POST", f"{ALPHA}/articles", words)
    assert (made.status_int, made.json["state"], made.json["waits"]) == (201, "draft", True)
    name = made.json["id"]
    place, page = f"{ALPHA}/articles/{name}", f"/t/alpha/knowledge/{name}"
    assert program.ask("GET", place).status_int == 404
    send(tenant, page, "step", step="back", why="太短")
    told = program.ask("GET", f"{place}/draft").json
    assert (told["refused"], told["waits"]) == ("太短", False)
    longer = {**words, "body": "在订单页申请，三日内寄出。", "audience": "public"}
    assert program.ask("PUT", f"{place}/draft", longer).json["waits"] is True
    send(tenant, page, "step", step="publish")
    assert program.ask("GET", place).json["body"] == "在订单页申请，三日内寄出。"
    later = program.ask("PUT", f"{place}/draft", {**longer, "body": "改", "submit": False}).json
    assert (later["version"], later["state"], later["waits"]) == (2, "published", False)
    assert program.ask("GET", place).json["version"] == 1
    assert program.ask("POST", f"{ALPHA}/articles", {**words, "category": "没有"}).status_int == 409
    for wrong in ({"title": " "}, {"body": ""}, {"audience": "operator"}, {"title": "字" * 121}):
        assert program.ask("POST", f"{ALPHA}/articles", {**words, **wrong}).status_int == 422, wrong


def test_articles_take_and_give_files(site: Site, programs: Programs) -> None:
    """Uploaded first; read by who reads the article; the next version keeps all, or those that are named."""
    program, tenant = programs.of("alpha"), site.browser("4001003721")
    uploads = [
        program.upload(f"{ALPHA}/article-files?name={name}", content).json
        for name, content in (("a.pdf", b"%PDF-1"), ("b.png", b"\x89PNG\r\n\x1a\n"))
    ]
    words = {"title": "如何开发票", "body": "见附件", "files": [each["file"] for each in uploads]}
    made = program.ask("POST", f"{ALPHA}/articles", words).json
    assert [(each["name"], each["type"], each["octets"]) for each in made["files"]] == [
        ("a.pdf", "application/pdf", 6), ("b.png", "image/png", 8),
    ]  # fmt: skip
    place = f"{ALPHA}/articles/{made['id']}"
    first, second = (each["id"] for each in made["files"])
    reader = programs.of("alpha", ("articles:read",))
    assert program.ask("GET", f"{place}/draft/files/{first}").body == b"%PDF-1"
    assert reader.ask("GET", f"{place}/files/{first}").status_int == 404
    assert reader.ask("GET", f"{place}/draft/files/{first}").status_int == 403
    send(tenant, f"/t/alpha/knowledge/{made['id']}", "step", step="publish")
    answer = reader.ask("GET", f"{place}/files/{first}")
    assert (answer.content_type, answer.body) == ("application/octet-stream", b"%PDF-1")
    assert [each["id"] for each in reader.ask("GET", place).json["files"]] == [first, second]
    later = {"title": "如何开发票", "body": "再改"}
    assert len(program.ask("PUT", f"{place}/draft", later).json["files"]) == 2
    kept = program.ask("PUT", f"{place}/draft", {**later, "keep": [second], "files": words["files"][:1]}).json
    assert [each["id"] for each in kept["files"]] == [second, first]
    assert program.ask("PUT", f"{place}/draft", {**later, "keep": []}).json["files"] == []
    assert program.ask("GET", f"{place}/draft/files/{first}").status_int == 404
    assert reader.ask("GET", f"{place}/files/{first}").status_int == 200


def test_files_of_articles_within_limits_and_of_ones_own(site: Site, programs: Programs) -> None:
    """No other kind, nothing empty, ten in all; a ticket of another tenant's, or for a letter, names none."""
    program, beta = programs.of("alpha"), programs.of("beta")
    place = f"{ALPHA}/article-files?name=a.pdf"
    for wrong in (b"", b"<script>"):
        assert program.upload(place, wrong).status_int == 409
    file = program.upload(place, b"%PDF-1").json["file"]
    letter = program.upload(f"{ALPHA}/conversation-files?name=a.pdf", b"%PDF-1").json["file"]
    words = {"title": "如何开发票", "body": "见附件"}
    for foreign, files in ((beta, [file]), (program, [letter]), (program, ["x.y"])):
        base = "/tenants/beta" if foreign is beta else ALPHA
        assert foreign.ask("POST", f"{base}/articles", {**words, "files": files}).status_int == 409
    assert program.ask("POST", f"{ALPHA}/articles", {**words, "files": [file] * 11}).status_int == 422
    made = program.ask("POST", f"{ALPHA}/articles", {**words, "files": [file] * 10}).json
    draft = f"{ALPHA}/articles/{made['id']}/draft"
    assert program.ask("PUT", draft, {**words, "files": [file]}).status_int == 409
    assert program.ask("PUT", draft, {**words, "keep": [made["id"]]}).status_int == 409
    assert beta.ask("GET", f"/tenants/beta/articles/{made['id']}/draft/files/{made['id']}").status_int == 404
    site.moved += 3700
    assert program.ask("POST", f"{ALPHA}/articles", {**words, "files": [file]}).status_int == 409


def test_articles_of_others_are_not_written(site: Site, programs: Programs) -> None:
    """Neither the operator's nor another tenant's; reading is not writing."""
    program = programs.of("alpha")
    words = {"title": "x", "body": "x"}
    for name in (site.publish("", "平台说明", "x"), site.publish("beta", "别家", "x")):
        assert program.ask("PUT", f"{ALPHA}/articles/{name}/draft", words).status_int == 404
        assert program.ask("GET", f"{ALPHA}/articles/{name}/draft").status_int == 404
    assert programs.of("alpha", ("articles:read",)).ask("POST", f"{ALPHA}/articles", words).status_int == 403


def test_satisfaction_is_read_as_its_page_shows_it(site: Site, programs: Programs) -> None:
    """Scores of calls and tickets by who served; nothing before or of another tenant."""
    record = made_up("alpha", "4001003721", site.clock() - 60, rating=2, job_number="8001", queue="sales")

    def fill(root: Any) -> None:
        root.records.add([record])
        rating = Rating(site.clock() - 60, 5, ticket="t1", agent="8001", category="投诉", comment="好")
        root.tickets.of("alpha").add_rating(rating)

    site.change(fill)
    found = programs.of("alpha").ask("GET", f"{ALPHA}/satisfaction?by=month").json
    assert (found["calls"]["average"], found["tickets"]["scores"]) == (2.0, 1)
    assert [(each["name"], each["scores"], each["average"]) for each in found["agents"]] == [("8001", 2, 3.5)]
    assert [each["call"] for each in found["low"]] == [record.id]
    assert [len(each["name"]) for each in found["periods"]] == [7]
    before = programs.of("alpha").ask("GET", f"{ALPHA}/satisfaction?last=2026-01-01").json
    assert (before["calls"], before["agents"]) == (None, [])
    assert programs.of("beta").ask("GET", "/tenants/beta/satisfaction").json["tickets"] is None
    sheet = site.browser("4001003721").get("/t/alpha/satisfaction-excel")
    book = openpyxl.load_workbook(io.BytesIO(sheet.body))
    assert book.sheetnames == [
        "Summary",
        "By period",
        "By who served",
        "By queue",
        "By category",
        "Low scores",
    ]
    assert [cell.value for cell in book["By who served"][2]][:4] == ["8001", 2, 3.5, 0.5]
    assert site.actions()[0] == "satisfaction-exported"
