"""Tenants and what they are served by: read and changed the way of ``box400 apply``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Final

import msgspec

from storage.models import Root, TenantConfig
from storage.provisioning import read_configuration, tenant_object
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, document, query
from webui.api.problems import ApiProblem, Fault
from webui.services import accounts
from webui.services.passwords import first_password
from webui.services.provisioning import Done, Refused, wish
from webui.services.tenants import new_password

OWN_FIELDS: Final = frozenset(
    ("days", "hold_music", "blacklist", "vip", "web_secret", "monthly_cap_li", "monthly_cap_calls",
     "groups", "flows", "voicemails", "queues", "agents", "extensions", "numbers")
)  # fmt: skip
"""What a tenant's own key changes of his tenant: what his pages change."""
OWN_NUMBER_FIELDS: Final = frozenset(
    ("bound", "strategy", "welcome", "recording_notice", "ringback", "record", "no_answer_seconds",
     "busy_tone_seconds", "entry", "otherwise", "pin", "routing")
)  # fmt: skip


class TenantQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tenants."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z")] | None = None


def tenants(caller: Caller) -> Mapping[str, Any]:
    """Return the tenants that the key may see."""
    asked = query(caller, TenantQuery)

    def read(root: Root) -> list[dict[str, Any]]:
        own = caller.known.key.tenant
        names = [own] if own else root.tenants.keys(asked.cursor, None, excludemin=asked.cursor is not None)
        wanted = islice(names, asked.limit + 1)
        return [_tenant(root, name) for name in wanted if asked.cursor is None or name > asked.cursor]

    found = caller.services.read(read)
    more = len(found) > asked.limit
    items = found[: asked.limit]
    return {"items": items, "next": items[-1]["id"] if more else ""}


def tenant(caller: Caller) -> Mapping[str, Any]:
    """Return one tenant."""
    query(caller, NoQuery)
    caller.config()
    return caller.services.read(lambda root: _tenant(root, caller.tenant))


def show(caller: Caller) -> Mapping[str, Any]:
    """Return what the tenant is served by, secrets masked."""
    query(caller, NoQuery)
    config = caller.config()
    return caller.services.read(lambda root: tenant_object(read_configuration(root), config))


def patch(caller: Caller) -> Mapping[str, Any]:
    """Change what a tenant is served by."""
    query(caller, NoQuery)
    wanted = _wanted(caller)
    caller.config()
    if not caller.is_operator:
        _own_only(caller, wanted)
    return stored(_wish(caller, wanted, "configuration-changed"))


def put_tenant(caller: Caller) -> Mapping[str, Any]:
    """Open a tenant, or change one; a new one is given a first password."""
    query(caller, NoQuery)
    wanted, services, name = _wanted(caller), caller.services, caller.tenant
    password, now = first_password(), services.now()
    given: list[str] = []

    def give(root: Root) -> None:
        given.clear()
        if root.web.account(f"tenant:{name}") is None:
            accounts.give_first_password(root, name, password, now)
            given.append(password)

    done = stored(_wish(caller, wanted, "tenant-put", give))
    return {**done, "first_password": given[0]} if given else done


def first_again(caller: Caller) -> Mapping[str, Any]:
    """Give a tenant a new first password, told once; his sessions and second factor end."""
    query(caller, NoQuery)
    caller.config()
    entry = caller.entry("tenant-password", caller.tenant)
    return {"first_password": new_password(caller.services, caller.tenant, entry)}


def _wish(caller: Caller, wanted: dict[str, Any], action: str, also: Any = lambda root: None) -> Done:
    entry = caller.entry(action, caller.tenant)
    try:
        return wish(caller.services, lambda root: {"tenants": {caller.tenant: wanted}}, entry, also)
    except Refused as refused:
        raise refused_by(caller, refused) from refused


def refused_by(caller: Caller, refused: Refused, below: str = "") -> ApiProblem:
    """Return what rules of the configuration forbid; places as they are below the tenant, or deeper."""
    prefix = f"tenants.{caller.request.matchdict.get('tenant', '')}.{below}"
    return ApiProblem(
        422,
        errors=tuple(
            Fault(each.path.removeprefix(prefix), each.words(caller.language)) for each in refused.problems
        ),
    )


def stored(done: Done) -> dict[str, Any]:
    """Return what became of a wish."""
    told_of: dict[str, Any] = {"changed": done.changed, "in_force": not done.why_not}
    return {**told_of, "why_not": done.why_not} if done.why_not else told_of


def _wanted(caller: Caller) -> dict[str, Any]:
    wanted = document(caller)
    if not isinstance(wanted, dict) or not wanted:
        raise ApiProblem(422, errors=(Fault("", "an object with one field or more"),))
    flows = wanted.get("flows")
    for name, flow in flows.items() if isinstance(flows, dict) else ():
        if isinstance(flow, str):  # in a file of `apply` the name of a file, which nobody may name here
            raise ApiProblem(422, errors=(Fault(f"flows.{name}", "an object"),))
    return wanted


def _own_only(caller: Caller, wanted: dict[str, Any]) -> None:
    """Refuse what only the operator changes."""
    foreign = [name for name in wanted if name not in OWN_FIELDS]
    numbers = wanted.get("numbers")
    if isinstance(numbers, dict):
        own = caller.services.read(lambda root: set(root.tenants[caller.tenant].numbers))
        for number, fields in numbers.items():
            if number not in own:
                foreign.append(f"numbers.{number}")
            elif isinstance(fields, dict):
                foreign += [f"numbers.{number}.{each}" for each in fields if each not in OWN_NUMBER_FIELDS]
    if foreign:
        text = "只有运营者可以修改" if caller.language == "zh" else "only the operator changes this"
        raise ApiProblem(422, errors=tuple(Fault(each, text) for each in foreign))


def _tenant(root: Root, name: str) -> dict[str, Any]:
    held = root.tenants[name]
    config: TenantConfig = held.config.value
    return {
        "id": config.id, "name": config.name, "state": config.state, "numbers": list(held.numbers),
        "tariff": config.tariff, "max_calls": config.max_calls, "bound_limit": config.bound_limit,
    }  # fmt: skip
