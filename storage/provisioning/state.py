"""The whole configuration as values, out of the database and back into it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from BTrees.OOBTree import OOBTree

from domain.flow.document import Flow
from domain.money.tariff import Tariff
from domain.notices.template import Template
from domain.notices.ways import Gateway
from domain.numbers.lifecycle import NumberState
from domain.snapshot import ExtensionSnapshot, ListenerSnapshot, NumberPlan, TrunkSnapshot
from storage.models import (
    OWN_PROMPTS,
    PARTS,
    BoxConfig,
    Extension,
    GatewayDocument,
    Listener,
    Number,
    OwnAudio,
    Prompt,
    PromptInfo,
    Root,
    TariffDocument,
    TemplateDocument,
    Tenant,
    TenantConfig,
    Trunk,
)
from storage.numbers.desk import NumberDesk, unavailable
from storage.provisioning.checks import ADDRESS
from storage.voice import own_prompts
from storage.voice.flow_versions import keep
from storage.voice.own_prompts import Upload
from storage.voice.prompt_faults import PromptFault

Parts = dict[tuple[str, str], Any]
"""(Tenant, name) -> value."""


class OwnPromptRefused(Exception):
    """A tenant's prompt that cannot be, such as one over the quota."""

    def __init__(self, tenant: str, name: str, fault: PromptFault) -> None:
        super().__init__(fault.en)
        self.tenant = tenant
        self.name = name
        self.fault = fault


@dataclass
class Configuration:
    """Everything that provisioning sets."""

    box: BoxConfig = field(default_factory=BoxConfig)
    listeners: dict[str, ListenerSnapshot] = field(default_factory=dict)
    trunks: dict[str, TrunkSnapshot] = field(default_factory=dict)
    tariffs: dict[str, Tariff] = field(default_factory=dict)
    tenants: dict[str, TenantConfig] = field(default_factory=dict)
    numbers: dict[str, tuple[str, NumberPlan]] = field(default_factory=dict)
    """400 number -> the tenant it belongs to, and its plan."""
    extensions: dict[tuple[str, str], ExtensionSnapshot] = field(default_factory=dict)
    """(Tenant, name) -> value."""
    parts: dict[str, Parts] = field(default_factory=lambda: {kind: {} for kind in (OWN_PROMPTS, *PARTS)})
    """Key of ``storage.models.PARTS``, or OWN_PROMPTS -> what tenants own of that kind."""
    prompts: dict[str, PromptInfo] = field(default_factory=dict)
    """Content address -> what people know of it; those that something names."""
    unheard_prompts: dict[str, frozenset[str]] = field(default_factory=dict)
    """Tenant -> names of the prompts it uploaded that nobody approved; not set by provisioning."""
    packs: frozenset[str] = frozenset()
    """Names of the prompt packs that were imported; not set by provisioning."""
    gateways: dict[str, Gateway] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    unavailable: dict[str, NumberState] = field(default_factory=dict, compare=False)
    """400 numbers of the inventory that no tenant may be given now; not set by provisioning."""

    def copy(self) -> Configuration:
        """Return another one to change."""
        return Configuration(
            self.box,
            dict(self.listeners),
            dict(self.trunks),
            dict(self.tariffs),
            dict(self.tenants),
            dict(self.numbers),
            dict(self.extensions),
            {kind: dict(parts) for kind, parts in self.parts.items()},
            dict(self.prompts),
            self.unheard_prompts,
            self.packs,
            dict(self.gateways),
            dict(self.templates),
            self.unavailable,
        )

    def own_prompts(self, tenant: str) -> set[str]:
        """Return the names that ``prompt:NAME`` may have for a tenant, approved or not."""
        heard = {name for owner, name in self.parts[OWN_PROMPTS] if owner == tenant}
        return heard.union(self.unheard_prompts.get(tenant, ()))

    def used_prompts(self) -> set[str]:
        """Return the addresses of the prompts that something names."""
        used: set[str] = set()
        values = [self.box, *self.tenants.values(), *(plan for _, plan in self.numbers.values())]
        values += self.extensions.values()
        values += [value for parts in self.parts.values() for value in parts.values()]
        for value in values:
            used.update(addresses_in(msgspec.to_builtins(value)))
        return used


