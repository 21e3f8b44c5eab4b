"""Persistent prompts: what tenants uploaded, with review and versions, and packs of system prompts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from storage.models.document import Document

OWN_PROMPTS: Final = "prompts"
"""Key of tenants' own prompts among what they own by name; unlike the others these have versions."""


class PromptState(StrEnum):
    """Where a version of a tenant's prompt stands in review (审核)."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class PromptVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One upload. Times are UTC POSIX seconds; ``..._by`` are names of accounts."""

    version: int
    """1 up; a number is never used again."""
    address: str
    seconds: float
    octets: int
    """Size of what was uploaded; counts towards the tenant's quota."""
    file: str
    """File name of the upload, for people."""
    state: PromptState
    uploaded_at: float
    uploaded_by: str
    reviewed_at: float = 0.0
    reviewed_by: str = ""
    reason: str = ""
    """Why it was rejected."""


class TenantPrompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt of a tenant; calls name it ``prompt:NAME``."""

    name: str
    versions: tuple[PromptVersion, ...] = ()
    """Oldest first; none when it was removed."""
    in_force: int = 0
    """The approved version that callers hear; 0: none yet."""
    last: int = 0
    """The highest version there ever was."""

    def version(self, number: int) -> PromptVersion | None:
        """Return a version, or None."""
        return next((each for each in self.versions if each.version == number), None)

    @property
    def heard(self) -> PromptVersion | None:
        """The version that callers hear, or None."""
        return self.version(self.in_force)


class OwnAudio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant's prompt as provisioning sees it: the audio that callers hear."""

    name: str
    audio: str = ""
    """Content address."""


class PromptPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """System prompts in one voice."""

    name: str
    prompts: dict[str, str] = {}
    """Name of a system prompt -> content address."""
    imported_at: float = 0.0
    imported_by: str = ""
    source: str = ""
    """Name of the folder or zip file it came from."""


class OwnPrompt(Document[TenantPrompt]):
    """A tenant's prompt; the audio of its versions lies in the data directory."""

    TYPE = TenantPrompt


class Pack(Document[PromptPack]):
    """A prompt pack; its audio lies in the data directory."""

    TYPE = PromptPack
