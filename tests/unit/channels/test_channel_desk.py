"""Texts of customers: each in its conversation, once; machines not answered; shared out among free agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest

from b2bua.channels.desk import MOST_AN_HOUR, PARTS_SECONDS, ChannelDesk, Post
from b2bua.channels.posting import written
from b2bua.control_floor import LiveAgent
from b2bua.notices.arrived import Arrived
from domain.customers.conversation import (
    Conversation,
    ConversationState,
    Mailbox,
    Seat,
    Text,
    TextState,
    Way,
    shared_out,
    subject_key,
)
from domain.customers.timeline import EntryKind, mail_stream, number_stream
from domain.notices.delivery import MESSAGE_RETRIES, Channel
from domain.refusal import NotPossible
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.conversations.writing import Incoming, Writing
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import LETTERS, Documents
from tests.unit.storage.provision import apply

T = TypeVar("T")
NOW = 1_795_399_200.0  # 2026-11-23 10:00 in Beijing, a Monday
CONFIGURATION = """
box: {web_networks: [127.0.0.0/8]}
tenants:
  acme:
    name: 阿克美
    numbers: {"4001003721": {bound: ["13900001111"]}}
    queues: {service: {}}
    agents: {"8001": {target: "13900008001", queues: service}, "8002": {target: "13900008002"}}
    mailboxes:
      service:
        address: service@acme.cn
        imap_host: 127.0.0.1
        smtp_host: 127.0.0.1
        queue: service
        hours: [workdays 09:00-18:00]
        closed_text: 您好，工作时间为工作日 9 点到 18 点。
        signature: 阿克美客服
    sms_lines: {sms: {number: "4001003721"}}
"""


@pytest.fixture
def database() -> MainDatabase:
    """Return a box with a tenant who has both channels."""
    database = open_main_in_memory()
    apply(database, CONFIGURATION)
    return database


@pytest.fixture
def desk(database: MainDatabase) -> ChannelDesk:
    """Return its desk."""
    return ChannelDesk(database, Documents(open_recordings_in_memory(), LETTERS))


def a_letter(ident: str, subject: str = "发票", text: str = "请开发票", **headers: str) -> bytes:
    """Return an e-mail of Wang's."""
    rows = {"From": "Wang <wang@sihai.cn>", "Subject": subject, "Message-ID": f"<{ident}>"}
    rows |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()


def post_of(desk: ChannelDesk) -> Post:
    """Return the one mailbox."""
    (post,) = desk.posts()
    return post


def arrive(desk: ChannelDesk, data: bytes, at: float = NOW, size: int = 0) -> bool:
    """Let a letter arrive."""
    return desk.take_letter(post_of(desk), data, size or len(data), at)


def held(database: MainDatabase) -> list[Conversation]:
    """Return acme's conversations, the latest first."""
    return database.read(lambda root: [each for _, each in root.conversations.find("acme").newest_first()])


def texts(database: MainDatabase, conversation: Conversation) -> list[Text]:
    """Return its texts, the oldest first."""
    return database.read(lambda root: list(root.conversations.find("acme").texts_of(conversation.id)))[::-1]


def write(database: MainDatabase, work: Callable[[Writing], T], at: float = NOW) -> T:
    """Do something about conversations."""
    return database.transact(lambda root: work(Writing(root, "acme", at)))


def kinds(database: MainDatabase, stream: str) -> list[EntryKind]:
    """Return the kinds of entries on a stream."""
    return database.read(
        lambda root: [entry.kind for _, entry in root.timeline("acme").newest_first([stream])]
    )


def test_letters_of_one_thing_are_one_conversation(database: MainDatabase, desk: ChannelDesk) -> None:
    """By what they answer, else by the subject; another subject is another; each letter is taken once."""
    assert arrive(desk, a_letter("1@s"))
    assert arrive(desk, a_letter("1@s"), NOW + 5)
    arrive(desk, a_letter("2@s", "别的题目", In_Reply_To="<1@s>"), NOW + 60)
    arrive(desk, a_letter("3@s", "回复：Re: 发票"), NOW + 120)
    arrive(desk, a_letter("4@s", "报价"), NOW + 180)
    other, one = held(database)
    assert [(one.subject, one.unanswered, one.queue), other.subject] == [("发票", 3, "service"), "报价"]
    assert [text.message_id for text in texts(database, one)] == ["1@s", "2@s", "3@s"]
    assert kinds(database, mail_stream("wang@sihai.cn")) == [EntryKind.MAIL] * 4
    assert subject_key("AW: 转发: 发票") == subject_key("发票")


