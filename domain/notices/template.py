"""Templates: what a notice says, with variables in braces, and whether carriers have approved it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.notices.kinds import SHIPPED, VARIABLES, NoticeKind, Variable

MOST_SMS: Final = 300
"""Characters of an SMS template."""
_PLACE = re.compile(r"\{([^{}]*)\}")
_LINK = re.compile(r"https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|top|xyz)\b", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class TemplateState(StrEnum):
    """How far the review of an SMS text is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one kind of notice; what is empty is as it ships."""

    name: str
    """A NoticeKind."""
    sms: str = ""
    title: str = ""
    """Subject of e-mails, first line in robots' groups."""
    text: str = ""
    """What e-mails and robots say."""
    state: TemplateState = TemplateState.DRAFT
    """Of the SMS text: only what is approved leaves as SMS."""
    codes: dict[str, str] = {}
    """Gateway -> the code that its provider gave this template."""
    order: tuple[str, ...] = ()
    """Variables in the order in which providers number them; empty: as they stand in the text."""

    @property
    def kind(self) -> NoticeKind:
        """The kind it is for; raises ValueError for none."""
        return NoticeKind(self.name)

    @property
    def sms_text(self) -> str:
        """The SMS, with its variables in braces."""
        words = SHIPPED[self.kind]
        return self.sms or words.sms or words.text

    @property
    def ordered(self) -> tuple[str, ...]:
        """The variables as providers number them."""
        return self.order or tuple(dict.fromkeys(_PLACE.findall(self.sms_text)))


class Fault(NamedTuple):
    """What is wrong in a template."""

    field: str
    en: str
    zh: str


def faults(template: Template) -> Iterator[Fault]:
    """Check the variables and the length of a template."""
    try:
        known = VARIABLES[template.kind]
    except ValueError:
        kinds = ", ".join(NoticeKind)
        yield Fault("", f"is no kind of notice: {kinds}", f"不是通知种类，可用：{kinds}")
        return
    names = ", ".join(known)
    for field, text in (("sms", template.sms), ("title", template.title), ("text", template.text)):
        for name in _PLACE.findall(text):
            if name not in known:
                yield Fault(
                    field,
                    f"has the variable {{{name}}}; known: {names}",
                    f"含未知变量 {{{name}}}；可用：{names}",
                )
        if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
            yield Fault(field, "has a brace without its partner", "花括号不成对")
    if len(template.sms) > MOST_SMS:
        yield Fault("sms", f"has more than {MOST_SMS} characters", f"超过 {MOST_SMS} 个字")
    for name in template.order:
        if name not in known:
            yield Fault("order", f"names {name}; known: {names}", f"含未知变量 {name}；可用：{names}")


def clean(kind: NoticeKind, values: Mapping[str, str]) -> dict[str, str]:
    """Make values fit to be sent: known ones only, in one line, short, and without anything like a link.

    They may come from the public (a caller's number, a name): carriers refuse links in variables, and a text
    must not be turned into another one.
    """
    rules = VARIABLES[kind]
    return {
        name: _short(_UNSEEN.sub(" ", value), rules[name]) for name, value in values.items() if name in rules
    }


def _short(value: str, rule: Variable) -> str:
    return (value if rule.link else _LINK.sub("", value)).strip()[: rule.most]


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill in the variables once; what has no value becomes nothing."""
    return _PLACE.sub(lambda found: values.get(found[1], ""), text)


def segments(text: str) -> int:
    """Return how many SMS a text is: 70 UTF-16 units in one, 67 in each of several."""
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)
