"""What must fit together in prompts: those that something names, and packs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.voice.prompts import SHIPPED_PACK, references_in
from storage.models import OWN_PROMPTS
from storage.provisioning.owned import Owned, fields_of_tenants
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish, Wishes
from storage.provisioning.state import Configuration


def check_prompts(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Return what does not fit; whether a tenant's prompt is approved shows on the call."""
    yield from _empty(wishes, after)
    yield from _references(wishes, after)
    yield from _packs(wishes, after)


def _empty(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    for wish in wishes.parts[OWN_PROMPTS]:
        own = after.parts[OWN_PROMPTS].get((wish.tenant, wish.key))
        if not wish.absent and own is not None and not own.audio:
            yield wish.problem("empty", "audio")


def _references(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    places: list[Owned] = [*fields_of_tenants(wishes, after)]
    for key, wish in _kept(wishes):
        values = msgspec.structs.asdict(after.tenants[key])
        places += [(key, wish.problem, field, value) for field, value in values.items()]
    for tenant, told, field, value in places:
        for name in references_in(value):
            if name not in after.own_prompts(tenant):
                yield told("own-prompt", field, value=name, tenant=tenant)


def _packs(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    known = {"", SHIPPED_PACK, *after.packs}
    chosen = [(wish, after.tenants[name].prompt_pack) for name, wish in _kept(wishes)]
    if wishes.box is not None:
        chosen.append((wishes.box, after.box.prompt_pack))
    for wish, pack in chosen:
        if pack not in known:
            yield wish.problem("no-pack", "prompt_pack", value=pack)


def _kept(wishes: Wishes) -> Iterator[tuple[str, Wish]]:
    return ((key, wish) for key, wish in wishes.tenants.items() if not wish.absent)
