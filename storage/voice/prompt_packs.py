"""Prompt packs: all or some system prompts in one voice. Every function is the work of one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from domain.names import IDENTIFIER
from domain.voice.prompts import SHIPPED_PACK
from storage.models import Pack, PromptPack, Root
from storage.voice.prompt_faults import PromptFault


def put(root: Root, pack: PromptPack) -> None:
    """Add a pack, or replace the one of that name; heard from the next call on. Raises PromptFault."""
    require_name(pack.name)
    model = root.prompt_packs.get(pack.name)
    if model is not None and model.value.prompts == pack.prompts:
        model.value = pack
        return
    if model is None:
        root.prompt_packs[pack.name] = Pack(pack)
    else:
        model.value = pack
    _changed(root)


def remove(root: Root, name: str) -> PromptPack:
    """Remove a pack that nobody uses. Raises PromptFault."""
    pack = find(root, name)
    users = sorted(users_of(root, name))
    if users:
        raise PromptFault("pack-in-use", name=name, users=", ".join(users))
    del root.prompt_packs[name]
    _changed(root)
    return pack


def find(root: Root, name: str) -> PromptPack:
    """Return a pack. Raises PromptFault."""
    model = root.prompt_packs.get(name)
    if model is None:
        known = ", ".join([SHIPPED_PACK, *root.prompt_packs])
        raise PromptFault("no-pack", name=name, known=known)
    pack: PromptPack = model.value
    return pack


def packs(root: Root) -> list[PromptPack]:
    """Return every imported pack by name."""
    return [model.value for model in root.prompt_packs.values()]


def users_of(root: Root, name: str) -> Iterator[str]:
    """Return who has chosen a pack, for people: ``the box``, ``tenant acme``."""
    if root.box.value.prompt_pack == name:
        yield "the box"
    for tenant in root.tenants.values():
        if tenant.config.value.prompt_pack == name:
            yield f"tenant {tenant.config.value.id}"


def require_name(name: str) -> None:
    """Raise PromptFault unless a pack may be called so."""
    if IDENTIFIER.fullmatch(name) is None:
        raise PromptFault("identifier", name=name)
    if name == SHIPPED_PACK:
        raise PromptFault("pack-name", name=name)


def _changed(root: Root) -> None:
    root.version += 1
    root.box_version = root.version
