"""What people may call a group, a queue, a menu or a prompt."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.names import IDENTIFIER, MOST_CHARACTERS, MOST_OCTETS, as_named, is_name
from domain.routing.destination import Destination, DestinationKind
from domain.voice.prompts import own_name

NAMED = [kind for kind in DestinationKind if kind not in ("bound", "hang-up", "announcement")]
ANYTHING = st.text(max_size=MOST_CHARACTERS + 5)
LIKE_NAMES = st.text(
    st.characters(categories=("L", "Nd", "Mn", "Mc"), include_characters="._- /:\u3000\u200b\u202e"),
    min_size=1,
    max_size=MOST_CHARACTERS,
)


@pytest.mark.parametrize(
    "name",
    [
        "销售部",
        "欢迎词",
        "主菜单",
        "VIP客户-2",
        "1号线",
        "sales_2.new",
        "Отдел",
        "قسم",
        "བོད་སྐད"[:3],
        "中" * 40,
    ],
)
def test_people_call_things_in_their_script(name: str) -> None:
    """Chinese first, any other as well, with the marks that names always had."""
    assert is_name(as_named(name))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 销售部 ", "销售部"),
        ("　销售部", "销售部"),
        ("ＶＩＰ－１", "VIP-1"),
        ("e\u0301quipe", "équipe"),
        ("①号线", "1号线"),
    ],
)
def test_what_is_typed_is_kept_in_one_form(typed: str, kept: str) -> None:
    """What an input method or another system writes differently is the same name."""
    assert as_named(typed) == kept
    assert is_name(kept)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", ".hidden", "-v", "_x", "\u0301a", "a/b", "a b", "a:b", "销售 部", "销售，部",
        "a\n", "a\0", "<b>", "a%2fb", "a?b", "a#b", "=1+1", "销售\u200b部", "销售\ufe0f部", "\u202e部售销",
        "\u3164", "😀", "ＶＩＰ", "e\u0301", "a" * (MOST_CHARACTERS + 1), "𠀀" * 31, "\udc80",
    ],
)  # fmt: skip
def test_what_is_no_name(name: str) -> None:
    """Nothing that ends a word, hides, turns the reading or leads out of a folder."""
    assert not is_name(name)


@given(ANYTHING | LIKE_NAMES)
def test_a_name_travels_unharmed(text: str) -> None:
    """Whatever is a name is one word in every journal step, address, file and reference that carries it."""
    name = as_named(text)
    assert as_named(name) == name
    if not is_name(name):
        return
    assert len(name.encode()) <= MOST_OCTETS
    assert not set(name) & set(" \t\r\n/\\:;,'\"<>&?#%=+@`$|{}[]()*!")
    assert all(unicodedata.category(char)[0] in "LMN" or char in "._-" for char in name)
    assert name.split() == [name]
    assert unquote(quote(name)) == name
    for kind in NAMED:
        assert Destination.parse(f"{kind}:{text}") == Destination(kind, name)
    assert own_name(f"prompt:{text}") == name


@given(st.from_regex(IDENTIFIER, fullmatch=True))
def test_what_was_a_name_before_is_one(text: str) -> None:
    """A box that is upgraded keeps all its names as they are."""
    assert as_named(text) == text
    assert is_name(text)
