"""语音与彩铃: upload, review, choose; heard only once the operator approved it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeVar

from b2bua.in_force import change_in_force
from b2bua.recorder import prompts as audio
from storage.models import PromptVersion, Root, TenantPrompt
from storage.models.web import AuditEntry
from storage.voice import own_prompts
from webui.services.box import BoxServices
from webui.services.provisioning import Done

T = TypeVar("T")
BLOCK: Final = 1 << 16


class Listed(NamedTuple):
    """A prompt as its page shows it."""

    prompt: TenantPrompt
    users: tuple[str, ...]


class Waiting(NamedTuple):
    """An upload that waits for review."""

    tenant: str
    company: str
    prompt: TenantPrompt
    version: PromptVersion


def listed(root: Root, tenant: str) -> list[Listed]:
    """Return a tenant's prompts, with what names each."""
    owner = root.tenants[tenant]
    return [
        Listed(each, tuple(sorted(own_prompts.users_of(owner, each.name))))
        for each in own_prompts.prompts_of(root, tenant)
    ]


def waiting(root: Root) -> list[Waiting]:
    """Return what waits for review, the oldest first."""
    return [
        Waiting(tenant, root.tenants[tenant].config.value.name, prompt, version)
        for tenant, prompt, version in own_prompts.pending(root)
    ]


def upload(
    services: BoxServices,
    tenant: str,
    name: str,
    file: BinaryIO,
    file_name: str,
    entry: AuditEntry,
    *,
    by: str,
    approved: bool,
) -> Done:
    """Prepare audio and add it as a version; raises PromptError, PromptFault, StoreDown."""
    services.read(lambda root: own_prompts.prompts_of(root, tenant))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(file_name.replace("\\", "/")).name[-60:].lstrip(".") or "audio")
        with path.open("wb") as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        prompt = audio.ingest(path, services.data.root)
        prepared = own_prompts.Upload(prompt.address, prompt.seconds, path.stat().st_size, path.name)
    now = services.now()
    return change(
        services,
        entry,
        lambda root: own_prompts.upload(root, tenant, name, prepared, by=by, at=now, approved=approved),
    )


def change(services: BoxServices, entry: AuditEntry, work: Callable[[Root], object]) -> Done:
    """Change prompts, note it, put it in force; raises PromptFault, StoreDown."""

    def both(root: Root) -> None:
        work(root)
        root.web.note(entry)

    _, why_not = change_in_force(services.data, services.database, both, f"web {entry.action}")
    return Done(True, why_not)


def sound(services: BoxServices, version: PromptVersion) -> bytes | None:
    """Return a version as callers hear it (WAV), or None when its audio is not there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompt.wav"
        if not audio.write_wav(version.address, services.data.root, path):
            return None
        return path.read_bytes()
