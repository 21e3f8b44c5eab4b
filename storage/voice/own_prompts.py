"""Prompts of tenants: upload, review, versions, quota. Every function is the work of one transaction.

What tenants upload is not heard before the operator approved it; the operator's own uploads are approved at
once. A change of what is heard raises the tenant's version; who commits then publishes the snapshots.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from domain.names import as_named, is_name
from domain.voice.prompts import references_in
from storage.models import (
    PARTS,
    OwnPrompt,
    PromptState,
    PromptVersion,
    Root,
    Tenant,
    TenantPrompt,
)
from storage.voice.prompt_faults import PromptFault

MEBIBYTE: Final = 1 << 20
MOST_PROMPTS: Final = 500
"""Of a tenant, removed ones included, since their numbers are kept."""
MOST_VERSIONS: Final = 100


class Upload(NamedTuple):
    """Audio that was prepared: its address, and what people know of it."""

    address: str
    seconds: float
    octets: int
    file: str


class Usage(NamedTuple):
    """What a tenant's prompts take, and what they may take."""

    octets: int
    seconds: float
    most_octets: int
    most_seconds: float


def upload(
    root: Root, tenant: str, name: str, audio: Upload, *, by: str, at: float, approved: bool
) -> PromptVersion:
    """Add a version of a prompt. ``approved``: by the operator himself, heard from the next call on.

    The same audio as the newest version's is that version. Raises PromptFault.
    """
    owner = _tenant(root, tenant)
    name = as_named(name)
    if not is_name(name):
        raise PromptFault("name", name=name)
    model = owner.prompts.get(name)
    prompt = TenantPrompt(name) if model is None else model.value
    newest = prompt.versions[-1] if prompt.versions else None
    if newest is not None and newest.address == audio.address and newest.state is not PromptState.REJECTED:
        return _approve(root, owner, prompt, newest, by, at) if approved else newest
    _require_room(owner, prompt, audio)
    version = PromptVersion(
        version=prompt.last + 1,
        address=audio.address,
        seconds=audio.seconds,
        octets=audio.octets,
        file=audio.file,
        state=PromptState.APPROVED if approved else PromptState.PENDING,
        uploaded_at=at,
        uploaded_by=by,
        reviewed_at=at if approved else 0.0,
        reviewed_by=by if approved else "",
    )
    prompt = msgspec.structs.replace(
        prompt,
        versions=(*prompt.versions, version),
        last=version.version,
        in_force=version.version if approved else prompt.in_force,
    )
    _store(root, owner, prompt)
    return version


def provide(root: Root, tenant: str, name: str, audio: Upload, *, by: str, at: float) -> PromptVersion:
    """Let callers hear this audio: the newest version that has it, else a new one. Raises PromptFault."""
    owner = _tenant(root, tenant)
    model = owner.prompts.get(as_named(name))
    for version in reversed(model.value.versions if model is not None else ()):
        if version.address == audio.address:
            return _approve(root, owner, model.value, version, by, at)
    return upload(root, tenant, name, audio, by=by, at=at, approved=True)


def review(
    root: Root, tenant: str, name: str, number: int | None, *, reason: str | None, by: str, at: float
) -> PromptVersion:
    """Approve a version (``reason`` None: heard from the next call on) or reject it with a reason.

    Without a number the one that waits for review, if it is the only one. Raises PromptFault.
    """
    owner = _tenant(root, tenant)
    prompt = _prompt(owner, name)
    version = _waiting(prompt) if number is None else _version(prompt, number)
    if reason is None:
        return _approve(root, owner, prompt, version, by, at)
    if not reason.strip():
        raise PromptFault("reason")
    if prompt.in_force == version.version:
        raise PromptFault("in-force", name=prompt.name, version=version.version)
    rejected = msgspec.structs.replace(
        version, state=PromptState.REJECTED, reviewed_at=at, reviewed_by=by, reason=reason.strip()
    )
    _store(root, owner, _with(prompt, rejected))
    return rejected


def roll_back(root: Root, tenant: str, name: str, number: int | None) -> PromptVersion:
    """Let callers hear an approved version again; without a number the approved one before. Raises
    PromptFault."""
    owner = _tenant(root, tenant)
    prompt = _prompt(owner, name)
    if number is None:
        approved = [each for each in prompt.versions if each.state is PromptState.APPROVED]
        before = [each for each in approved if each.version < prompt.in_force]
        if not before:
            raise PromptFault("none-before", name=prompt.name)
        version = before[-1]
    else:
        version = _version(prompt, number)
        if version.state is not PromptState.APPROVED:
            raise PromptFault("not-approved", name=prompt.name, version=number)
    _store(root, owner, msgspec.structs.replace(prompt, in_force=version.version))
    return version


def remove(root: Root, tenant: str, name: str, number: int | None) -> tuple[PromptVersion, ...]:
    """Remove a prompt, or one version of it that nobody hears; return what is gone. Raises PromptFault."""
    owner = _tenant(root, tenant)
    prompt = _prompt(owner, name)
    if number is not None:
        version = _version(prompt, number)
        if prompt.in_force == number:
            raise PromptFault("in-force", name=prompt.name, version=number)
        left = tuple(each for each in prompt.versions if each.version != number)
        if left:
            _store(root, owner, msgspec.structs.replace(prompt, versions=left))
            return (version,)
    users = sorted(users_of(owner, prompt.name))
    if users:
        raise PromptFault("in-use", name=prompt.name, users=", ".join(users))
    # Its numbers are kept: who is about to approve version 2 must not approve another audio of that number.
    _store(root, owner, TenantPrompt(prompt.name, last=prompt.last))
    return prompt.versions