def test_one_tenants_letters_let_others_through(database: MainDatabase, desk: ChannelDesk) -> None:
    """His slow server holds two, whatever waits; what is being sent is not sent again meanwhile."""
    apply(database, "tenants: {other: {name: 别家, mailboxes: {box: {address: box@other.cn}}}}")

    def answer(root: Root) -> None:
        for tenant, most in (("acme", 5), ("other", 1)):
            for place in range(most):
                at = NOW + place + (100 if tenant == "other" else 0)
                text = Text(new_id(at), at, "in", "您好", message_id=f"{place}@s")
                box = Mailbox("service" if tenant == "acme" else "box")
                incoming = Incoming(Way.MAIL, box, "wang@sihai.cn", text, "", f"第{place}件")
                found = Writing(root, tenant, at).take_in(incoming)
                assert found is not None
                Writing(root, tenant, at).answer(found.id, "", "已开具。")

    database.transact(answer)
    later = NOW + 3600

    def due(most: int, busy: dict[str, str]) -> list[tuple[str, str]]:
        return [(letter.text.id, letter.tenant) for letter, _ in desk.letters(later, most, busy)]

    first = due(8, {})
    assert [tenant for _, tenant in first] == ["acme", "acme", "other"]
    assert due(8, dict(first)) == []
    assert [tenant for _, tenant in due(8, dict(first[1:]))] == ["acme"]
    assert due(3, dict(first[:1])) == first[1:]
    assert due(1, dict(first[:1])) == []


def test_an_answer_leaves_in_the_thread(database: MainDatabase, desk: ChannelDesk) -> None:
    """With references, signature and file; refused by the server it is tried again, at last it has failed."""
    arrive(desk, a_letter("1@s"))
    (conversation,) = held(database)
    write(database, lambda writing: writing.answer(conversation.id, "8001", "已开具，见附件。"), NOW + 60)
    ((letter, files),) = desk.letters(NOW + 60, 9)
    mail = written(letter, files, NOW + 60).decode()
    for words in ("In-Reply-To: <1@s>", "To: wang@sihai.cn", "From: service@acme.cn", "Subject: Re: "):
        assert words in mail
    desk.sent(letter, "SMTP 451", NOW + 60, again=True)
    assert desk.letters(NOW + 60, 9) == []
    ((letter, _),) = desk.letters(NOW + 60 + MESSAGE_RETRIES[0], 9)
    desk.sent(letter, "", NOW + 70, again=True)
    assert texts(database, held(database)[0])[-1].state is TextState.DONE
    assert desk.letters(NOW + 9999, 9) == []
    write(database, lambda writing: writing.answer(conversation.id, "8001", "再问一句"), NOW + 100)
    ((letter, _),) = desk.letters(NOW + 100, 9)
    desk.sent(letter, "SMTP 550 no such user", NOW + 100, again=False)
    last = texts(database, held(database)[0])[-1]
    assert (last.state, last.why) == (TextState.FAILED, "SMTP 550 no such user")
    arrive(desk, a_letter("5@s", "x", References=f"<{last.message_id}>"), NOW + 200)
    assert len(held(database)) == 1


