"""Which recording a prompt's name stands for: the tenant's own, the pack in use, or the shipped voice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from domain.names import as_named, is_name
from domain.snapshot import BoxSnapshot, TenantSnapshot
from domain.structures import fields_of

V = TypeVar("V")

SHIPPED_PACK: Final = "zh_CN"
"""The voice that comes with the product; what other packs lack is spoken by it."""


UNHEARD: Final = "0" * 64
"""Stands where an address must, and there is none yet: nothing is played."""

_ADDRESS = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OWN: Final = "prompt:"


def own_name(reference: str) -> str | None:
    """Return the name in a reference to a prompt that the tenant uploaded, such as ``prompt:greeting``; None
    when it is none."""
    if not reference.startswith(_OWN):
        return None
    name = as_named(reference.removeprefix(_OWN))
    return name if is_name(name) else None


def references_in(value: Any) -> Iterator[str]:
    """Find the names of own prompts anywhere in configuration; nothing else is written ``prompt:NAME``."""
    if isinstance(value, str):
        name = own_name(value)
        if name is not None:
            yield name
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from references_in(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from references_in(each)
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from references_in(getattr(value, field))


def resolved(value: V, own: Mapping[str, str]) -> V:
    """Return configuration with each ``prompt:NAME`` replaced by its content address.

    One that nobody approved yet is as if it were not written: None where that is the field's default, left
    out of lists, and UNHEARD elsewhere. What names no own prompt is returned itself.
    """
    return value if next(references_in(value), None) is None else _resolved(value, own, UNHEARD)


def _resolved(value: Any, own: Mapping[str, str], otherwise: Any) -> Any:
    if isinstance(value, str):
        name = own_name(value)
        return value if name is None else own.get(name, otherwise)
    if isinstance(value, (tuple, list)):
        pairs = ((item, _resolved(item, own, None)) for item in value)
        return type(value)(new for item, new in pairs if new is not None or item is None)
    if isinstance(value, dict):
        return {key: _resolved(item, own, otherwise) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        changed = {}
        for field in fields_of(type(value)):
            held = getattr(value, field.name)
            new = _resolved(held, own, None if field.default is None else UNHEARD)
            if new is not held:
                changed[field.name] = new
        return msgspec.structs.replace(value, **changed)
    return value


class PromptBook:
    """Every name of a prompt with its content address, laid out once for many look-ups.

    A system prompt is looked for in the pack of the tenant (when one is chosen for him), among the box's own
    replacements (``system_prompts``), in the pack of the box, and in the shipped voice, in this order.
    """

    def __init__(
        self, box: BoxSnapshot, tenants: Iterable[TenantSnapshot], shipped: Mapping[str, str]
    ) -> None:
        common = {**shipped, **box.prompt_packs.get(box.prompt_pack, {}), **box.system_prompts}
        voices: dict[str, dict[str, str]] = {"": common, SHIPPED_PACK: {**common, **shipped}}
        for name, pack in box.prompt_packs.items():
            voices[name] = {**common, **pack}
        self._common = common
        self._voices: dict[str, dict[str, str]] = {}
        self._own: dict[str, dict[str, str]] = {}
        for tenant in tenants:
            self._voices[tenant.id] = voices.get(tenant.prompt_pack, common)
            self._own[tenant.id] = tenant.prompts

    def find(self, tenant: str | None, name: str) -> str | None:
        """Return the content address of a system prompt, or of ``prompt:NAME``; None: there is none.

        A content address is returned itself: configuration may hold either.
        """
        found = self._voices.get(tenant or "", self._common).get(name)
        if found is not None:
            return found
        own = own_name(name)
        if own is not None:
            return self._own.get(tenant or "", {}).get(own)
        return name if _ADDRESS.fullmatch(name) and name != UNHEARD else None
