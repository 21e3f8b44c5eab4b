"""What was written and asked in a time (会话与工单), beside the calls of the same report. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Self

import msgspec

from domain.analysis.columns import Kind
from domain.customers.conversation import Way


class Sum(msgspec.Struct, frozen=True, array_like=True):
    """Counts that can be added, field by field."""

    def __add__(self, other: Self) -> Self:
        """Return both together."""
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return type(self)(*(one + another for one, another in zip(mine, theirs, strict=True)))

    def __bool__(self) -> bool:
        """Whether anything was counted."""
        return any(msgspec.structs.astuple(self))


class Written(Sum, frozen=True, array_like=True):
    """Conversations of one way: e-mails, or SMS."""

    begun: int = 0
    """Conversations, those that were closed and begin anew included."""
    received: int = 0
    answers: int = 0
    """That people sent."""
    automatic: int = 0
    """Answers out of hours."""
    closed: int = 0
    replied: int = 0
    """Answers to somebody who waited for one."""
    waited_ms: int = 0
    """From the first text that was not answered to that answer, all of them."""

    @property
    def average_s(self) -> float | None:
        """Seconds until an answer on average."""
        return self.waited_ms / 1000 / self.replied if self.replied else None


class Asked(Sum, frozen=True, array_like=True):
    """Tickets of a desk."""

    opened: int = 0
    answers: int = 0
    closed: int = 0
    reopened: int = 0
    late: int = 0
    """Whose answer was not there when it was due."""
    rated: int = 0
    points: int = 0
    """Of all ratings."""

    @property
    def rating(self) -> float | None:
        """The average rating, 1 to 5."""
        return self.points / self.rated if self.rated else None


class Service(Sum, frozen=True, array_like=True):
    """All that was written and asked."""

    mail: Written = Written()
    sms: Written = Written()
    tickets: Asked = Asked()

    def counted(self) -> Iterator[str]:
        """Yield the figures in which something was counted, as :data:`BEHIND` names them."""
        for kind, sums in (("mail", self.mail), ("sms", self.sms), ("ticket", self.tickets)):
            for name in COUNTS[kind]:
                if getattr(sums, name):
                    yield f"{kind}-{name}"


_TEXTS: Final = ("begun", "received", "answers", "automatic", "closed")
COUNTS: Final = {
    "mail": _TEXTS,
    "sms": _TEXTS,
    "ticket": ("opened", "answers", "closed", "reopened", "late", "rated"),
}
"""What each figure of a kind counts one by one, so that there is a list behind it."""
BEHIND: Final = frozenset(f"{kind}-{name}" for kind, names in COUNTS.items() for name in names)
"""The figures that lead to a list."""


def of_way(way: Way, written: Written) -> Service:
    """Return what was written in one way."""
    return Service(mail=written) if way is Way.MAIL else Service(sms=written)


class Figure(NamedTuple):
    """One figure as people read it."""

    name: str
    zh: str
    en: str
    kind: Kind = Kind.COUNT

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.zh if language == "zh" else self.en


class Told(NamedTuple):
    """One figure with its value."""

    title: str
    value: float | None
    kind: Kind
    """How it is written."""
    behind: str
    """Of :data:`BEHIND`; empty: no list is behind it."""


class Group(NamedTuple):
    """One kind of service as people read it."""

    title: str
    figures: tuple[Told, ...]


_WRITTEN: Final = (
    Figure("begun", "新会话", "Conversations begun"),
    Figure("received", "收到", "Received"),
    Figure("answers", "人工回复", "Answered by people"),
    Figure("automatic", "自动回复", "Answered automatically"),
    Figure("closed", "关闭", "Closed"),
    Figure("average_s", "平均回复用时", "Time until an answer", Kind.CLOCK),
)
_ASKED: Final = (
    Figure("opened", "新建", "Opened"),
    Figure("answers", "答复", "Answers"),
    Figure("closed", "关闭", "Closed"),
    Figure("reopened", "重新打开", "Opened again"),
    Figure("late", "超时", "Late"),
    Figure("rated", "评价", "Rated"),
    Figure("rating", "平均评分", "Average rating", Kind.POINTS),
)


class _Kind(NamedTuple):
    zh: str
    en: str
    figures: tuple[Figure, ...]

    def title(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


_KINDS: Final = {
    "mail": _Kind("邮件", "E-mails", _WRITTEN),
    "sms": _Kind("短信", "SMS", _WRITTEN),
    "ticket": _Kind("工单", "Tickets", _ASKED),
}


def groups(service: Service, language: str) -> list[Group]:
    """Return the kinds of which there was something, with their figures; ``zh`` or ``en``."""
    kinds = (("mail", service.mail), ("sms", service.sms), ("ticket", service.tickets))
    return [
        Group(
            _KINDS[kind].title(language),
            tuple(
                Told(
                    each.title(language),
                    getattr(sums, each.name),
                    each.kind,
                    f"{kind}-{each.name}" if each.name in COUNTS[kind] else "",
                )
                for each in _KINDS[kind].figures
            ),
        )
        for kind, sums in kinds
        if sums
    ]


def title_of(behind: str, language: str) -> str:
    """Return what a figure of :data:`BEHIND` is called, with its kind."""
    kind, _, name = behind.partition("-")
    figure = next(each for each in _KINDS[kind].figures if each.name == name)
    return f"{_KINDS[kind].title(language)} · {figure.title(language)}"
