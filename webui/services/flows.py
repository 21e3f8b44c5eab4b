"""语音导航: drafts, checks, trial walks, publishing; nobody's draft is overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from b2bua.control import Begun, TryMenu
from b2bua.in_force import change_in_force
from b2bua.recorder import voice
from domain.calling.caller import canonical_caller
from domain.calling.facts import facts_of
from domain.flow.document import Flow, FlowDocument, Go, Menu, Node, NodeId
from domain.flow.problems import FlowProblem
from domain.flow.reading import as_written
from domain.flow.simulation import Course, simulate
from domain.flow.steps import Surroundings
from domain.places.places import Places
from domain.places.regions import regions_with
from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.flow_world import FlowWorld
from storage.provisioning.state import read_configuration
from storage.records.record import CallRecord
from storage.voice import flows
from storage.voice.flows import FlowRefused
from webui.services.box import BoxServices
from webui.services.provisioning import Done, Stale
from webui.services.routing import digest
from webui.services.schedules import calendar_of

Problems = tuple[FlowProblem, ...]
MOST_SHOWN: Final = 50
"""Versions in the list."""
WELCOMES: Final = ("welcome", "欢迎词")
"""What a tenant's own greeting is called: as the page of prompts offers in either language."""


class Caller(NamedTuple):
    """Who walks through a flow, and when."""

    number: str
    keys: str
    at: float


class Way(NamedTuple):
    """The way that a past call took."""

    version: int
    nodes: list[str]


def starter(root: Root, tenant: str) -> FlowDocument:
    """Return what a new menu begins with, without a fault: 1 the phones, 9 a message if it has a box.

    The tenant's own greeting is said if one of those names is heard already.
    """
    held = root.tenants[tenant]
    own = held.own_prompts()
    heard = next((name for name in WELCOMES if name in own and own[name].in_force), None)
    greeting = "welcome" if heard is None else f"prompt:{heard}"
    nodes: dict[NodeId, Node] = {"phones": Go(to="bound", position=(460, 100))}
    keys = {"1": "phones"}
    if box := next(iter(held.parts.get("voicemails", ())), ""):
        keys["9"] = "message"
        nodes["message"] = Go(to=f"voicemail:{box}", position=(460, 240))
    menu = Menu(prompts=(greeting,), keys=keys, default="phones", position=(160, 160))
    return FlowDocument(start="menu", nodes={"menu": menu, **nodes})


def shown(state: flows.FlowState) -> FlowDocument:
    """Return what people work on: the draft, else what is in force, else the newest version."""
    if state.draft is not None:
        return state.draft.document
    if state.published is not None:
        return state.published.document()
    return state.versions[-1].document


def seen(document: FlowDocument) -> str:
    """Return what names this state of a menu."""
    return digest(as_written(document))


def problems(root: Root, tenant: str, name: str, document: FlowDocument) -> Problems:
    """Return what keeps a menu from being published."""
    return flows.problems_of(root, tenant, name, document, list(voice.WORDS))


def begin(
    services: BoxServices, tenant: str, name: str, document: FlowDocument, entry: AuditEntry
) -> Problems:
    """Keep the first draft of a menu; raises Stale when there is one of the name, FlowFault, StoreDown."""
    now = services.now()

    def work(root: Root) -> Problems:
        if any(each.name == name for each in flows.flows(root, tenant)):
            raise Stale(name)
        flows.save_draft(root, tenant, name, document, by=entry.who, at=now)
        root.web.note(entry)
        return problems(root, tenant, name, document)

    return services.change(work, entry.action)


def save(
    services: BoxServices, tenant: str, name: str, document: FlowDocument, was: str, entry: AuditEntry
) -> Problems:
    """Keep a draft; raises Stale when it is not what the page began with, FlowFault, StoreDown."""
    now = services.now()

    def work(root: Root) -> Problems:
        _require(root, tenant, name, was)
        flows.save_draft(root, tenant, name, document, by=entry.who, at=now)
        root.web.note(entry)
        return problems(root, tenant, name, document)

    return services.change(work, entry.action)