def addresses_in(plain: Any) -> Iterator[str]:
    """Find the content addresses in plain data: nothing else is 64 hex digits."""
    if isinstance(plain, str):
        if ADDRESS.fullmatch(plain):
            yield plain
    elif isinstance(plain, dict):
        for each in plain.values():
            yield from addresses_in(each)
    elif isinstance(plain, (list, tuple)):
        for each in plain:
            yield from addresses_in(each)


def read_configuration(root: Root) -> Configuration:
    """Return the configuration as this transaction sees it."""
    return Configuration(
        root.box.value,
        {name: listener.value for name, listener in root.listeners.items()},
        {name: trunk.value for name, trunk in root.trunks.items()},
        {name: tariff.value for name, tariff in root.tariffs.items()},
        {name: tenant.config.value for name, tenant in root.tenants.items()},
        {
            number: (name, plan.value)
            for name, tenant in root.tenants.items()
            for number, plan in tenant.numbers.items()
        },
        {
            (extension.tenant, extension.name): extension
            for extension in (each.value for each in root.extensions.values())
        },
        {
            OWN_PROMPTS: {
                (name, key): OwnAudio(key, prompt.heard.address)
                for name, tenant in root.tenants.items()
                for key, prompt in tenant.own_prompts().items()
                if prompt.heard is not None
            },
            **{
                kind: {
                    (name, key): value
                    for name, tenant in root.tenants.items()
                    for key, value in tenant.named(kind)
                }
                for kind in PARTS
            },
        },
        {address: prompt.value for address, prompt in root.prompts.items()},
        {name: names for name, tenant in root.tenants.items() if (names := _unheard(tenant))},
        frozenset(root.prompt_packs),
        {name: gateway.value for name, gateway in root.gateways.items()},
        {name: template.value for name, template in root.templates.items()},
        unavailable(root, time.time()),
    )


def _unheard(tenant: Tenant) -> frozenset[str]:
    return frozenset(name for name, prompt in tenant.own_prompts().items() if prompt.heard is None)


def write_configuration(root: Root, after: Configuration, by: str = "apply") -> int:
    """Make the database hold ``after``; return the new version, or 0 when it held it already. The inventory
    of numbers follows, with ``by`` in its history.

    Only what differs is touched, so that transactions on other tenants do not conflict with this one.
    """
    before = read_configuration(root)
    box_before = root.box_snapshot()
    touched = _write_tenants(root, before, after)
    touched |= {
        name
        for name, tenant in after.tenants.items()
        if before.tariffs.get(tenant.tariff) != after.tariffs.get(tenant.tariff)
    }
    desk = NumberDesk(root, time.time(), by)
    if root.box.value != after.box:
        numbering = root.box.value.numbering
        root.box.value = after.box
        desk = NumberDesk(root, desk.at, by)
        if numbering != after.box.numbering:
            desk.reclassify()
    _write_tree(root.listeners, before.listeners, after.listeners, Listener)
    _write_tree(root.trunks, before.trunks, after.trunks, Trunk)
    _write_tree(root.tariffs, before.tariffs, after.tariffs, TariffDocument)
    _write_tree(root.gateways, before.gateways, after.gateways, GatewayDocument)
    _write_tree(root.templates, before.templates, after.templates, TemplateDocument)
    _write_tree(root.extensions, _by_path(before), _by_path(after), Extension)
    _write_tree(root.prompts, before.prompts, after.prompts, Prompt)
    _follow(desk, before, after)
    box_changed = root.box_snapshot() != box_before
    removed = before.tenants.keys() - after.tenants.keys()
    if not touched and not box_changed and not removed:
        return 0
    root.version += 1
    if box_changed:
        root.box_version = root.version
    for name in touched:
        root.tenants[name].version = root.version
    return root.version


