"""Which pages and which resources of the API belong to a feature that a tenant may not have."""

from __future__ import annotations

from typing import Final

from pyramid.httpexceptions import HTTPForbidden

from domain.features import WORDS, Feature
from storage.models import TenantConfig
from webui.presenters.texts import Texts

NAMES: Final = {
    Feature.MENUS: ("flows",),
    Feature.CALL_CENTRE: (
        "queues", "agents", "agent-password", "agent-role", "agent-sign-out", "desk", "desk-settings",
        "contacts", "wallboard", "wallboard-figures",
    ),
    Feature.VOICEMAIL: ("messages", "voicemails"),
    Feature.REPORTS: (
        "report", "reports", "reports-behind", "reports-excel", "reports-pdf", "analysis", "report-mails",
        "report-mails-now", "report-mails-remove",
    ),
    Feature.API: ("api-keys", "webhooks"),
}  # fmt: skip
"""Names below the tenant, of pages (``/t/ID/flows``) and of the API (``/tenants/ID/flows``)."""
FEATURES: Final = {name: feature for feature, names in NAMES.items() for name in names}


class SwitchedOff(HTTPForbidden):  # type: ignore[misc]
    """A page of a feature that the tenant has not."""

    def __init__(self, feature: Feature) -> None:
        super().__init__()
        self.feature = feature

    def told(self, texts: Texts) -> str:
        """Return what it is called."""
        en, zh = WORDS[self.feature]
        return texts.either(zh, en)


def missing(config: TenantConfig, name: str) -> Feature | None:
    """Return the feature that a tenant lacks for a name below him, or None."""
    feature = FEATURES.get(name)
    return None if feature is None or config.has(feature) else feature


def require(config: TenantConfig, name: str) -> None:
    """Raise SwitchedOff where the tenant lacks what a name below him needs."""
    feature = missing(config, name)
    if feature is not None:
        raise SwitchedOff(feature)
