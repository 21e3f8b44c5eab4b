"""The fields of how numbers are sold: carriers, vanity rules, terms of classes."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

import re
from typing import Any, Final

from domain.money.amounts import MOST_LI
from domain.numbers.numbering import Numbering
from domain.numbers.terms import MOST_YEARS
from domain.numbers.vanity import PatternError, VanityRule, VanityTable
from storage.provisioning import checks as c
from storage.provisioning.fields import Field, object_of
from storage.provisioning.tree import Node

_LI: Final = c.integer(0, MOST_LI)
_digits: Final = c.matching(re.compile("400[0-9]{0,7}", re.ASCII), "number-prefix")
_class: Final = c.matching(re.compile(r"[A-Za-z0-9一-鿿-]{1,12}"), "vanity-class")
DEFAULTS: Final = Numbering()


def pattern(node: Node, path: str, reading: c.Reading) -> Any:
    """A pattern of ten places, such as 400K**AABB."""
    value = c.scalar_text(node, path, reading)
    if value is c.INVALID:
        return value
    written = value if len(value) < 4 or value[3] != "*" else f"{value[:3]}K{value[4:]}"
    try:
        VanityTable((VanityRule("pattern", (written,)),))
    except PatternError:
        return reading.wrong(node, path, "vanity-pattern", value=value)
    return written


RULE_FIELDS: Final = (
    Field("vanity_class", _class, "name", "The class", "分类"),
    Field("patterns", c.list_of(pattern), "list of patterns", "Numbers that fit any of them are of this class", "符合任一规则的号码属于该分类"),
)  # fmt: skip

TERMS_FIELDS: Final = (
    Field("minimum_li", c.optional(_LI), "厘, or null", "Minimum spend a month; null: not set, so the class is not offered", "每月最低消费（厘）；null 表示未设置，暂不可办理"),
    Field("years", c.integer(0, MOST_YEARS), "0 to 30", "Term of the contract; 0: none", "承诺在网年限；0 表示不限"),
    Field("fee_li", _LI, "厘", "Picking fee, once", "选号费（厘），一次性"),
    Field("deposit_li", _LI, "厘", "Paid in before activation", "预存话费（厘）"),
    Field("step_month", c.integer(0, 1200), "0 to 1200", "From this natural month after activation on (that of activation is month 0) another minimum holds; 0: none does", "自第几个自然月起执行另一最低消费（启用当月为第 0 个月）；0 表示不变"),
    Field("step_minimum_li", _LI, "厘", "That minimum", "届时的每月最低消费（厘）"),
    Field("step_patterns", c.list_of(pattern), "list of patterns", "For which numbers; empty: for all of the class", "适用的号码规则；空表示该分类全部号码"),
    Field("fee_instead_li", c.optional(_LI), "厘, or null", "Picking fee that a customer may pay instead of minimum and term; null: he may not", "可代替最低消费和在网承诺的选号费（厘）；null 表示不可"),
)  # fmt: skip


def _rule(node: Node, path: str, reading: c.Reading) -> Any:
    """A rule; it needs both its fields."""
    found = object_of(RULE_FIELDS)(node, path, reading)
    if found is not c.INVALID:
        for name in ("vanity_class", "patterns"):
            if not found.get(name):
                return reading.wrong(node, f"{path}.{name}", "empty")
    return found


NUMBERING_FIELDS: Final = (
    Field("number_carriers", c.table_of(_digits, c.text(20)), "leading digits: carrier", "Carriers of 400 numbers, over the shipped table", "号码前缀所属运营商；优先于内置表"),
    Field("vanity_rules", c.list_of(_rule, unique=False), "list of vanity_class, patterns", "Vanity classes, the first that fits; empty: the shipped table (docs/numbers.md)", "号码分类规则，按顺序取第一个符合的；空表示内置规则（见 docs/numbers.md）"),
    Field("class_terms", c.table_of(_class, object_of(TERMS_FIELDS)), "class: terms", "Terms of classes, each instead of the shipped ones", "各分类的资费条件；替换内置条件"),
    Field("reservation_days", c.integer(1, 365), "1 to 365", "How long a number stays reserved", "号码预占天数"),
    Field("activation_days", c.integer(1, 60), "1 to 60", "Working days within which an application is promised to be active", "承诺开通的工作日数"),
    Field("renewal_days", c.list_of(c.integer(0, 365)), "list of days", "Days before the end of a term or document on which a reminder goes out", "合同或证件到期前第几天提醒"),
)  # fmt: skip