def _follow(desk: NumberDesk, before: Configuration, after: Configuration) -> None:
    """Let the inventory follow who has which number."""
    for number, (owner, _) in before.numbers.items():
        if number not in after.numbers:
            desk.given_up(number, owner)
    for number, (owner, _) in after.numbers.items():
        if number not in before.numbers or before.numbers[number][0] != owner:
            desk.taken(number, owner)


def _write_tenants(root: Root, before: Configuration, after: Configuration) -> set[str]:
    touched = set()
    for name in before.tenants.keys() - after.tenants.keys():
        del root.tenants[name]
    for name, config in after.tenants.items():
        if name not in before.tenants:
            root.tenants[name] = Tenant(config)
            touched.add(name)
        elif before.tenants[name] != config:
            root.tenants[name].config.value = config
            touched.add(name)
    for number, (owner, _) in before.numbers.items():
        if number not in after.numbers or after.numbers[number][0] != owner:
            if owner in after.tenants:
                del root.tenants[owner].numbers[number]
                touched.add(owner)
            del root.numbers[number]
    for number, (owner, plan) in after.numbers.items():
        held = before.numbers.get(number)
        if held == (owner, plan):
            continue
        if held is not None and held[0] == owner:
            root.tenants[owner].numbers[number].value = plan
        else:
            root.tenants[owner].numbers[number] = Number(plan)
            root.numbers[number] = owner
        touched.add(owner)
    for kind in PARTS:
        touched |= _write_parts(root, kind, before.parts[kind], after.parts[kind])
    return touched | _write_prompts(root, before, after)


def _write_prompts(root: Root, before: Configuration, after: Configuration) -> set[str]:
    """Make callers hear what shall be heard; nothing names any more what goes. Raises OwnPromptRefused."""
    held, wanted, now = before.parts[OWN_PROMPTS], after.parts[OWN_PROMPTS], time.time()
    gone = [(owner, name) for owner, name in held.keys() - wanted.keys() if owner in root.tenants]
    changed = [place for place, value in wanted.items() if held.get(place) != value]
    for owner, name in (*gone, *changed):
        try:
            if (owner, name) not in wanted:
                own_prompts.remove(root, owner, name, None)
                continue
            address = wanted[owner, name].audio
            info = after.prompts.get(address, PromptInfo(address, name))
            audio = Upload(address, info.seconds, info.octets, info.name)
            own_prompts.provide(root, owner, name, audio, by="apply", at=now)
        except PromptFault as fault:
            raise OwnPromptRefused(owner, name, fault) from fault
    return {owner for owner, _ in (*gone, *changed)}


def _write_parts(root: Root, kind: str, before: Parts, after: Parts) -> set[str]:
    touched = set()
    for owner, name in before.keys() - after.keys():
        if owner in root.tenants:
            del root.tenants[owner].parts[kind][name]
            touched.add(owner)
    for (owner, name), value in after.items():
        held = before.get((owner, name))
        if held == value:
            continue
        tree = root.tenants[owner].parts
        if kind not in tree:
            tree[kind] = OOBTree()
        if isinstance(value, Flow):
            value = keep(root.tenants[owner], value, by="apply", at=time.time())
        if held is None:
            tree[kind][name] = PARTS[kind](value)
        else:
            tree[kind][name].value = value
        touched.add(owner)
    return touched


def _by_path(configuration: Configuration) -> dict[str, ExtensionSnapshot]:
    return {f"{tenant}/{name}": value for (tenant, name), value in configuration.extensions.items()}


def _write_tree(tree: Any, before: dict[str, Any], after: dict[str, Any], kind: Any) -> None:
    for name in before.keys() - after.keys():
        del tree[name]
    for name, value in after.items():
        if name not in before:
            tree[name] = kind(value)
        elif before[name] != value:
            tree[name].value = value
