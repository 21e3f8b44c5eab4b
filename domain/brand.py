"""The reseller's own name, colour and logo on the pages. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

import msgspec

MOST_LOGO_BYTES: Final = 65_536
LEAST_CONTRAST: Final = 4.5
"""Between the colour and white (WCAG 2.2, 1.4.3): white words stand on it."""
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_KINDS: Final = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


class Brand(msgspec.Struct, frozen=True):
    """What pages show in the place of the product's own; empty: the product's own."""

    name: str = ""
    colour: str = ""
    """``#0b5cab``."""
    logo: str = ""
    """PNG or JPEG in base64."""

    @property
    def picture(self) -> tuple[bytes, str] | None:
        """Return the logo and its type, None where there is none."""
        return None if not self.logo else (base64.b64decode(self.logo), kind_of(self.logo) or "")


def is_colour(text: str) -> bool:
    """Tell whether a text is a colour that white words can be read on."""
    return _COLOUR.fullmatch(text) is not None and contrast_with_white(text) >= LEAST_CONTRAST


def contrast_with_white(colour: str) -> float:
    """Return how much a colour differs from white, 1 to 21 (WCAG 2.2, relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def kind_of(logo: str) -> str | None:
    """Return the media type of a logo in base64; None: it is no PNG or JPEG, or too large."""
    try:
        content = base64.b64decode(logo, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) > MOST_LOGO_BYTES:
        return None
    return next((kind for head, kind in _KINDS if content.startswith(head)), None)
