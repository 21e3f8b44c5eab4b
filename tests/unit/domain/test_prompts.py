"""References to a tenant's own prompts become what callers hear."""

from __future__ import annotations

import msgspec
import pytest

from domain.snapshot import NumberPlan
from domain.voice.prompts import UNHEARD, own_name, references_in, resolved

HEARD = {"greeting": "aa" * 32}


class Node(msgspec.Struct, frozen=True):
    """As a menu has them."""

    prompt: str
    again: str | None = None
    comforts: tuple[str, ...] = ()
    by_key: dict[str, str] = {}


@pytest.mark.parametrize(
    "text", ["greeting", "prompt:", "prompt:a b", "prompt:!", "Prompt:a", "prompt:a\n", ""]
)
def test_what_is_no_reference(text: str) -> None:
    """A reference is `prompt:` and a name, nothing else."""
    assert own_name(text) is None


def test_references_become_addresses() -> None:
    """Wherever they stand; what is no reference stays."""
    plan = NumberPlan(number="4001003721", welcome="prompt:greeting", ringback="bb" * 32)
    assert resolved(plan, HEARD) == msgspec.structs.replace(plan, welcome="aa" * 32)
    node = Node(
        "prompt:greeting", "prompt:greeting", ("cc" * 32, "prompt:greeting"), {"1": "prompt:greeting"}
    )
    assert resolved((node,), HEARD) == (Node("aa" * 32, "aa" * 32, ("cc" * 32, "aa" * 32), {"1": "aa" * 32}),)
    assert sorted(references_in([node, plan])) == ["greeting"] * 5


def test_what_nobody_approved_is_as_if_not_written() -> None:
    """No welcome at all rather than a silent one; where an address must stand, one that plays nothing."""
    plan = NumberPlan(number="4001003721", welcome="prompt:new")
    assert resolved(plan, HEARD).welcome is None
    node = Node("prompt:new", "prompt:new", ("prompt:new", "cc" * 32), {"1": "prompt:new"})
    assert resolved(node, HEARD) == Node(UNHEARD, None, ("cc" * 32,), {"1": UNHEARD})


def test_configuration_without_references_is_not_copied() -> None:
    """Building a snapshot of a large tenant costs no more than looking."""
    plan = NumberPlan(number="4001003721", welcome="aa" * 32)
    assert resolved(plan, HEARD) is plan
