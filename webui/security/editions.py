"""Which pages and which resources of the API belong to a feature that a tenant may not have."""

from __future__ import annotations

from typing import Final

from pyramid.httpexceptions import HTTPForbidden

from domain.features import WORDS, Feature
from storage.models import TenantConfig
from webui.presenters.texts import Texts

FEATURES: Final = {
    "flows": Feature.MENUS, "queues": Feature.CALL_CENTRE, "agents": Feature.CALL_CENTRE,
    "desk": Feature.CALL_CENTRE, "contacts": Feature.CALL_CENTRE, "messages": Feature.VOICEMAIL,
    "voicemails": Feature.VOICEMAIL, "reports": Feature.REPORTS, "report": Feature.REPORTS,
    "reports-behind": Feature.REPORTS,
    "api-keys": Feature.API, "webhooks": Feature.API,
}  # fmt: skip
"""By the name below the tenant, of pages (``/t/ID/flows``) and of the API (``/tenants/ID/flows``)."""


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
