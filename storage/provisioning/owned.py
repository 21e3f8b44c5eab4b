"""Every field of what tenants own, with where a problem at it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from domain.structures import fields_of
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish, Wishes
from storage.provisioning.state import Configuration

Owned = tuple[str, Callable[..., Problem], str, Any]
"""Tenant, how to tell a problem (code, field, facts), name of the field, its value."""


def fields_of_tenants(wishes: Wishes, after: Configuration) -> Iterator[Owned]:
    """Yield every field of numbers and parts, also of those that the file does not name."""
    by_place = {(wish.section.plural, wish.tenant, wish.key): wish for wish in owned_wishes(wishes)}
    owned: list[tuple[str, str, str, msgspec.Struct]] = [
        ("", tenant, number, plan) for number, (tenant, plan) in after.numbers.items()
    ]
    for kind, parts in after.parts.items():
        owned += [(kind, tenant, name, value) for (tenant, name), value in parts.items()]
    for kind, tenant, name, value in owned:
        wish = by_place.get((kind, tenant, name))
        if wish is not None:
            told: Callable[..., Problem] = wish.problem
        else:
            told = partial(_elsewhere, wishes.file, f"tenants.{tenant}.{kind or 'numbers'}.{name}")
        for field in fields_of(type(value)):
            yield tenant, told, field.name, getattr(value, field.name)


def _elsewhere(file: str, path: str, code: str, field: str, **facts: object) -> Problem:
    """Return a problem at an object that the file does not name."""
    return Problem(file, 1, f"{path}.{field}", code, facts)


def owned_wishes(wishes: Wishes) -> Iterator[Wish]:
    """Yield every wish about numbers and parts."""
    yield from wishes.numbers
    for parts in wishes.parts.values():
        yield from parts
