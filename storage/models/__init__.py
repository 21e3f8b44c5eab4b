"""Persistent models. Nothing persistent leaves its transaction: take ``.value`` or a snapshot out."""

from __future__ import annotations

from storage.models.call_records import CallRecords, JournalProgress
from storage.models.configuration import (
    BOUND_LIMIT,
    PARTS,
    Box,
    BoxConfig,
    Extension,
    GatewayDocument,
    Listener,
    Number,
    Prompt,
    PromptInfo,
    TariffDocument,
    TemplateDocument,
    Tenant,
    TenantConfig,
    Trunk,
)
from storage.models.money import Account, Money, MoneyRequest, MonthUse, Request
from storage.models.prompts import (
    OWN_PROMPTS,
    OwnAudio,
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
    "OWN_PROMPTS",
    "PARTS",
    "ROOT_KEY",
    "Account",
    "Box",
    "BoxConfig",
    "CallRecords",
    "Extension",
    "GatewayDocument",
    "JournalProgress",
    "Listener",
    "Money",
    "MoneyRequest",
    "MonthUse",
    "Number",
    "OwnAudio",
    "OwnPrompt",
    "Pack",
    "Prompt",
    "PromptInfo",
    "PromptPack",
    "PromptState",
    "PromptVersion",
    "Request",
    "Root",
    "TariffDocument",
    "TemplateDocument",
    "Tenant",
    "TenantConfig",
    "TenantPrompt",
    "Trunk",
]
