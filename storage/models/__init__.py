"""Persistent models. Nothing persistent leaves its transaction: take ``.value`` or a snapshot out."""

from __future__ import annotations

from storage.models.call_records import CallRecords, JournalProgress
from storage.models.configuration import (
    BOUND_LIMIT,
    PARTS,
    Box,
    BoxConfig,
    Extension,
    Listener,
    Number,
    Prompt,
    PromptInfo,
    Tenant,
    TenantConfig,
    Trunk,
)
from storage.models.prompts import (
    OwnPrompt,
    Pack,
    PromptPack,
    PromptState,
    PromptVersion,
    TenantPrompt,
)
from storage.models.root import ROOT_KEY, Root

__all__ = [
    "BOUND_LIMIT",
    "PARTS",
    "ROOT_KEY",
    "Box",
    "BoxConfig",
    "CallRecords",
    "Extension",
    "JournalProgress",
    "Listener",
    "Number",
    "OwnPrompt",
    "Pack",
    "Prompt",
    "PromptInfo",
    "PromptPack",
    "PromptState",
    "PromptVersion",
    "Root",
    "Tenant",
    "TenantConfig",
    "TenantPrompt",
    "Trunk",
]
