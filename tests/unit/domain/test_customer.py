"""Customers: what people type of them, whose names mean one, and two cards made one."""

from __future__ import annotations

import msgspec
import pytest

from domain.customers.customer import (
    MOST_NUMBERS,
    Customer,
    CustomerKind,
    merged,
    name_key,
    read_mails,
    read_numbers,
    read_tags,
    streams_of,
)
from domain.refusal import BadField

WANG = Customer(
    "a", "王小姐", ("13800138000",), {"职务": "采购"}, "爱喝茶", mails=("wang@sihai.cn",), tags=("重点",)
)


def test_numbers_are_read_as_people_write_them() -> None:
    """With any sign between, in any form of the trunk, each once."""
    assert read_numbers("+86138-0013-8000、010-88886666; 13800138000") == ("13800138000", "01088886666")
    assert read_mails("Wang@Sihai.CN, li@sihai.cn") == ("wang@sihai.cn", "li@sihai.cn")
    assert read_tags("重点 老客户，重点") == ("重点", "老客户")


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (read_numbers, "12x", "not a telephone number: 12x"),
        (read_mails, "wang@", "not an e-mail address: wang@"),
        (read_mails, "a@b@c.cn", "not an e-mail address"),
        (read_numbers, " ".join(str(13800000000 + n) for n in range(MOST_NUMBERS + 1)), "at most 20 numbers"),
    ],
)
def test_what_is_none_is_told_by_its_field(read: object, text: str, says: str) -> None:
    """In both languages."""
    with pytest.raises(BadField, match=says) as wrong:
        read(text)  # type: ignore[operator]
    assert wrong.value.field in ("numbers", "mails")
    assert wrong.value.zh


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王 小姐", "王小姐"),
        ("四海贸易有限公司", "四海贸易"),
        ("ＡＢＣ Ltd.", "abc ltd"),
        ("李明先生", "李明"),
    ],
)
def test_names_that_mean_one_customer(one: str, other: str) -> None:
    """Spaces, width, case, titles and legal forms make no difference."""
    assert name_key(one) == name_key(other)


def test_a_title_alone_is_a_name() -> None:
    """And signs alone are none."""
    assert name_key("先生") == "先生"
    assert name_key("—— ！") == ""


def test_two_cards_become_one_and_nothing_is_lost() -> None:
    """Numbers and tags together; what contradicts is readable in the note; the sooner follow-up stays."""
    other = Customer(
        "b", "王女士", ("13900001111",), {"职务": "总监", "客户来源": "展会"}, "要发票", tags=("老客户",),
        follow_up=200.0, follow_note="报价", was=("c",), others=("a", "z"),
    )  # fmt: skip
    one = merged(msgspec.structs.replace(WANG, follow_up=500.0, follow_note="寒暄"), other)
    assert (one.id, one.name, one.numbers, one.tags) == (
        "a", "王小姐", ("13800138000", "13900001111"), ("重点", "老客户"),
    )  # fmt: skip
    assert one.fields == {"职务": "采购", "客户来源": "展会"}
    assert one.note == "爱喝茶\n又名：王女士\n职务：总监\n要发票"
    assert (one.follow_up, one.follow_note) == (200.0, "报价")
    assert (one.was, one.others) == (("b", "c"), ("z",))
    assert {"customer:a", "customer:b", "customer:c", "number:13900001111"} <= set(streams_of(one))


def test_what_cannot_be_merged_says_why() -> None:
    """A person with a company; more numbers than a card holds."""
    with pytest.raises(BadField, match="a person and a company"):
        merged(WANG, Customer("b", "四海", kind=CustomerKind.COMPANY))
    many = tuple(str(13900000000 + n) for n in range(MOST_NUMBERS))
    with pytest.raises(BadField, match="at most 20 numbers"):
        merged(WANG, Customer("b", "王", many))
