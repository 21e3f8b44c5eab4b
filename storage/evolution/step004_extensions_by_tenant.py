"""Let two tenants have extensions of the same name: file them under ``tenant/name``."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Move the extensions that are filed under their name alone."""
    extensions = mapping[ROOT_KEY].extensions
    for key in list(extensions):
        extension = extensions[key]
        place = f"{extension.value.tenant}/{extension.value.name}"
        if key != place:
            del extensions[key]
            extensions[place] = extension
