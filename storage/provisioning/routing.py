"""The fields of route plans: who may call, when, and where calls go."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

import re
from typing import Any, Final

from domain.calling.caller import CallerClass
from domain.places.places import shipped_area_codes
from domain.routing.callers import is_area_code, is_number, is_segment
from domain.routing.plan import FORWARDS_EACH, is_whole
from storage.provisioning import checks as c
from storage.provisioning import days
from storage.provisioning.fields import Field, object_of
from storage.provisioning.targets import bound_number
from storage.provisioning.tree import Node, Scalar

_NAME: Final = re.compile(r"[^\x00-\x7f]{2,20}|unknown")
"""A province or a region group; which there are is checked over the whole configuration."""
_PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{3,20}", re.ASCII)


def pattern(node: Node, path: str, reading: c.Reading) -> Any:
    """Whom a list means: a number, a segment, an area code, a province, a region group."""
    value = c.scalar_text(node, path, reading)
    if value is c.INVALID:
        return value
    if is_area_code(value):
        row = shipped_area_codes().rows.get(value)
        if row is not None and row.merged_into:
            return reading.wrong(node, path, "merged-area", value=value, now=row.merged_into)
        return value
    if is_number(value) or is_segment(value) or _NAME.fullmatch(value) is not None:
        return value
    return reading.wrong(node, path, "caller-pattern", value=value)


def pin(node: Node, path: str, reading: c.Reading) -> Any:
    """Digits that callers must key."""
    value = c.scalar_text(node, path, reading)
    if value is c.INVALID or value == "":
        return value
    if value == c.MASK:
        return reading.wrong(node, path, "masked")
    if _PIN.fullmatch(value) is None:
        return reading.wrong(node, path, "pin")
    return value


_whole_number: Final = c.matching(_WHOLE_NUMBER, "phone")
_note: Final = c.or_empty(c.text(60))
_patterns: Final = c.list_of(pattern)

blacklist: Final = c.table_of(pattern, _note)
vip: Final = c.table_of(_whole_number, _note)

SHARE_FIELDS: Final = (
    Field("to", c.destination, "destination", "Where this share of the calls goes", "这部分来电的去向"),
    Field("percent", c.integer(1, 100), "1 to 100", "Whole per cent; all shares of a rule sum to 100", "百分比（整数）；一条规则各项之和须为 100"),
)  # fmt: skip

RULE_FIELDS: Final = (
    Field("name", c.text(40), "text", "What people call the rule", "规则名称"),
    Field("callers", _patterns, "list of callers", "Whom it is for: numbers, segments (1390000*), area codes (024), provinces (辽宁), region groups (东北), unknown; empty: everybody", "适用主叫：号码、号段（1390000*）、区号（024）、省份（辽宁）、大区（东北）、unknown（归属地未知）；空表示所有主叫"),
    Field("classes", c.list_of(c.choice(CallerClass)), "list: mobile, landline, local, short-code, service, international, withheld ...", "Kinds of numbers it is for; empty: every one", "适用号码类型；空表示全部"),
    Field("when", c.optional(days.schedule), "lines of a schedule", "When it holds; null: always", "生效时段；null 表示全天"),
    Field("to", c.optional(c.destination), "destination", "Where such calls go", "去向"),
    Field("split", c.list_of(object_of(SHARE_FIELDS), unique=False, most=100), "list of to, percent", "Instead of `to`: shared out by per cent", "代替 to：按百分比分配"),
)  # fmt: skip


def rule(node: Node, path: str, reading: c.Reading) -> Any:
    """A rule: conditions, and either a destination or shares that sum to 100."""
    found = object_of(RULE_FIELDS)(node, path, reading)
    if found is c.INVALID:
        return found
    shares = found.get("split", [])
    if (found.get("to") is None) is not bool(shares):
        return reading.wrong(node, path, "rule-goal")
    if shares and any("to" not in share or "percent" not in share for share in shares):
        return reading.wrong(node, f"{path}.split", "share-fields")
    percents = [share["percent"] for share in shares]
    if shares and not is_whole(percents):
        return reading.wrong(node, f"{path}.split", "shares", sum=sum(percents))
    return found


def forwards(node: Node, path: str, reading: c.Reading) -> Any:
    """Forward numbers of one kind."""
    found = c.list_of(bound_number, unique=False)(node, path, reading)
    if found is not c.INVALID and len(found) > FORWARDS_EACH:
        return reading.wrong(node, path, "too-many-forwards", count=len(found), most=FORWARDS_EACH)
    return found


ROUTE_FIELDS: Final = (
    Field("blacklist", blacklist, "caller: note", "Callers who are turned away: numbers, segments, area codes, provinces, region groups, unknown", "黑名单：号码、号段、区号、省份、大区、unknown"),
    Field("vip", vip, "number: note", "VIP callers: no area rule bars them, and they go first in queues", "VIP 名单：不受地区限制，排队优先"),
    Field("allow", _patterns, "list of callers", "Only these are connected; empty: everybody", "仅允许呼入的范围；空表示不限"),
    Field("deny", _patterns, "list of callers", "These are not connected", "呼叫阻截范围"),
    Field("hours", c.optional(days.schedule), "lines of a schedule", "When the number is open; null: always", "营业时间；null 表示全天"),
    Field("closed", c.optional(c.destination), "destination", "Where calls go when it is closed; null: an announcement", "非营业时间的去向；null 表示播放提示音"),
    Field("rules", c.list_of(rule, unique=False, most=1000), "list of rules", "The first that fits decides; with none, `entry` of the number", "按顺序匹配，第一条命中的生效；均未命中时按号码的 entry"),
    Field("memory_days", c.decimal(0, 365), "0 to 365", "Days for which a caller first reaches who answered last time; 0: off", "来电转接记忆天数；0 表示关闭"),
    Field("when_busy", forwards, "list of bound numbers, 2 at most", "Rung when the phones were busy", "遇忙前转号码，最多 2 个"),
    Field("when_no_answer", forwards, "list of bound numbers, 2 at most", "Rung when nobody answered; in one call 3 forwards at most", "无应答前转号码，最多 2 个；每次来电最多前转 3 次"),
)  # fmt: skip

_route_plan: Final = object_of(ROUTE_FIELDS)


def route_plan(node: Node, path: str, reading: c.Reading) -> Any:
    """A whole route plan; it replaces the one before."""
    if isinstance(node, Scalar):
        return reading.wrong(node, path, "mapping")
    return _route_plan(node, path, reading)
