"""Search finds what a look at every text would find, however the texts came, changed and went."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.search import naive
from storage.models.text_index import BLOCK, Text, TextIndex

LETTERS = st.text(st.sampled_from("忘记密码充值账单号a4０Ａ ，"), max_size=12)
TEXTS = st.builds(Text, LETTERS, LETTERS)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.none() | TEXTS), max_size=25)


@settings(max_examples=300, deadline=None)
@given(STEPS, LETTERS)
def test_the_index_finds_what_a_naive_scan_finds(steps: list[tuple[int, Text | None]], query: str) -> None:
    """After texts were put, changed and removed in any order."""
    index, held = TextIndex(), dict[str, Text]()
    for number, text in steps:
        name = f"t{number}"
        before = held.get(name)
        if text is None:
            if before is not None:
                index.remove(name, held.pop(name))
        else:
            index.put(name, text, before)
            held[name] = text
    texts = {name: f"{text.title}\n{text.body}" for name, text in held.items()}
    found = index.search(query, 100)
    assert len(found) == len(set(found))
    assert set(found) == naive(query, texts)
    assert len(index) == len(held)


def test_what_is_removed_leaves_nothing_behind() -> None:
    """The maps are empty again."""
    index, text = TextIndex(), Text("如何充值", "在账单页面充值")
    index.put("a", text)
    index.remove("a", text)
    assert not index.maps
    assert not index.names


def test_words_in_another_order_are_found_where_nothing_better_is() -> None:
    """密码忘记 finds 忘记密码; a text with the words as they stand keeps the others away."""
    index = TextIndex()
    index.put("a", Text("忘记密码怎么办", ""))
    assert index.search("密码忘记", 5) == ["a"]
    index.put("b", Text("密码忘记了", ""))
    assert index.search("密码忘记", 5) == ["b"]


def test_titles_come_first_and_then_the_newest() -> None:
    """Also over the edge of a block of texts."""
    index = TextIndex()
    for number in range(BLOCK + 10):
        index.put(f"n{number:03d}", Text("标题" if number == 3 else "别的", "正文有标题二字"))
    assert index.search("标题", 3) == ["n003", f"n{BLOCK + 9}", f"n{BLOCK + 8}"]


def test_what_is_alike_is_suggested() -> None:
    """By the rare words that a ticket and an article share; nothing for what shares none."""
    index = TextIndex()
    index.put("password", Text("忘记登录密码怎么办", "在登录页点击忘记密码，输入验证码。"))
    index.put("recharge", Text("如何充值", "联系运营商充值，余额在账单页面。"))
    assert index.like("我的登录密码不记得了", 3) == ["password"]
    assert index.like("怎样给余额充值", 3)[0] == "recharge"
    assert index.like("今天天气很好", 3) == []
