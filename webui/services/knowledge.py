"""知识库 for the pages and the API: written, reviewed, read, voted on, proposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

from domain import knowledge as rules
from domain.knowledge import Article, Version, Words
from domain.refusal import NotPossible
from domain.tickets.ticket import EntryKind, File, Ticket
from storage.knowledge import Reader, like
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id
from storage.tickets import TicketGone
from webui.services.box import BoxServices
from webui.services.tickets import Upload, add_files

FOUND: Final = 20
SUGGESTED: Final = 4
LISTED: Final = 200
TOPICS: Final[Mapping[str, str]] = {
    "bound": "绑定号码 接听",
    "routing": "来电路由 分配",
    "calls": "通话记录 清单",
    "flows": "语音导航 菜单",
    "queues": "队列 坐席 排队",
    "agents": "坐席 工号",
    "limits": "黑名单 限制",
    "prompts": "语音 彩铃 录音",
    "missed": "未接来电 回拨",
    "messages": "留言 语音信箱",
    "notices": "通知 短信 邮件",
    "recordings": "录音 下载",
    "reports": "统计报表",
    "billing": "余额 账单 充值 话费",
    "api-keys": "接口 密钥",
    "tickets": "工单 客户",
    "support": "工单 咨询",
    "account": "密码 账户 安全",
}
"""First part of a page's address -> what one who looks at it may wonder about."""


class ArticleGone(Exception):
    """There is no such article, or none of his."""


def own(root: Root, owner: str, show: str) -> list[Article]:
    """Return an owner's articles: those that wait for review, that are being written, or all of them."""
    shelf = root.knowledge.read(owner)
    if show == "waiting":
        return [found for name in shelf.waiting if (found := shelf.find(name)) is not None]
    every = shelf.newest_first()
    if show == "drafts":
        every = (each for each in every if each.draft is not None)
    return list(islice(every, LISTED))


def about_page(root: Root, reader: Reader, page: str) -> list[Article]:
    """Return articles about what somebody looks at, by the first part of the page's address."""
    return like(root, reader, TOPICS.get(page, ""), FOUND)


def about_call(root: Root, tenant: str, call: str, queue: str) -> list[Article]:
    """Return articles about what a caller chose: his queue, his menu, what was noted of the call."""
    shelf, record = root.tenants.get(tenant), root.records.find(call, tenant)
    if shelf is None:
        return []
    name = queue or ("" if record is None else record.queue)
    part = shelf.parts.get("queues", {}).get(name)
    note = root.desk.find(tenant).note(call)
    words = [
        name,
        "" if part is None else part.value.label,
        "" if note is None else f"{note.code} {note.text}",
    ]
    return like(root, Reader(tenant), "\n".join(words), SUGGESTED)


def from_ticket(root: Root, ticket: Ticket) -> Words:
    """Return the article that a ticket suggests: its questions, then the answers."""
    entries = root.tickets.read(ticket.desk).thread(ticket.id)
    asked = [each.text for each in entries if each.kind in (EntryKind.QUESTION, EntryKind.REOPENED)]
    answers = [each.text for each in entries if each.kind is EntryKind.ANSWER]
    body = "问题：\n" + "\n".join(asked) + "\n\n解决办法：\n" + "\n\n".join(answers)
    return Words(ticket.subject, body, ticket.category)


def write(
    services: BoxServices, owner: str, name: str, words: Words, uploads: Sequence[Upload],
    by: str, entry: AuditEntry, ticket: str = "", *, submit: bool = False,
) -> Article:  # fmt: skip
    """Write the next version, or of no name a new article; ``submit``: for review.

    Raises ArticleGone, NotPossible.
    """
    files, now = add_files(services, uploads), services.now()

    def work(root: Root) -> Article:
        shelf = root.knowledge.of(owner)
        held = shelf.find(name) if name else Article(new_id(now), owner, now, ticket=ticket)
        if held is None:
            raise ArticleGone(name)
        kept = Words(
            words.title, words.body, words.category, words.audience, words.keywords, (*words.files, *files)
        )
        made = rules.drafted(held, kept, by, now)
        if submit:
            made = rules.submitted(made)
        shelf.put(made)
        root.web.note(entry)
        return made

    try:
        return services.change(work, "article")
    except (NotPossible, ArticleGone):
        services.recordings.attachments().remove([each.id for each in files])
        raise


def step(
    services: BoxServices, owner: str, name: str, change: Callable[[Article], Article], entry: AuditEntry
) -> Article:
    """Take an article further (``domain.knowledge``); raises ArticleGone, NotPossible, StoreDown."""

    def work(root: Root) -> Article:
        shelf = root.knowledge.of(owner)
        held = shelf.find(name)
        if held is None:
            raise ArticleGone(name)
        made = change(held)
        shelf.put(made)
        root.web.note(entry)
        return made

    return services.change(work, "article")


def vote(services: BoxServices, article: Article, who: str, *, helped: bool) -> None:
    """Keep whether an article helped somebody; raises StoreDown."""
    services.change(
        lambda root: root.knowledge.of(article.owner).vote(article.id, who, helped=helped), "vote"
    )


def file_of(version: Version, name: str) -> File:
    """Return an attachment of a version by its id; raises TicketGone."""
    for each in version.files:
        if each.id == name:
            return each
    raise TicketGone(name)
