"""What notices say: variables, lengths, hostile values, and texts that carriers would refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notices.kinds import SHIPPED, VARIABLES, NoticeKind
from domain.notices.template import Template, clean, faults, render, segments


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_shipped_words_keep_the_rules(kind: NoticeKind) -> None:
    """Every kind has words, with variables that it knows."""
    words = SHIPPED[kind]
    assert list(faults(Template(kind, sms=words.text, title=words.title, text=words.text))) == []


@pytest.mark.parametrize(
    ("template", "field"),
    [
        (Template("gossip"), ""),
        (Template("missed-call", sms="{caller} 打来，余额 {balance}"), "sms"),
        (Template("recharge", text="{amount"), "text"),
        (Template("recharge", sms="充" * 301), "sms"),
        (Template("recharge", order=("amount", "caller")), "order"),
    ],
)
def test_a_wrong_template_is_refused_where_it_is_wrong(template: Template, field: str) -> None:
    """The operator is told the field, in both languages."""
    found = list(faults(template))
    assert [each.field for each in found] == [field]
    assert found[0].en
    assert found[0].zh


def test_values_are_short_in_one_line_and_without_links() -> None:
    """What the public can write (a caller's number or name) makes no other message of it."""
    values = {
        "caller": "139\r\n【银行】请登录 http://evil.cn 领奖" * 3,
        "balance": "9",
        "number": "4001003721",
    }
    told = clean(NoticeKind.MISSED_CALL, values)
    assert told.keys() == {"caller", "number"}
    assert len(told["caller"]) <= VARIABLES[NoticeKind.MISSED_CALL]["caller"].most
    assert "\n" not in told["caller"]
    assert "http" not in told["caller"]


@given(st.text(max_size=80))
def test_a_value_that_looks_like_a_variable_stays_as_it_is(value: str) -> None:
    """Variables are filled in once: a caller named {balance} reads no balance."""
    assert render("{caller}|{gone}", {"caller": value, "balance": "12.00"}) == f"{value}|"


@pytest.mark.parametrize(("length", "count"), [(0, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
def test_long_messages_are_several(length: int, count: int) -> None:
    """70 characters in one SMS, 67 in each of several."""
    assert segments("充" * length) == count


def test_providers_number_variables_as_the_text_has_them() -> None:
    """Unless the operator gives their order."""
    assert Template("recharge", sms="{balance}、{amount}、{balance}").ordered == ("balance", "amount")
    assert Template("recharge", order=("amount",)).ordered == ("amount",)
