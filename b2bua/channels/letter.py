"""Read an e-mail that anybody may have sent: whatever its charset, size and parts, and made safe. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from email import policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr
from typing import Final, NamedTuple

import nh3

from domain.customers.conversation import Attachment

MOST_OCTETS: Final = 25 * 1024 * 1024
"""Of a whole e-mail; a larger one is not fetched, only told of."""
MOST_TEXT: Final = 100_000
MOST_HTML: Final = 300_000
MOST_FILE: Final = 10 * 1024 * 1024
MOST_FILES: Final = 20
MOST_PARTS: Final = 100
MOST_REFERENCES: Final = 30
MOST_HEAD: Final = 64 * 1024
UNREADABLE: Final = "（邮件格式异常，无法读取正文，请到邮箱中查看）"
TAGS: Final = frozenset(
    (
        "a", "abbr", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
        "i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
        "tfoot", "th", "thead", "tr", "u", "ul",
    )
)  # fmt: skip
"""What HTML may have. No pictures: they would tell the sender when and where he is read."""
ATTRIBUTES: Final = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,250})>")
_NOT_PERSONS: Final = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounce)", re.IGNORECASE)
_CHINESE: Final = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
_NO_CHARSETS: Final = frozenset({"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"})
"""Codecs of Python that no e-mail is written in; punycode of some megabytes would take hours."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")
_BREAK: Final = re.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>")


class File(NamedTuple):
    """A file of an e-mail; without content it is not kept, and ``told.why`` says why."""

    told: Attachment
    content: bytes


class LetterRead(NamedTuple):
    """What an e-mail says."""

    message_id: str
    """Without brackets; made of the content where the sender gave none."""
    references: tuple[str, ...]
    """Of what it answers, the latest first."""
    sender: str
    """Address in lower case; empty: none that can be answered."""
    name: str
    subject: str
    text: str
    html: str
    """Made safe; empty: there was none."""
    files: tuple[File, ...]
    by_machine: bool
    """Whether a machine or a list sent it: it is not answered by a machine."""


def read_letter(data: bytes) -> LetterRead:
    """Read an e-mail; never raises, whatever it holds: one that is no e-mail is told of by its head alone."""
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        return _read(message, data, *_parts(message))
    except (RecursionError, ValueError, TypeError, LookupError, AttributeError):
        # What hostile nesting and parameters make of the library: it must not stop the letters behind it.
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(data[:MOST_HEAD])
        return _read(message, data, [UNREADABLE], [], [])


def _read(message: Message, data: bytes, texts: list[str], pages: list[str], files: list[File]) -> LetterRead:
    page = nh3.clean("\n".join(pages)[:MOST_HTML], tags=set(TAGS), attributes=ATTRIBUTES) if pages else ""
    text = "\n".join(texts).strip() or plain_of(page)
    name, address = parseaddr(header(message, "Reply-To") or header(message, "From"))
    sender = address.strip().lower()
    return LetterRead(
        _id_of(message, data),
        _references(message),
        sender if re.fullmatch(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}", sender) else "",
        _clean(name or parseaddr(header(message, "From"))[0])[:60],
        _clean(header(message, "Subject"))[:200],
        _CONTROLS.sub("", text)[:MOST_TEXT],
        page,
        tuple(files),
        by_machine(message, sender),
    )


def by_machine(message: Message, sender: str) -> bool:
    """Tell whether a machine or a list sent it (RFC 3834)."""
    auto = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        auto not in ("", "no")
        or header(message, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or any(message.get(name) is not None for name in ("List-Id", "List-Unsubscribe", "X-Loop"))
        or header(message, "X-Auto-Response-Suppress").strip().lower() not in ("", "none")
        or header(message, "Return-Path").strip() == "<>"
        or _NOT_PERSONS.match(sender) is not None
    )


def header(message: Message, name: str) -> str:
    """Return a header as text of one line; empty where there is none."""
    value = message.get(name)
    if value is None:
        return ""
    return _words(value)


def _words(value: object) -> str:
    """Return what a header's value says, encoded words or plain octets of whatever charset."""
    pieces: list[tuple[str | bytes, str | None]]
    try:
        pieces = list(decode_header(value))  # type: ignore[arg-type]
    except (MessageError, ValueError):
        pieces = [(str(value), None)]
    told = "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "") for piece, charset in pieces
    )
    if any(0xDC80 <= ord(each) <= 0xDCFF for each in told):  # octets that no charset was named for
        told = decoded(told.encode("utf-8", "surrogateescape"), "")
    return " ".join(told.split())


def decoded(data: bytes, charset: str) -> str:
    """Decode as the sender says; where he says nothing or something wrong, as it makes sense in China."""
    named = charset.strip().strip("'\"").lower()
    named = "" if named.replace("-", "_") in _NO_CHARSETS else _CHINESE.get(named, named)
    for each in dict.fromkeys(filter(None, (named, "utf-8", "gb18030"))):
        try:
            text = data.decode(each)
            text.encode()  # surrogates, which UTF-7 and others may name, cannot be stored
            return text
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return data.decode("utf-8", errors="replace")


def plain_of(page: str) -> str:
    """Return HTML as text."""
    lined = _BREAK.sub("\n", page.replace("\n", " "))
    text = html.unescape(nh3.clean(lined, tags=set()))
    return "\n".join(line for line in (" ".join(each.split()) for each in text.split("\n")) if line)


def _parts(message: Message) -> tuple[list[str], list[str], list[File]]:
    texts: list[str] = []
    pages: list[str] = []
    files: list[File] = []
    kept = 0
    for place, part in enumerate(message.walk()):
        if place >= MOST_PARTS:
            break
        if part.is_multipart():
            continue
        content = _payload(part)
        kind = part.get_content_type()
        name = _file_name(part)
        if (
            kind in ("text/plain", "text/html")
            and not name
            and part.get_content_disposition() != "attachment"
        ):
            (texts if kind == "text/plain" else pages).append(
                decoded(content, part.get_content_charset() or "")
            )
            continue
        if not content and not name:
            continue
        file = _file(name or f"附件{len(files) + 1}", kind, content, len(files), kept)
        kept += len(file.content)
        files.append(file)
    return texts, pages, files


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return payload if isinstance(payload, bytes) else b""


def _file(name: str, kind: str, content: bytes, before: int, kept: int) -> File:
    why = ""
    if before >= MOST_FILES:
        why = f"超过 {MOST_FILES} 个附件"
    elif len(content) > MOST_FILE:
        why = f"超过 {MOST_FILE // 1024 // 1024} MB"
    elif kept + len(content) > MOST_OCTETS:
        why = "附件总量过大"
    return File(Attachment(name, kind[:80], len(content), why=why), b"" if why else content)


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError):
        name = ""
    return _NAME.sub("_", _clean(_words(name)))[-100:].strip(". ")


def _clean(text: str) -> str:
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def _id_of(message: Message, data: bytes) -> str:
    found = _MESSAGE_ID.search(header(message, "Message-ID"))
    return found[1] if found else f"{hashlib.sha256(data).hexdigest()[:32]}@none"


def _references(message: Message) -> tuple[str, ...]:
    answered = _MESSAGE_ID.findall(header(message, "In-Reply-To"))
    chain = _MESSAGE_ID.findall(header(message, "References"))[-MOST_REFERENCES:]
    return tuple(dict.fromkeys([*answered[:3], *reversed(chain)]))