def test_out_of_hours_he_is_told_once_and_machines_never(database: MainDatabase, desk: ChannelDesk) -> None:
    """On Sunday; not again within hours; not in hours; neither lists nor automatic answers nor ourselves."""
    sunday = NOW - 86400
    arrive(desk, a_letter("1@s"), sunday)
    arrive(desk, a_letter("2@s"), sunday + 600)
    arrive(desk, a_letter("3@s", "报价"), sunday + 900)
    automatic = [text for each in held(database) for text in texts(database, each) if text.auto]
    assert [text.text for text in automatic] == ["您好，工作时间为工作日 9 点到 18 点。"]
    ((letter, files),) = desk.letters(sunday, 9)
    assert "Auto-Submitted: auto-replied" in written(letter, files, sunday).decode()
    desk.sent(letter, "", sunday, again=True)
    assert all(each.state is ConversationState.WAITING for each in held(database))
    for nth, head in enumerate(
        ({"Auto_Submitted": "auto-replied"}, {"Precedence": "list"}, {"From": "postmaster@x.cn"})
    ):
        sender = {"From": f"machine{nth}@x.cn", **head}
        arrive(desk, a_letter(f"m{nth}@x", f"s{nth}", **sender), sunday + 50_000)
    arrive(desk, a_letter("own@a", From="Service <service@acme.cn>"), sunday + 50_000)
    assert (desk.letters(sunday + 60_000, 9), desk.looped) == ([], 1)
    arrive(desk, a_letter("9@s", "在班", From="li@x.cn"), NOW)
    assert desk.letters(NOW, 9) == []


def test_two_machines_do_not_talk_for_ever(database: MainDatabase, desk: ChannelDesk) -> None:
    """A machine that does not say that it is one gets a few automatic answers a day, whatever it answers."""
    night = NOW - 10 * 3600
    for nth in range(40):
        arrive(desk, a_letter(f"l{nth}@s", f"题目 {nth}"), night + nth * 4.1 * 3600)
    answers = [text.at for each in held(database) for text in texts(database, each) if text.auto]
    days = [sum(day <= at < day + 86400 for at in answers) for day in answers]
    assert 0 < max(days) <= 6


def test_a_bomb_waits_at_the_server(desk: ChannelDesk) -> None:
    """So many of one sender in an hour are fetched; others' go on, and his again an hour later."""
    post = post_of(desk)
    assert [desk.may(post, "bomb@x.cn", NOW) for _ in range(MOST_AN_HOUR + 2)] == [True] * MOST_AN_HOUR + [
        False
    ] * 2
    assert desk.may(post, "wang@sihai.cn", NOW)
    assert desk.may(post, "bomb@x.cn", NOW + 3600)


def test_a_letter_that_was_too_large_says_so(database: MainDatabase, desk: ChannelDesk) -> None:
    """The agent knows that it came and where to find it."""
    arrive(desk, a_letter("1@s").split(b"\r\n\r\n")[0] + b"\r\n\r\n", size=90 * 1024 * 1024)
    assert "90 MB" in texts(database, held(database)[0])[0].text


def test_two_agents_cannot_take_one_conversation(database: MainDatabase, desk: ChannelDesk) -> None:
    """The second is told whose it is, and cannot answer either; handed over, it is his."""
    arrive(desk, a_letter("1@s"))
    name = held(database)[0].id
    write(database, lambda writing: writing.take(name, "8001"))
    for work in (
        lambda writing: writing.take(name, "8002"),
        lambda writing: writing.answer(name, "8002", "x"),
    ):
        with pytest.raises(NotPossible, match="8001 sees to it already"):
            write(database, work)
    write(database, lambda writing: writing.take(name, "8002", over=True))
    write(database, lambda writing: writing.answer(name, "8002", "您好"))
    write(database, lambda writing: writing.close(name))
    assert held(database)[0].state is ConversationState.CLOSED
    arrive(desk, a_letter("2@s", In_Reply_To="<1@s>"), NOW + 9)
    again = held(database)[0]
    assert (again.id, again.state, again.agent) == (name, ConversationState.WAITING, "8002")


