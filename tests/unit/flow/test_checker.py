"""What keeps a flow from being published: every mistake is told, all at once, with its node and remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from domain.flow.checker import check
from domain.flow.problems import MESSAGES, FlowError
from domain.flow.reading import as_document, read_document
from domain.flow.words import STEPS, step_words
from tests.unit.flow.scene import World, flow, problems

BYE = {"kind": "hang-up"}
GO = {"kind": "go", "to": "group:sales"}


def menu(*targets: str, **fields: Any) -> dict[str, Any]:
    """Make a menu whose keys 1, 2 ... lead to nodes."""
    keys = {str(key): target for key, target in enumerate(targets, start=1)}
    return {"kind": "menu", "prompts": ["prompt:m"], "keys": keys, **fields}


GOOD = {"main": menu("sales", "more"), "more": menu("sales", "main"), "sales": GO}


def test_a_good_flow_has_no_problem() -> None:
    """Menus that lead back to each other by keys are no endless loop."""
    assert problems(flow(GOOD)) == []


def test_all_problems_are_told_at_once_in_the_order_of_the_nodes() -> None:
    """A start that is right, and five mistakes."""
    nodes = {
        "main": menu("sales", "gone", prompts=["prompt:missing"]),
        "sales": {"kind": "go", "to": "group:missing"},
        "orphan": BYE,
        "split": {"kind": "percentage", "shares": [{"percent": 60, "next": "orphan"}]},
    }
    assert problems(flow(nodes), World("prompt:missing", "group:missing")) == [
        ("main", "no-node"),
        ("main", "no-prompt"),
        ("sales", "no-destination"),
        ("orphan", "unreachable"),
        ("split", "unreachable"),
        ("split", "shares"),
    ]


@pytest.mark.parametrize(
    ("nodes", "node", "way"),
    [
        pytest.param({"a": {"kind": "play", "prompts": ["welcome"], "next": "a"}}, "a", "a → a", id="music"),
        pytest.param(
            {"main": menu("sales", default="hello"), "sales": GO,
             "hello": {"kind": "play", "prompts": ["x"], "next": "main"}},
            "main", "main → hello → main", id="a silent caller is asked for ever",
        ),
        pytest.param(
            {"web": {"kind": "request", "url": "http://crm.example/", "default": "hours"},
             "hours": {"kind": "hours", "schedule": ["daily 09:00-18:00"], "open": "sales", "closed": "web"},
             "sales": GO},
            "web", "web → hours → web", id="at night the web is asked for ever",
        ),
    ],
)  # fmt: skip
def test_an_endless_loop_without_a_key(nodes: dict[str, Any], node: str, way: str) -> None:
    """Time-outs are no input."""

    (found,) = [each for each in check(flow(nodes), World()) if each.code == "loop"]
    assert (found.node, found.facts["way"]) == (node, way)


def test_a_menu_without_a_way_out() -> None:
    """All its keys lead to menus that lead back to it."""
    nodes = {"a": menu("b"), "b": menu("a")}
    assert problems(flow(nodes)) == [("a", "no-way-out"), ("b", "no-way-out")]
    dialling = {"a": menu("b", extensions=True), "b": menu("a")}
    assert problems(flow(dialling)) == []
    assert problems(flow(dialling), World(extensions=())) == [
        ("a", "no-way-out"), ("a", "no-extensions"), ("b", "no-way-out"),
    ]  # fmt: skip


def test_ten_menus_are_the_deepest() -> None:
    """Five are the least the product promises; eleven are too many."""
    nodes: dict[str, Any] = {f"m{depth}": menu(f"m{depth + 1}", "sales") for depth in range(1, 12)}
    nodes |= {"m12": BYE, "sales": GO}
    assert problems(flow(nodes)) == [("m11", "too-deep")]
    nodes["m1"] = menu("m2", "sales", "m11")
    assert problems(flow(nodes)) == []


COLLECT: dict[str, Any] = {"kind": "collect", "prompts": ["x"], "variable": "v", "next": "end"}


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"kind": "menu", "prompts": ["x"]}, "no-keys"),
        ({"kind": "menu", "keys": {"1": "end"}}, "nothing-to-hear"),
        ({"kind": "dial", "keys": {"8": "end"}}, "key-and-extension"),
        ({**COLLECT, "least": 5, "most": 4}, "least-most"),
        ({**COLLECT, "allowed": ["12#"]}, "never-right"),
        ({**COLLECT, "allowed": ["12"], "rule": "mobile"}, "never-right"),
        ({**COLLECT, "variable": "caller"}, "built-in"),
        ({"kind": "play", "prompts": ["digits:unset"], "next": "end"}, "no-variable"),
        ({"kind": "set", "variable": "v", "value": "{unset}", "next": "end"}, "no-variable"),
        ({"kind": "set", "variable": "number", "value": "", "next": "end"}, "built-in"),
        ({"kind": "branch", "variable": "unset", "cases": {"1": "end"}, "default": "end"}, "no-variable"),
        ({"kind": "branch", "variable": "caller", "cases": {}, "default": "end"}, "no-cases"),
        ({"kind": "area", "cases": [], "default": "end"}, "no-cases"),
        ({"kind": "area", "cases": [{"next": "end"}], "default": "end"}, "empty-case"),
        ({"kind": "request", "url": "https://u:p@crm.example/", "default": "end"}, "url"),
        ({"kind": "request", "url": "https://crm.example:99999/", "default": "end"}, "url"),
        ({"kind": "request", "url": "https:///x", "default": "end"}, "url"),
        ({"kind": "request", "url": "https://crm.example/a b", "default": "end"}, "url"),
        (
            {"kind": "request", "url": "http://c.example/", "cases": {"1": "end"}, "default": "end"},
            "field-needed",
        ),
        (
            {"kind": "request", "url": "http://c.example/", "save": {"caller": "x"}, "default": "end"},
            "built-in",
        ),
        ({"kind": "go", "to": "flow:main"}, "itself"),
        ({"kind": "go", "to": "nowhere:x"}, "no-destination"),
        ({"kind": "go", "to": "announcement:missing"}, "no-prompt"),
    ],
)
def test_a_mistake_within_one_node(node: dict[str, Any], code: str) -> None:
    """Each is found at its node."""
    found = problems(flow({"n": node, "end": BYE}), World("missing", extensions=("8",)))
    assert ("n", code) in found


def test_a_start_that_is_not_there() -> None:
    """One problem, not one for each node that nothing leads to."""
    assert problems(flow({"a": BYE, "b": BYE}, start="gone")) == [("", "no-start")]


# -- reading -------------------------------------------------------------------------------------------


def wrong(data: bytes) -> list[tuple[str, str]]:
    """Read a document that cannot be read; return node and code of its problems."""
    with pytest.raises(FlowError) as error:
        read_document(data)
    return [(problem.node, problem.code) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"start": "a", "nodes": {"a": {"kind": "hang-up"}, "a": {"kind": "hang-up"}}}', [("", "twice")]),
        (
            '{"start": "a", "nodes": {"a": {"kind": "menu", "keys": {"1": "a", "1": "a"}, "title": 7},'
            ' "b": {"kind": "hours", "schedule": ["whenever"], "open": "a", "closed": "a"}, "c": {}}}',
            [("a", "twice"), ("a", "shape"), ("b", "schedule"), ("c", "shape")],
        ),
        ('{"start": "a", "nodes": {"a": {"kind": "menu", "keys": {"12": "a"}}}}', [("a", "no-key")]),
        ('{"start": "a", "nodes": {"a": {"kind": "hang-up", "title": "a\\u0000"}}}', [("a", "control")]),
        ('{"start": "a", "nodes": {"a": {"kind": "hang-up", "colour": 1}}}', [("a", "shape")]),
        ('{"start": "a", "nodes": {"b c": {"kind": "hang-up"}}}', [("", "shape")]),
        ('{"nodes": []}', [("", "shape")]),
        ("[]", [("", "shape")]),
        ('{"start": NaN}', [("", "not-json")]),
        ("{", [("", "not-json")]),
        ("[" * 100_000, [("", "not-json")]),
        (" " * 600_000, [("", "too-large")]),
        ("\udcff", [("", "not-json")]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(text: str, expected: list[tuple[str, str]]) -> None:
    """Keys that stand twice included, which JSON would take silently."""
    assert wrong(text.encode("utf-8", "surrogateescape")) == expected


def test_numbers_of_yaml_may_be_texts() -> None:
    """In a provisioning file every value is a text."""
    plain = {"start": "a", "nodes": {"a": {"kind": "menu", "keys": {"1": "b"}, "retries": "2",
                                           "interruptible": "false"}, "b": BYE}}  # fmt: skip
    node = as_document(plain, strict=False).nodes["a"]
    assert (node.retries, node.interruptible) == (2, False)  # type: ignore[union-attr]


def test_every_problem_can_happen() -> None:
    """No message without somebody who says it."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path("domain/flow").glob("*.py"))
    unsaid = [code for code in MESSAGES if len(re.findall(rf'"{code}"', source)) < 2]
    assert unsaid == []


def test_every_step_of_a_menu_has_words() -> None:
    """Whatever menus write into the record is told in both languages."""
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (Path("domain/flow/interpreter.py"), Path("b2bua/calls/menu.py"))
    )
    written = set(re.findall(r'(?:note|step)\(\s*"([a-z-]+)"', source)) | {"menu-wrong-key", "menu-no-key"}
    assert written <= set(STEPS)
    assert step_words("menu", "main", "zh") == "节点 main"
    assert step_words("routed", "x") is None


def test_what_is_no_key_is_named_with_what_may_stand_there() -> None:
    """Each of them, and not the pattern a program checks it by."""
    nodes = {"main": {"kind": "menu", "prompts": ["welcome"], "keys": {"1x": "bye", "A": "bye"}}, "bye": BYE}
    with pytest.raises(FlowError) as wrong:
        as_document({"start": "main", "nodes": nodes})
    assert [(each.node, each.text()) for each in wrong.value.problems] == [
        ("main", "'1x' is no key: 0-9, * or #"),
        ("main", "'A' is no key: 0-9, * or #"),
    ]
