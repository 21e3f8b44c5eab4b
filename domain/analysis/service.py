"""What was written and asked in a time (会话与工单), beside the calls of the same report. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple, Self

import msgspec

from domain.analysis.columns import Kind
from domain.conversation import Way


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


class Group(NamedTuple):
    """One kind of service as people read it."""

    title: str
    figures: tuple[tuple[str, float | None, Kind], ...]
    """Title, value, and how it is written."""


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


def groups(service: Service, language: str) -> list[Group]:
    """Return the kinds of which there was something, with their figures; ``zh`` or ``en``."""
    kinds = (
        ("邮件", "E-mails", service.mail, _WRITTEN),
        ("短信", "SMS", service.sms, _WRITTEN),
        ("工单", "Tickets", service.tickets, _ASKED),
    )
    return [
        Group(
            zh if language == "zh" else en,
            tuple((each.title(language), getattr(sums, each.name), each.kind) for each in figures),
        )
        for zh, en, sums, figures in kinds
        if sums
    ]