def test_sms_come_in_and_go_out(database: MainDatabase, desk: ChannelDesk) -> None:
    """Parts in any order are one text; the answer leaves by the notices, from the number he wrote to."""
    for number, text in ((2, "请回电"), (1, "您好，")):
        assert desk.take_sms("gw", Arrived("8613800138000", "4001003721", text, 7, 2, number), NOW)
    (conversation,) = held(database)
    assert (conversation.way, conversation.peer, conversation.line) == (
        Way.SMS,
        "13800138000",
        "您好，请回电",
    )
    assert desk.take_sms("gw", Arrived("13800138000", "10699999", "谁的号码", 0, 1, 1), NOW)
    assert len(held(database)) == 1
    write(database, lambda writing: writing.answer(conversation.id, "8001", "好的"), NOW + 5)
    (delivery,) = database.read(lambda root: list(root.notices.newest_first("acme")))
    assert (delivery.channel, delivery.to, delivery.sender, delivery.text) == (
        Channel.SMS, "13800138000", "4001003721", "好的",
    )  # fmt: skip
    assert kinds(database, number_stream("13800138000")) == [EntryKind.SMS] * 2
    with pytest.raises(NotPossible, match="at most 500"):
        write(database, lambda writing: writing.answer(conversation.id, "8001", "长" * 501))


def test_parts_that_never_come_are_not_waited_for(database: MainDatabase, desk: ChannelDesk) -> None:
    """What there is is shown after a while."""
    desk.take_sms("gw", Arrived("13800138000", "4001003721", "只有一半", 9, 2, 1), NOW)
    desk.complete_parts(NOW + 5)
    assert held(database) == []
    desk.complete_parts(NOW + PARTS_SECONDS + 1)
    assert held(database)[0].line == "只有一半"


def live(agent: str, state: str = "idle", queues: tuple[str, ...] = ("service",)) -> LiveAgent:
    """Return an agent as the b2bua tells of him."""
    return LiveAgent("acme", agent, "", "", state, "", 0.0, "", "", list(queues), 0, 0)


def test_conversations_go_to_free_agents_of_the_queue(database: MainDatabase, desk: ChannelDesk) -> None:
    """Not to one who talks; four at most of weight 25; who goes off gives back what he has not answered."""
    for nth in range(6):
        arrive(desk, a_letter(f"{nth}@s", f"题目{nth}", From=f"c{nth}@x.cn"), NOW + nth)
    assert desk.share([live("8001", "talking"), live("8002", queues=())], NOW + 10) == {}
    assert desk.share([live("8001"), live("8002", queues=())], NOW + 20) == {"acme": {"8001": 100}}
    mine = [each for each in held(database) if each.agent == "8001"]
    assert sorted(each.subject for each in mine) == ["题目0", "题目1", "题目2", "题目3"]
    write(database, lambda writing: writing.answer(mine[0].id, "8001", "您好"), NOW + 30)
    loads = desk.share([live("8001", "offline"), live("8002")], NOW + 40)
    assert loads == {"acme": {"8001": 25, "8002": 100}}


def test_who_had_it_has_it_again_else_the_least_busy() -> None:
    """Then who was given none for longest; nobody more than he can bear."""
    blank = Conversation("", Way.SMS, "1", "sms", "2", 0.0, 0.0)
    waiting = [
        msgspec.structs.replace(blank, id=f"c{nth}", since=float(nth), agent=agent, queue=queue)
        for nth, (agent, queue) in enumerate((("b", ""), ("", ""), ("", ""), ("", "vip"), ("", "")))
    ]
    seats = [
        Seat("a", (), True, 0, 5.0), Seat("b", (), True, 50, 1.0), Seat("c", ("vip",), True, 80, 0.0),
        Seat("d", (), False, 0, 0.0),
    ]  # fmt: skip
    given = [(each.id, agent) for each, agent in shared_out(waiting, seats, 40)]
    assert given == [("c0", "b"), ("c1", "a"), ("c2", "a")]


def test_configuration_is_checked(database: MainDatabase) -> None:
    """Only 4001 numbers of one's own take SMS; a queue must be there; an address is one tenant's."""
    for words, says in (
        ('{sms_lines: {x: {number: "4006123456"}}}', "4001"),
        ("{mailboxes: {x: {address: a@b.cn, queue: nobody}}}", "no queue"),
        ("{mailboxes: {x: {address: SERVICE@acme.cn}}}", "belongs to"),
    ):
        with pytest.raises(Exception, match=says):
            apply(database, f"tenants: {{acme: {words}}}")
    read = database.read(lambda root: root.tenants["acme"].parts["mailboxes"]["service"].value)
    assert isinstance(read, Mailbox)
