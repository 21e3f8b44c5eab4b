"""知识库 in the pages of the three roles: search, read, write, review."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain import knowledge as rules
from domain.knowledge import Article, Audience, Version, Words
from domain.refusal import NotPossible
from storage.knowledge import find, like, listed
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from storage.tickets import TicketGone
from webui.presenters.says import say
from webui.resources_service import (
    AgentArticle,
    AgentKnowledge,
    KnowledgePages,
    OperatorArticle,
    OperatorKnowledge,
    TenantArticle,
    TenantKnowledge,
)
from webui.security.permissions import AGENT, SUPERVISOR, TENANT
from webui.security.policy import may
from webui.services import knowledge, tickets
from webui.services.knowledge import ArticleGone
from webui.views.bound import entry_of
from webui.views.downloads import download
from webui.views.tickets import for_each, uploads

BASES: Final = ((OperatorKnowledge, "articles"), (TenantKnowledge, TENANT), (AgentKnowledge, AGENT))
ARTICLES: Final = ((OperatorArticle, "articles"), (TenantArticle, TENANT), (AgentArticle, AGENT))
REVIEWERS: Final = {"operator": "review-articles", "tenant": TENANT, "agent": SUPERVISOR}
SHOWS: Final = ("read", "all", "drafts", "waiting")


def _frame(request: Request, pages: KnowledgePages) -> dict[str, Any]:
    owner = pages.desk

    def read(root: Root) -> tuple[str, tuple[str, ...], int]:
        model = root.tenants.get(owner)
        categories = root.tickets.read(owner).settings.value.categories
        waiting = len(root.knowledge.read(owner).waiting)
        return "" if model is None else model.config.value.name, categories, waiting

    name, categories, waiting = request.services.read(read)
    return {
        "pages": pages, "where": name or request.texts("Operator"), "categories": categories,
        "waiting": waiting, "reviews": may(request.identity, REVIEWERS[pages.role]),
        "audiences": tuple(Audience) if pages.role == "operator" else (Audience.PUBLIC, Audience.TENANT),
    }  # fmt: skip


@for_each(BASES, request_method="GET", renderer="service/articles.html")
def listing(request: Request) -> dict[str, Any]:
    """Show the base: what is looked for, what a page is about, a category, or what is being written."""
    pages, given = request.context, request.GET
    show = given.get("show", "read")
    text, category = given.get("search", "").strip()[:80], given.get("category", "")[:40]
    about = given.get("about", "")[:40]

    def read(root: Root) -> list[Article]:
        if show in SHOWS[1:]:
            return knowledge.own(root, pages.desk, show)
        if text:
            return find(root, pages.reader, text, knowledge.FOUND)
        if about:
            found = knowledge.about_page(root, pages.reader, about)
            if found:
                return found
        return listed(root, pages.reader, category, knowledge.LISTED)

    return {
        "found": request.services.read(read), "search": text, "category": category, "about": about,
        "show": show if show in SHOWS else "read", **_frame(request, pages),
    }  # fmt: skip


@for_each(BASES, name="found", request_method="GET", renderer="service/articles_found.html")
def found(request: Request) -> dict[str, Any]:
    """Send what is found, while it is typed."""
    pages, text = request.context, request.GET.get("search", "").strip()[:80]
    rows = request.services.read(lambda root: find(root, pages.reader, text, knowledge.FOUND))
    return {"found": rows, "address": pages.address, "show": "read", "looked": bool(text)}


@for_each(BASES, name="suggest", request_method="POST", renderer="service/articles_suggested.html")
def suggest(request: Request) -> dict[str, Any]:
    """Send articles about what somebody writes or reads."""
    pages, given = request.context, request.POST
    text = f"{given.get('subject', '')}\n{given.get('text', '')}"[:2000]
    rows = request.services.read(lambda root: like(root, pages.reader, text, knowledge.SUGGESTED))
    return {"found": rows, "address": pages.address}


@for_each(BASES, name="new", request_method="GET", renderer="service/article_form.html")
def ask(request: Request) -> dict[str, Any]:
    """Ask what it shall say; a ticket that is closed fills it in."""
    pages, name = request.context, request.GET.get("ticket", "")[:26]

    def read(root: Root) -> Words | None:
        try:
            return knowledge.from_ticket(root, tickets.served(root, pages.desk, name))
        except TicketGone:
            return None

    words = (request.services.read(read) if name else None) or Words("", "")
    return _form(request, pages, words, ticket=name if words.title else "")


def _form(
    request: Request, pages: KnowledgePages, words: Words, *, ticket: str = "", wrong: str = "",
    article: Article | None = None,
) -> dict[str, Any]:  # fmt: skip
    if wrong:
        request.response.status = 422
    action = f"{pages.address}/new" if article is None else f"{pages.address}/{article.id}/edit"
    return {
        "words": words, "ticket": ticket, "wrong": wrong, "article": article, "action": action,
        "max_files": rules.MOST_FILES, "max_mb": MOST_BYTES >> 20, **_frame(request, pages),
    }  # fmt: skip


def _words(request: Request, held: tuple[Any, ...]) -> Words:
    given = request.POST
    audience = given.get("audience", "")
    return Words(
        given.get("title", ""), given.get("body", ""), given.get("category", "")[:40],
        Audience(audience) if audience in set(Audience) else Audience.TENANT,
        given.get("keywords", ""), tuple(each for each in held if f"keep-{each.id}" in given),
    )  # fmt: skip


@for_each(BASES, name="new", request_method="POST", renderer="service/article_form.html")
def write(request: Request) -> Response | dict[str, Any]:
    """Write a new one."""
    pages, words, ticket = request.context, _words(request, ()), request.POST.get("ticket", "")[:26]
    return _write(request, pages, words, None, ticket)


def _write(
    request: Request, pages: KnowledgePages, words: Words, article: Article | None, ticket: str = ""
) -> Response | dict[str, Any]:
    _, who = request.texts, request.identity.name
    entry = entry_of(request, "article-written", words.title[:80], pages.desk)
    name = "" if article is None else article.id
    try:
        made = knowledge.write(
            request.services, pages.desk, name, words, uploads(request), who, entry, ticket,
            submit="submit" in request.POST,
        )  # fmt: skip
    except ArticleGone:
        raise HTTPNotFound() from None
    except NotPossible as error:
        return _form(
            request, pages, words, ticket=ticket, wrong=_.either(error.zh, error.en), article=article
        )
    return say(request, HTTPSeeOther(f"{pages.address}/{made.id}"), _("Saved."))


@for_each(ARTICLES, request_method="GET", renderer="service/article.html")
def shown(request: Request) -> dict[str, Any]:
    """Show an article; its owner's people see the draft and earlier versions, too."""
    page, pages = request.context, request.context.list
    article: Article = page.article
    own = article.owner == pages.desk

    def read(root: Root) -> tuple[list[Version], tuple[int, int]]:
        shelf = root.knowledge.read(article.owner)
        return shelf.versions_of(article.id) if own else [], shelf.votes_of(article.id)

    versions, votes = request.services.read(read)
    version = _chosen(request, article, versions) if own else article.readable
    if version is None:
        raise HTTPNotFound()
    return {
        "article": article, "version": version, "versions": versions[::-1], "votes": votes, "own": own,
        "address": f"{pages.address}/{article.id}", **_frame(request, pages),
    }  # fmt: skip


