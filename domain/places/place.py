"""What is said of a place: values only."""

from __future__ import annotations

from typing import Final

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a caller is from, as far as it is known; empty texts for what is not."""

    area_code: str = ""
    """With its 0: ``010``, ``0755``; ``00852``, ``00853`` and ``00886`` for 港澳台."""
    province: str = ""
    """``广东``; short, without 省 or 市."""
    city: str = ""
    """``深圳``; ``沈阳/抚顺/本溪/铁岭`` for a landline of a shared area code."""
    carrier: str = ""
    """Of a mobile's segment, one of :data:`CARRIERS`."""

    @property
    def name(self) -> str:
        """``广东 深圳``, ``北京``; empty when unknown."""
        return self.city if self.city == self.province else f"{self.province} {self.city}".strip()


UNKNOWN: Final = Place()

CARRIERS: Final = (
    "移动",
    "联通",
    "电信",
    "电信虚拟运营商",
    "联通虚拟运营商",
    "移动虚拟运营商",
    "广电",
    "广电虚拟运营商",
)
"""In the order of the package ``phone``, whose codes begin at 1."""


class AreaCode(msgspec.Struct, frozen=True, array_like=True):
    """One area code (区号)."""

    code: str
    province: str
    cities: tuple[str, ...]
    """Whose area code it is, the chief one first."""
    merged_into: str = ""
    """The area code that took this one over (并网); empty: it is in use."""
