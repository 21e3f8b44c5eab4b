"""Documents and web answers are what somebody else wrote: nothing but a clear word may come of them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flow.answers import MOST_FIELDS, fields_of
from domain.flow.checker import is_web_address
from domain.flow.document import FlowDocument
from domain.flow.problems import FlowError, FlowProblem
from domain.flow.reading import as_written, read_document
from tests.unit.flow.test_properties import FLOWS

WORDS = st.sampled_from(
    [
        "start",
        "nodes",
        "kind",
        "menu",
        "play",
        "hours",
        "go",
        "keys",
        "next",
        "schedule",
        "prompts",
        "n1",
        "1",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(JSON | st.fixed_dictionaries({"start": WORDS, "nodes": st.dictionaries(WORDS, JSON, max_size=4)}))
def test_any_document_is_read_or_refused_in_words(plain: Any) -> None:
    """Never another error, and words in both languages."""
    problems: tuple[FlowProblem, ...] = ()
    try:
        read_document(json.dumps(plain).encode("utf-8", "surrogatepass"))
    except FlowError as error:
        problems = error.problems
    assert all(problem.line("en") and problem.line("zh") for problem in problems)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=64) | JSON.map(lambda plain: json.dumps(plain).encode("utf-8", "surrogatepass")))
def test_any_answer_of_a_web_server_becomes_texts(body: bytes) -> None:
    """Or None; values are short."""
    fields = fields_of(body)
    assert fields is None or all(len(value) <= 256 for value in fields.values())


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"a": {"b": 1.50, "c": true, "d": null, "e": [1]}, "f": "x"}',
         {"a.b": "1.5", "a.c": "true", "a.d": "", "f": "x"}),
        (b"[1]", None),
        (b"", None),
        (b"{" * 5000, None),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, {}),
        (b"\xff{}", None),
        ('{"名": "王"}'.encode(), {"名": "王"}),
    ],
)  # fmt: skip
def test_fields_of_an_answer(body: bytes, fields: dict[str, str] | None) -> None:
    """Within others by dots; lists are left out; what is nested too deep is not JSON for us."""
    found = fields_of(body)
    assert found == fields or (body.startswith(b'{"a":{"a"') and found is None)


def test_an_answer_with_a_million_fields_is_cut() -> None:
    """The first of them count."""
    body = json.dumps({f"f{number}": number for number in range(5000)}).encode()
    found = fields_of(body)
    assert found is not None
    assert len(found) == MOST_FIELDS


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=40) | st.text("htps:/@#[]%.0127?& \n", max_size=30).map(lambda text: f"http://{text}")
)
def test_any_text_is_a_web_address_or_none(text: str) -> None:
    """Never an error; what is one can be asked for."""
    if is_web_address(text):
        assert text.isascii()
        assert not set(text) & set(" \n\r\t")
        assert "@" not in urlsplit(text).netloc


@settings(max_examples=100, deadline=None)
@given(FLOWS)
def test_what_is_written_out_reads_back(flow: FlowDocument) -> None:
    """Also schedules, which are written as lines."""
    written = as_written(flow)
    assert read_document(json.dumps(written).encode()) == flow
    for node in written["nodes"].values():
        assert all(isinstance(line, str) for line in node.get("schedule", ()))
