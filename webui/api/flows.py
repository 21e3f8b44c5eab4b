"""语音导航: drafts, checks, publishing, going back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec

from domain.flow.document import FlowDocument
from domain.flow.problems import FlowError, FlowProblem
from domain.flow.reading import as_document
from storage.models import Root
from storage.voice import flows as kept
from storage.voice.flows import FlowFault, FlowRefused, FlowState
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, named, query, version_of
from webui.api.configuration import stored
from webui.api.problems import ApiProblem, Fault
from webui.services import flows
from webui.services.provisioning import Stale

NOT_THERE = ("no-tenant", "no-flow", "no-draft", "no-version")


class FlowWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A menu, and what it was made from."""

    document: dict[str, Any]
    seen: Annotated[str, msgspec.Meta(max_length=40)] = ""
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a tenant's menus."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.read(lambda root: kept.flows(root, caller.tenant))
    return {"items": [_object(each) for each in found]}


def show(caller: Caller) -> Mapping[str, Any]:
    """Return a menu as people work on it."""
    query(caller, NoQuery)
    name = named(caller, "flow")

    def read(root: Root) -> dict[str, Any]:
        state = kept.flow(root, caller.tenant, name)
        document = flows.shown(state)
        return {
            "flow": _object(state),
            "document": flows.plain(document),
            "seen": flows.seen(document),
            "problems": _told(caller, flows.problems(root, caller.tenant, name, document)),
        }

    try:
        return caller.services.read(read)
    except FlowFault as fault:
        raise _refused(fault) from fault


def draft(caller: Caller) -> Mapping[str, Any]:
    """Keep a draft; without ``seen`` of a new menu."""
    query(caller, NoQuery)
    name, wish, document = _read(caller)
    services, entry = caller.services, caller.entry("flow-drafted", name)
    try:
        if wish.seen:
            found = flows.save(services, caller.tenant, name, document, wish.seen, entry)
        else:
            found = flows.begin(services, caller.tenant, name, document, entry)
    except FlowFault as fault:
        raise _refused(fault) from fault
    except Stale as error:
        raise _stale() from error
    return {"seen": flows.seen(document), "problems": _told(caller, found)}


def check(caller: Caller) -> Mapping[str, Any]:
    """Say what keeps a menu from being published."""
    query(caller, NoQuery)
    name, _, document = _read(caller)
    found = caller.services.read(lambda root: flows.problems(root, caller.tenant, name, document))
    return {"problems": _told(caller, found)}


def publish(caller: Caller) -> Mapping[str, Any]:
    """Publish a menu."""
    query(caller, NoQuery)
    name, wish, document = _read(caller)
    note = wish.note.strip()
    entry = caller.entry("flow-published", f"{name} {note}".rstrip())
    try:
        return stored(flows.publish(caller.services, caller.tenant, name, document, wish.seen, note, entry))
    except FlowRefused as refused:
        raise _wrong(caller, refused.problems) from refused
    except FlowFault as fault:
        raise _refused(fault) from fault
    except Stale as error:
        raise _stale() from error


def roll_back(caller: Caller) -> Mapping[str, Any]:
    """Publish an earlier version again."""
    query(caller, NoQuery)
    name, number = named(caller, "flow"), version_of(caller)
    entry = caller.entry("flow-rolled-back", f"{name} {number}")
    try:
        return stored(flows.roll_back(caller.services, caller.tenant, name, number, entry))
    except FlowRefused as refused:
        raise _wrong(caller, refused.problems, 409) from refused
    except FlowFault as fault:
        raise _refused(fault) from fault


def delete(caller: Caller) -> Mapping[str, Any]:
    """Take a menu out of force, with its draft."""
    query(caller, NoQuery)
    name = named(caller, "flow")
    try:
        return stored(flows.remove(caller.services, caller.tenant, name, caller.entry("flow-removed", name)))
    except FlowFault as fault:
        raise _refused(fault) from fault


def _read(caller: Caller) -> tuple[str, FlowWish, FlowDocument]:
    name, wish = named(caller, "flow"), body(caller, FlowWish)
    caller.config()
    try:
        return name, wish, as_document(wish.document)
    except FlowError as error:
        raise _wrong(caller, error.problems) from error


def _wrong(caller: Caller, problems: Iterable[FlowProblem], status: int = 422) -> ApiProblem:
    return ApiProblem(status, errors=tuple(Fault(each.node, each.text(caller.language)) for each in problems))


def _refused(fault: FlowFault) -> ApiProblem:
    return ApiProblem(404) if fault.code in NOT_THERE else ApiProblem(409, fault.zh, fault.en)


def _stale() -> ApiProblem:
    return ApiProblem(
        409, "语音导航已被他人修改，请重新读取后再提交", "Somebody else changed the menu: read it again"
    )


def _told(caller: Caller, problems: Iterable[FlowProblem]) -> list[dict[str, str]]:
    return [{"node": each.node, "text": each.text(caller.language)} for each in problems]


def _object(state: FlowState) -> dict[str, Any]:
    return {
        "name": state.name,
        "published": 0 if state.published is None else state.published.version,
        "draft": state.draft is not None,
        "versions": [
            {"version": each.version, "at": each.at, "by": each.by, "note": each.note}
            for each in state.versions[::-1][: flows.MOST_SHOWN]
        ],
    }
