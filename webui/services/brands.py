"""The reseller's look, as pages show it; known also while the store is down."""

from __future__ import annotations

import hashlib
from typing import Final

from domain.brand import Brand
from storage.connection import StoreDown
from webui.services.box import BoxServices

KEPT_SECONDS: Final = 5.0


class Brands:
    """Reads the look every few seconds."""

    def __init__(self, services: BoxServices) -> None:
        self._services = services
        self._held = Brand()
        self._until = 0.0

    def now(self) -> Brand:
        """Return the look of now, or the last one that was known."""
        at = self._services.now()
        if at >= self._until:
            try:
                self._held = self._services.read(lambda root: root.box.value.brand)
            except StoreDown:
                return self._held
            self._until = at + KEPT_SECONDS
        return self._held

    def forget(self) -> None:
        """Read it anew: somebody has changed it."""
        self._until = 0.0


def sum_of(brand: Brand) -> str:
    """Return what names a look, for the addresses of its files; empty: the product's own."""
    if brand == Brand():
        return ""
    return hashlib.sha256(f"{brand.colour} {brand.logo}".encode()).hexdigest()[:12]


def style_of(brand: Brand) -> str:
    """Return the style that gives pages the colour."""
    if not brand.colour:
        return ""
    red, green, blue = (int(brand.colour[place : place + 2], 16) for place in (1, 3, 5))
    main = f"--tblr-primary: {brand.colour}; --accent: {brand.colour};"
    main += f" --tblr-primary-rgb: {red}, {green}, {blue};"
    dark = "--accent: #b9d7f7;"
    return f":root {{ {main} }}\n[data-bs-theme=dark] {{ {dark} }}\n"
