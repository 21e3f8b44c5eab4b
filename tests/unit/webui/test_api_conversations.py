"""Programs read and answer conversations, hand them on and close them; web servers are told of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from domain.customers.conversation import Attachment
from domain.customers.customer import Customer
from domain.notices.delivery import Channel
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site
from tests.unit.webui.test_conversations import held, mail, sms
from webui.services.provisioning import wish

ALPHA = "/tenants/alpha/conversations"


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def told(site: Site) -> list[dict[str, Any]]:
    """Return what web servers are to be told, in order."""

    def read(root: Any) -> list[dict[str, Any]]:
        found = [each for each in root.notices.newest_first() if each.channel is Channel.WEBHOOK]
        return [msgspec.json.decode(each.text) for each in reversed(found)]

    rows: list[dict[str, Any]] = site.read(read)
    return rows


def test_a_program_lists_reads_answers_and_closes(site: Site, programs: Programs) -> None:
    """By pages; an answer of an agent's makes it his, a note stays inside."""
    program = programs.of("alpha")
    name, other = mail(site, text="请开发票"), sms(site)
    first = program.ask("GET", f"{ALPHA}?limit=1").json
    assert [each["id"] for each in first["items"]] == [other]
    second = program.ask("GET", f"{ALPHA}?limit=1&cursor={first['next']}").json
    assert [each["id"] for each in second["items"]] == [name]
    assert [each["id"] for each in program.ask("GET", f"{ALPHA}?way=mail").json["items"]] == [name]
    place = f"{ALPHA}/{name}"
    wish = {"kind": "answer", "text": "已开具。", "agent": "8001"}
    answered = program.ask("POST", f"{place}/texts", wish)
    assert (answered.status_int, answered.json["agent"], answered.json["state"]) == (201, "8001", "assigned")
    assert program.ask("POST", f"{place}/texts", {**wish, "agent": "8002"}).status_int == 409
    assert program.ask("POST", f"{place}/texts", {**wish, "agent": "nobody"}).status_int == 409
    assert program.ask("POST", f"{place}/texts", {"kind": "note", "text": "老客户"}).status_int == 201
    shown = program.ask("GET", f"{place}?limit=2").json
    assert [(each["direction"], each["text"], each["by"]) for each in shown["texts"]] == [
        ("note", "老客户", ""), ("out", "已开具。", "8001"),
    ]  # fmt: skip
    assert shown["texts"][1]["state"] == "waiting"
    earlier = program.ask("GET", f"{place}?limit=2&cursor={shown['next']}").json
    assert ([each["text"] for each in earlier["texts"]], earlier["next"]) == (["请开发票"], "")
    assert program.ask("PATCH", place, {"agent": "8002"}).json["agent"] == "8002"
    assert program.ask("PATCH", place, {"agent": ""}).json["state"] == "waiting"
    assert program.ask("PATCH", place, {"agent": "nobody"}).status_int == 409
    assert program.ask("PATCH", place, {"agent": "", "state": "closed"}).status_int == 409
    assert program.ask("PATCH", place, {"state": "closed"}).json["state"] == "closed"
    closed = program.ask("GET", f"{ALPHA}?state=closed").json["items"]
    assert [each["id"] for each in closed] == [name]
    assert name not in [each["id"] for each in program.ask("GET", ALPHA).json["items"]]
    assert {"conversation-answer", "conversation-give", "conversation-close"} <= set(site.actions())


def test_what_is_another_tenants_or_too_long_is_refused(site: Site, programs: Programs) -> None:
    """Nothing is sent; scopes are kept apart."""
    name, program = sms(site), programs.of("alpha")
    place = f"{ALPHA}/{name}/texts"
    for text, status in (("字" * 501, 409), ("", 422), (" ", 422)):
        assert program.ask("POST", place, {"kind": "answer", "text": text}).status_int == status
    assert held(site, name).unanswered == 1
    assert programs.of("beta").ask("GET", f"/tenants/beta/conversations/{name}").status_int == 404
    assert programs.of("beta").ask("GET", f"{ALPHA}/{name}").status_int == 404
    reader = programs.of("alpha", ("conversations:read",))
    assert reader.ask("GET", f"{ALPHA}/{name}").status_int == 200
    assert reader.ask("PATCH", f"{ALPHA}/{name}", {"state": "closed"}).status_int == 403
    for wrong in (f"{ALPHA}/x", f"{ALPHA}?cursor=x", f"{ALPHA}?state=odd", f"{ALPHA}/{name}?cursor=x"):
        assert program.ask("GET", wrong).status_int in (404, 422)


def test_files_are_sent_as_octets_to_who_may_read_them(site: Site, programs: Programs) -> None:
    """Those of the conversation alone."""
    filed = site.recordings.letter_files().add(b"<script>", site.clock(), "text/html")
    name = mail(site, attachments=(Attachment("a.html", "text/html", 8, filed.id),))
    other = sms(site)
    program = programs.of("alpha")
    (text,) = program.ask("GET", f"{ALPHA}/{name}").json["texts"]
    assert text["files"][0]["id"] == filed.id
    answer = program.ask("GET", f"{ALPHA}/{name}/files/{filed.id}")
    assert (answer.content_type, answer.body) == ("application/octet-stream", b"<script>")
    assert program.ask("GET", f"{ALPHA}/{other}/files/{filed.id}").status_int == 404
    assert program.ask("GET", f"{ALPHA}/{name}/files/{new_id(site.clock())}").status_int == 404