def _chosen(request: Request, article: Article, versions: list[Version]) -> Version:
    """Return the version that is asked for, else what readers see, else the draft."""
    wanted = request.GET.get("version", "")
    if wanted == "draft" and article.draft is not None:
        return article.draft
    return next((each for each in versions if str(each.number) == wanted), article.shown or article.latest)


def _own(request: Request) -> tuple[KnowledgePages, Article]:
    """Return an article of the owner's; 404 for one that is only read here."""
    pages: KnowledgePages = request.context.list
    article: Article = request.context.article
    if article.owner != pages.desk:
        raise HTTPNotFound()
    return pages, article


@for_each(ARTICLES, name="edit", request_method="GET", renderer="service/article_form.html")
def edit(request: Request) -> dict[str, Any]:
    """Ask what it shall say next."""
    pages, article = _own(request)
    held = article.latest
    words = Words(held.title, held.body, held.category, held.audience, held.keywords, held.files)
    return _form(request, pages, words, article=article)


@for_each(ARTICLES, name="edit", request_method="POST", renderer="service/article_form.html")
def save(request: Request) -> Response | dict[str, Any]:
    """Write the next version."""
    pages, article = _own(request)
    return _write(request, pages, _words(request, article.latest.files), article)


@for_each(ARTICLES, name="step", request_method="POST")
def step(request: Request) -> Response:
    """Submit; and for who reviews: publish, send back, retire, take an earlier version again."""
    _, (pages, article), given = request.texts, _own(request), request.POST
    who, now, asked = request.identity.name, request.services.now(), given.get("step", "")
    if asked != "submit" and not may(request.identity, REVIEWERS[pages.role]):
        raise HTTPNotFound()
    steps: dict[str, Any] = {
        "submit": rules.submitted,
        "publish": lambda each: rules.approved(each, who, now),
        "back": lambda each: rules.sent_back(each, given.get("why", ""), who, now),
        "retire": rules.retired,
    }
    back = HTTPSeeOther(f"{pages.address}/{article.id}")
    if asked not in steps:
        raise HTTPNotFound()
    entry = entry_of(request, f"article-{asked}", article.latest.title[:80], pages.desk)
    try:
        knowledge.step(request.services, pages.desk, article.id, steps[asked], entry)
    except ArticleGone:
        raise HTTPNotFound() from None
    except NotPossible as error:
        return say(request, back, _.either(error.zh, error.en), "bad")
    return say(request, back, _("Done."))


@for_each(ARTICLES, name="vote", request_method="POST")
def vote(request: Request) -> Response:
    """Keep whether it helped."""
    pages, article = request.context.list, request.context.article
    helped = request.POST.get("helped", "") == "yes"
    knowledge.vote(request.services, article, request.identity.account, helped=helped)
    back = HTTPSeeOther(f"{pages.address}/{article.id}")
    return say(request, back, request.texts("Thank you for telling us."))


@for_each(ARTICLES, name="attachment", request_method="GET")
def attachment(request: Request) -> Response:
    """Send an attachment, to be stored."""
    article, own = request.context.article, request.context.article.owner == request.context.list.desk
    versions = [article.latest, article.shown] if own else [article.readable]
    for version in versions:
        try:
            if version is not None:
                held = knowledge.file_of(version, request.GET.get("id", ""))
                content = request.services.recordings.attachments().read(held.id)
                return download(content, f"{held.id[-6:]}{tickets.suffix_of(held)}", held.type)
        except (TicketGone, NotPossible):
            continue
    raise HTTPNotFound()
