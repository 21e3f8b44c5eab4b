"""What agents write down at their desks: notes of calls, and what their tenant set for it."""

from __future__ import annotations

from typing import Final

import msgspec

MOST_FIELDS: Final = 20


class DeskSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A tenant's settings for his agents' workbench."""

    pause_reasons: tuple[str, ...] = ("小休", "用餐", "会议", "培训")
    wrap_up_codes: tuple[str, ...] = ("咨询", "订单", "售后", "投诉", "无效来电")
    """What an agent may say a call was about (话后小结)."""
    fields: tuple[str, ...] = ("职务", "客户来源")
    """Custom fields of customers."""
    tags: tuple[str, ...] = ("重点客户", "潜在客户", "合作伙伴")
    """Offered where customers are tagged; others may be typed."""
    text_weight: int = 25
    """What a conversation in writing takes of an agent, in per cent; a call takes all of him."""
    answers: tuple[str, ...] = ("您好，您的问题我们已收到，正在为您核实，请稍候。",)
    """Canned answers (快捷回复)."""
    masked: tuple[str, ...] = ()
    """Whose view of callers' numbers lacks their middle: ``agent``, ``wall`` (supervisors)."""


class CallNote(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an agent wrote about a call."""

    call: str
    caller: str
    """Canonical digits; empty: withheld."""
    agent: str
    """工号."""
    at: float
    """UTC POSIX seconds."""
    code: str = ""
    """One of the tenant's wrap-up codes of that day; empty: none."""
    text: str = ""


def words_of(text: str, most: int = 40, longest: int = 20) -> tuple[str, ...]:
    """Read a list that somebody typed, one a line; empty lines and repetitions go."""
    lines = (" ".join(line.split())[:longest] for line in text.split("\n"))
    return tuple(dict.fromkeys(line for line in lines if line))[:most]