def test_web_servers_are_told_of_the_beginning_the_answer_and_the_end(site: Site, programs: Programs) -> None:
    """Each once; a text into an open conversation begins nothing, one into a closed one does."""
    hook = {"url": "https://crm.example.com/", "events": [
        "conversation.started", "conversation.answered", "conversation.closed"
    ]}  # fmt: skip
    document = {"tenants": {"alpha": {"webhooks": {"crm": hook}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    name, program = mail(site), programs.of("alpha")
    place = f"{ALPHA}/{name}"
    assert mail(site, text="还有一件事") == name
    program.ask("POST", f"{place}/texts", {"kind": "answer", "text": "已开具。"})
    program.ask("POST", f"{place}/texts", {"kind": "note", "text": "内部"})
    program.ask("PATCH", place, {"state": "closed"})
    program.ask("PATCH", place, {"state": "closed"})
    assert mail(site, text="又来了") == name
    mail(site, "beta")
    rows = told(site)
    assert sorted(each["event"].partition(".")[2] for each in rows) == [
        "answered", "closed", "started", "started",
    ]  # fmt: skip
    assert {each["conversation"] for each in rows} == {name}
    answered = next(each for each in rows if each["event"] == "conversation.answered")
    assert (answered["tenant"], answered["way"], answered["peer"], answered["subject"], answered["line"]) == (
        "alpha", "mail", "wang@sihai.cn", "发票", "已开具。",
    )  # fmt: skip


def reachable(site: Site) -> None:
    """Let alpha have a mailbox, an SMS line, and a customer with address and number."""
    server = {"imap_host": "imap.alpha.cn", "smtp_host": "smtp.alpha.cn", "password": "x"}
    parts = {
        "mailboxes": {"service": {"address": "service@alpha.cn", **server}},
        "sms_lines": {"sms": {"number": "10690000"}},
    }
    wish(site.services, lambda root: {"tenants": {"alpha": parts}}, AuditEntry(0.0, "test", "filled"))
    card = Customer("a1" * 8, "王小姐", ("13800138000",), mails=("wang@sihai.cn",), at=1.0)
    site.change(lambda root: root.customers.of("alpha").put(card))


def test_a_program_writes_first_to_customers_alone(site: Site, programs: Programs) -> None:
    """By e-mail with a file, by SMS into what was written lately; to nobody who has no card."""
    reachable(site)
    program = programs.of("alpha")
    wish_ = {"channel": "service", "to": "Wang@sihai.cn", "subject": "续费", "text": "请查收。"}
    uploaded = program.upload("/tenants/alpha/conversation-files?name=%E5%90%88%E5%90%8C.pdf", b"%PDF-1")
    assert (uploaded.status_int, uploaded.json["name"], uploaded.json["octets"]) == (201, "合同.pdf", 6)
    begun = program.ask("POST", ALPHA, {**wish_, "files": [uploaded.json["file"]], "agent": "8001"})
    assert (begun.status_int, begun.json["state"], begun.json["agent"]) == (201, "assigned", "8001")
    (text,) = program.ask("GET", f"{ALPHA}/{begun.json['id']}").json["texts"]
    assert [(each["name"], each["octets"]) for each in text["files"]] == [("合同.pdf", 6)]
    assert site.read(lambda root: len(root.conversations.outbox)) == 1
    nobodys = program.ask("POST", ALPHA, wish_).json
    assert (nobodys["state"], nobodys["peer_name"], nobodys["own"]) == (
        "closed",
        "王小姐",
        "service@alpha.cn",
    )
    sent = program.ask("POST", ALPHA, {"channel": "sms", "to": "+8613800138000", "text": "已寄出"}).json
    assert (
        program.ask("POST", ALPHA, {"channel": "sms", "to": "13800138000", "text": "又一条"}).json["id"]
        == sent["id"]
    )
    for change in (
        {"to": "li@sihai.cn"}, {"to": "13911112222", "channel": "sms"}, {"channel": "none"},
        {"subject": " "}, {"agent": "nobody"}, {"files": ["x.y"]},
        {"channel": "sms", "to": "13800138000", "files": [uploaded.json["file"]]},
    ):  # fmt: skip
        assert program.ask("POST", ALPHA, {**wish_, **change}).status_int == 409, change
    assert site.actions().count("conversation-begin") == 4


def test_an_uploaded_file_is_its_tenants_for_an_hour(site: Site, programs: Programs) -> None:
    """Another tenant's program cannot name it, nor anybody later; octets alone are taken."""
    name, program = mail(site), programs.of("alpha")
    place = "/tenants/alpha/conversation-files?name=a.txt"
    file = program.upload(place, b"hello").json["file"]
    answer = {"kind": "answer", "text": "见附件", "files": [file]}
    other = mail(site, "beta")
    assert (
        programs.of("beta").ask("POST", f"/tenants/beta/conversations/{other}/texts", answer).status_int
        == 409
    )
    assert program.ask("POST", f"{ALPHA}/{name}/texts", {**answer, "kind": "note"}).status_int == 409
    assert program.ask("POST", f"{ALPHA}/{name}/texts", answer).status_int == 201
    (sent, _) = program.ask("GET", f"{ALPHA}/{name}").json["texts"]
    assert program.ask("GET", f"{ALPHA}/{name}/files/{sent['files'][0]['id']}").body == b"hello"
    site.moved += 3700
    assert program.ask("POST", f"{ALPHA}/{name}/texts", answer).status_int == 409
    assert program.upload(place, b"").status_int == 409
    assert program.upload("/tenants/alpha/conversation-files", b"x").status_int == 422
    assert program.ask("POST", place, {}).status_int == 415
