"""Voice menus of tenants: drafts, publishing, going back. Every function is the work of one transaction.

What is published is in the tenant's snapshot from the next call on; who commits publishes the snapshots.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from BTrees.OOBTree import OOBTree

from domain.flow.checker import check
from domain.flow.document import Flow, FlowDocument
from domain.flow.problems import FlowProblem
from domain.names import as_named, is_name
from domain.routing.destination import Destination
from storage.models import Root, Tenant
from storage.models.flows import Draft, FlowDraft, FlowVersion, PublishedFlow
from storage.provisioning.consistency import destinations_in
from storage.provisioning.flow_world import FlowWorld
from storage.provisioning.state import Configuration, read_configuration
from storage.voice import flow_versions

FLOWS: Final = "flows"
DRAFTS: Final = "flow-drafts"
"""Key in ``Tenant.parts``: name of a flow -> :class:`Draft`."""

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "no-tenant": ("there is no tenant {tenant!r}", "没有租户 {tenant!r}"),
    "name": (
        "{name!r} is no name: letters and digits of any script, dot, dash and underscore, up to 40",
        "{name!r} 不是合法名称：汉字、字母、数字、点、横线、下划线，最多 40 个",
    ),
    "no-flow": (
        "tenant {tenant} has no flow {name!r}; `box400 flow list {tenant}` shows them",
        "租户 {tenant} 没有语音导航 {name!r}；可用 `box400 flow list {tenant}` 查看",
    ),
    "no-draft": (
        "flow {name!r} has no draft; save one with `box400 flow draft`",
        "语音导航 {name!r} 没有草稿；请先用 `box400 flow draft` 保存",
    ),
    "no-version": (
        "flow {name!r} has no version {version}; `box400 flow versions` shows them",
        "语音导航 {name!r} 没有版本 {version}；可用 `box400 flow versions` 查看",
    ),
    "none-before": (
        "flow {name!r} has no version before the one in force",
        "语音导航 {name!r} 在当前版本之前没有其他版本",
    ),
    "in-use": (
        "flow {name!r} is still used by {users}; change them first",
        "语音导航 {name!r} 仍被 {users} 使用；请先修改它们",
    ),
}


class FlowFault(Exception):
    """A wish about flows that cannot be fulfilled; ``en`` and ``zh`` say why and what to do."""

    def __init__(self, code: str, **facts: object) -> None:
        self.en, self.zh = (text.format(**facts) for text in MESSAGES[code])
        super().__init__(self.en)
        self.code = code


class FlowRefused(Exception):
    """A flow that cannot be published as it is."""

    def __init__(self, problems: tuple[FlowProblem, ...]) -> None:
        super().__init__("\n".join(problem.line() for problem in problems))
        self.problems = problems


class FlowState(NamedTuple):
    """A flow as people look at it."""

    name: str
    published: Flow | None
    draft: FlowDraft | None
    versions: list[FlowVersion]


def flows(root: Root, tenant: str) -> list[FlowState]:
    """Return every flow of a tenant, published or not. Raises FlowFault."""
    owner = _tenant(root, tenant)
    names = {*owner.parts.get(FLOWS, {}), *owner.parts.get(DRAFTS, {})}
    names.update(owner.parts.get(flow_versions.VERSIONS, {}))
    return [_state(owner, name) for name in sorted(names)]


def flow(root: Root, tenant: str, name: str) -> FlowState:
    """Return one flow. Raises FlowFault."""
    name = as_named(name)
    state = _state(_tenant(root, tenant), name)
    if state.published is None and state.draft is None and not state.versions:
        raise FlowFault("no-flow", tenant=tenant, name=name)
    return state


def problems_of(
    root: Root, tenant: str, name: str, document: FlowDocument, shipped: Collection[str]
) -> tuple[FlowProblem, ...]:
    """Return what keeps a document from being published. ``shipped``: names of the system prompts.

    Of the tenant's own prompts only those count that callers hear: a menu must not be silent.
    """
    prompts = _tenant(root, tenant).own_prompts()
    heard = [each for each, prompt in prompts.items() if prompt.heard is not None]
    return check(document, FlowWorld(read_configuration(root), tenant, shipped, heard), name)


def save_draft(root: Root, tenant: str, name: str, document: FlowDocument, *, by: str, at: float) -> None:
    """Keep a document to work on, whatever is wrong with it. Raises FlowFault."""
    owner = _tenant(root, tenant)
    name = _new_name(name)
    _subtree(owner, DRAFTS)[name] = Draft(FlowDraft(name, document, at, by))


def drop_draft(root: Root, tenant: str, name: str) -> None:
    """Forget a draft. Raises FlowFault."""
    name = as_named(name)
    drafts = _tenant(root, tenant).parts.get(DRAFTS, {})
    if name not in drafts:
        raise FlowFault("no-draft", name=name)
    del drafts[name]


def publish(
    root: Root,
    tenant: str,
    name: str,
    document: FlowDocument | None,
    shipped: Collection[str],
    *,
    by: str,
    at: float,
    note: str = "",
) -> Flow:
    """Publish a document, or the draft (which is gone then); in force on the next call.

    What is in force already stays the version it is. Raises FlowRefused with everything wrong, FlowFault.
    """
    owner = _tenant(root, tenant)
    name = _new_name(name)
    drafts = owner.parts.get(DRAFTS, {})
    if document is None:
        if name not in drafts:
            raise FlowFault("no-draft", name=name)
        document = drafts[name].value.document
    wrong = problems_of(root, tenant, name, document, shipped)
    if wrong:
        raise FlowRefused(wrong)
    if name in drafts and drafts[name].value.document == document:
        del drafts[name]
    return _publish(root, owner, name, document, by, at, note)


def roll_back(
    root: Root,
    tenant: str,
    name: str,
    number: int | None,
    shipped: Collection[str],
    *,
    by: str,
    at: float,
    note: str = "",
) -> Flow:
    """Publish an earlier version again, as a new one; without a number the one before. Raises FlowRefused
    when what it names is there no longer, FlowFault."""
    state = flow(root, tenant, name)
    name = state.name
    current = state.published.version if state.published is not None else 0
    if number is None:
        before = [each for each in state.versions if each.version < current or not current]
        if not before:
            raise FlowFault("none-before", name=name)
        number = before[-1].version
    found = next((each for each in state.versions if each.version == number), None)
    if found is None:
        raise FlowFault("no-version", name=name, version=number)
    wrong = problems_of(root, tenant, name, found.document, shipped)
    if wrong:
        raise FlowRefused(wrong)
    note = note or f"version {number} again"
    return _publish(root, _tenant(root, tenant), name, found.document, by, at, note)


def remove(root: Root, tenant: str, name: str) -> None:
    """Take a flow out of force, with its draft; its versions stay. Raises FlowFault."""
    owner = _tenant(root, tenant)
    name = flow(root, tenant, name).name
    users = sorted(_users(read_configuration(root), tenant, name))
    if users:
        raise FlowFault("in-use", name=name, users=", ".join(users))
    for kind in (DRAFTS, FLOWS):
        tree = owner.parts.get(kind, {})
        if name in tree:
            del tree[name]
            _changed(root, owner)


def _publish(
    root: Root, owner: Tenant, name: str, document: FlowDocument, by: str, at: float, note: str
) -> Flow:
    tree = _subtree(owner, FLOWS)
    held: Flow | None = tree[name].value if name in tree else None
    if held is not None and held.document() == document:
        return held
    version = 0 if held is None else held.version
    made = Flow(name=name, version=version, title=document.title, start=document.start, nodes=document.nodes)
    made = flow_versions.keep(owner, made, by=by, at=at, note=note)
    if held is None:
        tree[name] = PublishedFlow(made)
    else:
        tree[name].value = made
    _changed(root, owner)
    return made


def _changed(root: Root, owner: Tenant) -> None:
    root.version += 1
    owner.version = root.version


def _users(after: Configuration, tenant: str, name: str) -> set[str]:
    wanted = Destination.parse(f"flow:{name}")
    owned = [(f"number {number}", plan) for number, (owner, plan) in after.numbers.items() if owner == tenant]
    for kind, parts in after.parts.items():
        owned += [(f"{kind}.{each}", value) for (owner, each), value in parts.items() if owner == tenant]
    return {who for who, value in owned if who != f"{FLOWS}.{name}" and wanted in destinations_in(value)}


def _state(owner: Tenant, name: str) -> FlowState:
    published: Any = owner.parts.get(FLOWS, {}).get(name)
    draft: Any = owner.parts.get(DRAFTS, {}).get(name)
    return FlowState(
        name,
        None if published is None else published.value,
        None if draft is None else draft.value,
        flow_versions.versions(owner, name),
    )


def _tenant(root: Root, tenant: str) -> Tenant:
    found: Tenant | None = root.tenants.get(tenant)
    if found is None:
        raise FlowFault("no-tenant", tenant=tenant)
    return found


def _new_name(text: str) -> str:
    name = as_named(text)
    if not is_name(name):
        raise FlowFault("name", name=text)
    return name


def _subtree(owner: Tenant, kind: str) -> Any:
    if kind not in owner.parts:
        owner.parts[kind] = OOBTree()
    return owner.parts[kind]