def publish(
    services: BoxServices,
    tenant: str,
    name: str,
    document: FlowDocument,
    was: str,
    note: str,
    entry: AuditEntry,
) -> Done:
    """Publish a menu; raises Stale, FlowRefused, FlowFault, StoreDown."""
    now = services.now()

    def work(root: Root) -> None:
        _require(root, tenant, name, was)
        flows.save_draft(root, tenant, name, document, by=entry.who, at=now)
        flows.publish(root, tenant, name, None, list(voice.WORDS), by=entry.who, at=now, note=note)
        root.web.note(entry)

    return _in_force(services, work, entry)


def call(
    services: BoxServices, tenant: str, name: str, document: FlowDocument, phone: str, entry: AuditEntry
) -> str:
    """Ring a phone of the tenant and lead it through a menu as it stands here; return the call's id.

    Raises FlowRefused, ControlDown, ControlFailed, StoreDown.
    """

    def read(root: Root) -> tuple[Problems, str]:
        return problems(root, tenant, name, document), _number_of(root, tenant, phone)

    wrong, number = services.read(read)
    if wrong:
        raise FlowRefused(wrong)
    services.audit(entry)
    flow = Flow(name=name, title=document.title, start=document.start, nodes=document.nodes)
    return services.ask(TryMenu(tenant, number, phone, flow), Begun).call


def _number_of(root: Root, tenant: str, phone: str) -> str:
    """Return the 400 number that a phone is bound to, else the tenant's first one; empty: he has none."""
    numbers = root.tenants[tenant].numbers
    for name, plan in numbers.items():
        if any(each.number == phone and each.enabled for each in plan.value.bound):
            return str(name)
    return next(iter(numbers), "")


def roll_back(services: BoxServices, tenant: str, name: str, number: int, entry: AuditEntry) -> Done:
    """Publish an earlier version again; raises FlowRefused, FlowFault, StoreDown."""
    now = services.now()

    def work(root: Root) -> None:
        flows.roll_back(root, tenant, name, number, list(voice.WORDS), by=entry.who, at=now)
        root.web.note(entry)

    return _in_force(services, work, entry)


def remove(services: BoxServices, tenant: str, name: str, entry: AuditEntry) -> Done:
    """Take a menu out of force, with its draft; raises FlowFault, StoreDown."""

    def work(root: Root) -> None:
        flows.remove(root, tenant, name)
        root.web.note(entry)

    return _in_force(services, work, entry)


def walk(
    root: Root, places: Places, tenant: str, name: str, document: FlowDocument, caller: Caller
) -> Course:
    """Lead a caller through a menu without a call."""
    configuration = read_configuration(root)
    who = canonical_caller(caller.number)
    regions = regions_with(configuration.box.region_groups)
    facts = facts_of(who, places, regions, calendar_of(root, tenant), caller.at)
    around = Surroundings(
        when=facts.when, flow=name, caller=who.canonical, place=facts.place, region=facts.region,
        dial=FlowWorld(configuration, tenant, ()).dial,
    )  # fmt: skip
    return simulate(document, around, caller.keys)


def way_of(record: CallRecord, name: str) -> Way | None:
    """Return the nodes of a menu that a call came to, in order; None: it was never in it."""
    found: Way | None = None
    inside = False
    for moment in record.timeline:
        what, _, detail = moment.detail.partition(" ")
        if moment.what != "step":
            continue
        if what == "flow":
            flow, _, version = detail.partition(" v")
            inside = flow == name
            if inside and found is None:
                found = Way(int(version) if version.isdigit() else 0, [])
        elif what == "menu" and inside and found is not None:
            found.nodes.append(detail)
    return found


def menus_of(record: CallRecord) -> list[str]:
    """Return the menus that a call went through."""
    names = [
        moment.detail.split(" ")[1]
        for moment in record.timeline
        if moment.what == "step" and moment.detail.startswith("flow ")
    ]
    return list(dict.fromkeys(names))


def _require(root: Root, tenant: str, name: str, was: str) -> None:
    """Raise Stale unless the menu is still what the page began with."""
    if seen(shown(flows.flow(root, tenant, name))) != was:
        raise Stale(name)


def _in_force(services: BoxServices, work: Callable[[Root], Any], entry: AuditEntry) -> Done:
    _, why_not = change_in_force(services.data, services.database, work, f"web {entry.action}")
    return Done(True, why_not)


def plain(document: FlowDocument) -> dict[str, Any]:
    """Return a menu as the editor knows it."""
    found: dict[str, Any] = msgspec.to_builtins(as_written(document))
    return found