def prompts_of(root: Root, tenant: str) -> list[TenantPrompt]:
    """Return a tenant's prompts by name. Raises PromptFault."""
    return list(_tenant(root, tenant).own_prompts().values())


def pending(root: Root) -> list[tuple[str, TenantPrompt, PromptVersion]]:
    """Return what waits for review on the whole box, oldest upload first: tenant, prompt, version."""
    waiting = [
        (name, prompt, version)
        for name, tenant in root.tenants.items()
        for prompt in tenant.own_prompts().values()
        for version in prompt.versions
        if version.state is PromptState.PENDING
    ]
    return sorted(waiting, key=lambda row: row[2].uploaded_at)


def find(root: Root, tenant: str, name: str, number: int | None = None) -> PromptVersion:
    """Return a version; without a number the one that is heard, else the newest. Raises PromptFault."""
    prompt = _prompt(_tenant(root, tenant), name)
    return (prompt.heard or prompt.versions[-1]) if number is None else _version(prompt, number)


def usage(root: Root, tenant: str) -> Usage:
    """Return what the tenant's prompts take, all versions together. Raises PromptFault."""
    return _usage(_tenant(root, tenant))


def users_of(tenant: Tenant, name: str) -> Iterator[str]:
    """Return what names ``prompt:NAME``, for people: ``number 4001003721``, ``flows main``."""
    if name in references_in(tenant.config.value):
        yield "the tenant's settings"
    for number, plan in tenant.numbers.items():
        if name in references_in(plan.value):
            yield f"number {number}"
    for kind in PARTS:
        for part, value in tenant.named(kind):
            if name in references_in(value):
                yield f"{kind} {part}"


def _usage(tenant: Tenant) -> Usage:
    config = tenant.config.value
    versions = [version for prompt in tenant.own_prompts().values() for version in prompt.versions]
    return Usage(
        sum(version.octets for version in versions),
        sum(version.seconds for version in versions),
        config.prompt_mebibytes * MEBIBYTE,
        config.prompt_minutes * 60.0,
    )


def _require_room(tenant: Tenant, prompt: TenantPrompt, audio: Upload) -> None:
    used = _usage(tenant)
    if used.octets + audio.octets > used.most_octets or used.seconds + audio.seconds > used.most_seconds:
        raise PromptFault(
            "quota",
            mebibytes=f"{(used.octets + audio.octets) / MEBIBYTE:.1f}",
            most_mebibytes=used.most_octets // MEBIBYTE,
            minutes=f"{(used.seconds + audio.seconds) / 60:.1f}",
            most_minutes=round(used.most_seconds / 60),
        )
    if not prompt.last and len(tenant.prompts) >= MOST_PROMPTS:
        raise PromptFault("too-many", most=MOST_PROMPTS)
    if len(prompt.versions) >= MOST_VERSIONS:
        raise PromptFault("too-many-versions", name=prompt.name, most=MOST_VERSIONS)


def _approve(
    root: Root, tenant: Tenant, prompt: TenantPrompt, version: PromptVersion, by: str, at: float
) -> PromptVersion:
    if version.state is not PromptState.APPROVED:
        version = msgspec.structs.replace(
            version, state=PromptState.APPROVED, reviewed_at=at, reviewed_by=by, reason=""
        )
    _store(root, tenant, msgspec.structs.replace(_with(prompt, version), in_force=version.version))
    return version


def _with(prompt: TenantPrompt, version: PromptVersion) -> TenantPrompt:
    versions = (version if each.version == version.version else each for each in prompt.versions)
    return msgspec.structs.replace(prompt, versions=tuple(versions))


def _store(root: Root, tenant: Tenant, prompt: TenantPrompt) -> None:
    model = tenant.prompts.get(prompt.name)
    if model is None:
        tenant.prompts[prompt.name] = OwnPrompt(prompt)
        heard_before = None
    else:
        heard_before = model.value.heard
        model.value = prompt
    if heard_before != prompt.heard:
        _changed(root, tenant)


def _changed(root: Root, tenant: Tenant) -> None:
    """Note that calls are served by another snapshot from now on."""
    root.version += 1
    tenant.version = root.version


def _tenant(root: Root, name: str) -> Tenant:
    tenant: Tenant | None = root.tenants.get(name)
    if tenant is None:
        raise PromptFault("no-tenant", name=name)
    return tenant


def _prompt(tenant: Tenant, name: str) -> TenantPrompt:
    model = tenant.prompts.get(as_named(name))
    if model is None or not model.value.versions:
        raise PromptFault("no-prompt", name=name, tenant=tenant.config.value.id)
    prompt: TenantPrompt = model.value
    return prompt


def _version(prompt: TenantPrompt, number: int) -> PromptVersion:
    version = prompt.version(number)
    if version is None:
        raise PromptFault("no-version", name=prompt.name, version=number)
    return version


def _waiting(prompt: TenantPrompt) -> PromptVersion:
    waiting = [each for each in prompt.versions if each.state is PromptState.PENDING]
    if not waiting:
        raise PromptFault("nothing-waits", name=prompt.name)
    if len(waiting) > 1:
        numbers = ", ".join(str(each.version) for each in waiting)
        raise PromptFault("several-wait", name=prompt.name, versions=numbers)
    return waiting[0]
