"""Articles of the knowledge base: those that a tenant's people may read, and proposals for his own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from pyramid.response import Response

from domain.knowledge import (
    MOST_BODY,
    MOST_FILES,
    MOST_KEYWORDS,
    MOST_TITLE,
    Article,
    Audience,
    Version,
    Words,
)
from domain.refusal import BadField, NotPossible
from domain.tickets.ticket import File
from storage.knowledge import Reader, find, listed, readable
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, call_id, octets, query
from webui.api.files import sent
from webui.api.problems import ApiProblem
from webui.services import knowledge
from webui.services.file_tickets import files_of, ticket_of
from webui.services.tickets import Upload, add_files

PURPOSE: Final = "article"
FileId = Annotated[str, msgspec.Meta(pattern=r"^0[0-9A-HJKMNP-TV-Z]{25}\Z")]


class ArticleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles."""

    limit: Limit = 50
    search: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an article shall say."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TITLE, pattern=r"^[^\s\x00-\x1f]")]
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_BODY, pattern=r"^[^\s\x00-\x1f]")]
    category: Annotated[str, msgspec.Meta(max_length=40)] = ""
    audience: Literal["public", "tenant"] = "tenant"
    keywords: Annotated[str, msgspec.Meta(max_length=MOST_KEYWORDS)] = ""
    submit: bool = True
    files: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(max_length=MOST_FILES)
    ] = ()
    keep: Annotated[tuple[FileId, ...], msgspec.Meta(max_length=MOST_FILES)] | None = None


class FileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is uploaded."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^/\\\x00-\x1f]+\Z")]


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return what a search finds, best first, or the newest."""
    asked = query(caller, ArticleQuery)
    caller.config()
    reader, text = Reader(caller.tenant), asked.search.strip()

    def read(root: Root) -> list[Article]:
        if text:
            return find(root, reader, text, asked.limit)
        return listed(root, reader, "", asked.limit)

    return {"items": [_object(each) for each in caller.services.read(read)]}


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one article."""
    query(caller, NoQuery)
    return _object(_readable(caller))


def propose(caller: Caller) -> Mapping[str, Any]:
    """Write an article of the tenant's; a reviewer publishes it."""
    query(caller, NoQuery)
    wish = body(caller, Proposal)
    caller.config()
    return _written(caller, "", wish, ())


def proposal(caller: Caller) -> Mapping[str, Any]:
    """Return what was written last of one of the tenant's own articles, and how far it is."""
    query(caller, NoQuery)
    return _proposal(_own(caller))


def rewrite(caller: Caller) -> Mapping[str, Any]:
    """Write the next version of one of the tenant's own articles; all its files stay, or those named."""
    query(caller, NoQuery)
    wish, held = body(caller, Proposal), _own(caller)
    return _written(caller, held.id, wish, held.latest.files)


def upload(caller: Caller) -> Mapping[str, Any]:
    """Keep a file for an article that is written next."""
    asked = query(caller, FileQuery)
    caller.config()
    content = octets(caller, MOST_BYTES)
    try:
        (file,) = add_files(caller.services, [Upload(asked.name, content)])
    except NotPossible as error:
        raise ApiProblem(409, error.zh, error.en) from error
    return {**_file(file), "file": ticket_of(caller.services, PURPOSE, caller.tenant, file)}


def file(caller: Caller) -> Response:
    """Send a file of an article as it is published."""
    query(caller, NoQuery)
    return _sent(caller, _readable(caller).readable)


def proposal_file(caller: Caller) -> Response:
    """Send a file of what was written last of one of the tenant's own articles."""
    query(caller, NoQuery)
    return _sent(caller, _own(caller).latest)


def _sent(caller: Caller, version: Version | None) -> Response:
    name = call_id(caller, "file")
    if version is None or name not in {each.id for each in version.files}:
        raise ApiProblem(404)
    return sent(caller.services.recordings.attachments(), name)


def _readable(caller: Caller) -> Article:
    name = call_id(caller, "article")
    found = caller.services.read(lambda root: readable(root, Reader(caller.tenant), name))
    if found is None:
        raise ApiProblem(404)
    return found


def _own(caller: Caller) -> Article:
    name = call_id(caller, "article")
    found = caller.services.read(lambda root: root.knowledge.read(caller.tenant).find(name))
    if found is None:
        raise ApiProblem(404)
    return found


def _written(caller: Caller, name: str, wish: Proposal, held: tuple[File, ...]) -> Mapping[str, Any]:
    services, tenant, by = caller.services, caller.tenant, caller.known.key.name[:40]
    entry = caller.entry("article-written", wish.title[:80])
    try:
        files = (*_kept(wish, held), *files_of(services, PURPOSE, tenant, wish.files, File, MOST_FILES))
        words = Words(wish.title, wish.body, wish.category, Audience(wish.audience), wish.keywords, files)
        if wish.category and wish.category not in services.read(
            lambda root: root.tickets.read(tenant).settings.value.categories
        ):
            raise NotPossible(f"there is no category {wish.category}", f"没有分类 {wish.category}")
        made = knowledge.write(services, tenant, name, words, (), by, entry, submit=wish.submit)
    except NotPossible as error:
        raise ApiProblem(409, error.zh, error.en) from error
    return _proposal(made)


def _kept(wish: Proposal, held: tuple[File, ...]) -> tuple[File, ...]:
    """Return the files that stay; raises BadField for one that there is not."""
    if wish.keep is None:
        return held
    strange = set(wish.keep) - {each.id for each in held}
    if strange:
        raise BadField("keep", f"it has no file {min(strange)}", f"没有附件 {min(strange)}")
    return tuple(each for each in held if each.id in wish.keep)


def _file(file: File) -> dict[str, Any]:
    return {"id": file.id, "name": file.name, "type": file.type, "octets": file.octets}


def _proposal(article: Article) -> dict[str, Any]:
    latest, draft = article.latest, article.draft
    return {
        "id": article.id,
        "state": article.state,
        "version": latest.number,
        "title": latest.title,
        "body": latest.body,
        "category": latest.category,
        "audience": latest.audience,
        "keywords": latest.keywords,
        "files": [_file(each) for each in latest.files],
        "waits": draft is not None and draft.waits,
        "refused": "" if draft is None else draft.refused,
    }


def _object(article: Article) -> dict[str, Any]:
    shown = article.readable
    assert shown is not None
    return {
        "id": article.id,
        "owner": "tenant" if article.owner else "operator",
        "title": shown.title,
        "body": shown.body,
        "category": shown.category,
        "audience": shown.audience,
        "version": shown.number,
        "published": shown.reviewed_at,
        "files": [_file(each) for each in shown.files],
    }
