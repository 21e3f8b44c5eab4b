"""Where a caller is from: area code, province, city, and for mobiles the carrier of its segment (号段).

"Unknown" is a normal answer, an empty text. A ported number (携号转网) keeps the carrier of its segment here.
The atom of routing by place is the area code: a landline of one that several cities share (024) has all
their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from domain.calling.caller import Caller, CallerClass
from domain.places.place import UNKNOWN, AreaCode, Place
from domain.places.segments import PackageSegments, Segments
from domain.places.tables import AreaCodeTable, read_table

__all__ = ["UNKNOWN", "AreaCode", "Place", "Places", "shipped_area_codes", "shipped_places"]

MOST_MERGERS: Final = 5


class Places:
    """Every place that is known. Immutable but for what it remembers."""

    def __init__(self, area_codes: Mapping[str, AreaCode], segments: Iterable[Segments]) -> None:
        """``segments``: the first source that knows a segment decides."""
        self.area_codes = area_codes
        self.segments = tuple(segments)
        self._of_code = {row.code: self._landline(row) for row in area_codes.values()}
        self._put_right: dict[Place, Place] = {}

    def place_of(self, caller: Caller) -> Place:
        """Return where a caller is from. Never raises."""
        number = caller.canonical
        if caller.kind is CallerClass.MOBILE:
            return self._mobile(int(number[:7]))
        if caller.kind is CallerClass.LANDLINE:
            return self._of_code.get(number[: 3 if number[1] in "12" else 4], UNKNOWN)
        if caller.kind is CallerClass.INTERNATIONAL:
            return self._of_code.get(number[:5], UNKNOWN)
        return UNKNOWN

    def in_use(self, area_code: str) -> str:
        """Return the area code that is in use for one, "" when there is none: 0413 gives 024."""
        return self._of_code.get(area_code, UNKNOWN).area_code

    def _mobile(self, segment: int) -> Place:
        for source in self.segments:
            found = source.find(segment)
            if found is not None:
                right = self._put_right.get(found)
                if right is None:
                    right = self._put_right[found] = self._spelled_as_here(found)
                return right
        return UNKNOWN

    def _spelled_as_here(self, place: Place) -> Place:
        """Put right what segments come with: lost or doubled zeros, merged codes, towns for their city."""
        code = place.area_code and "0" + place.area_code.lstrip("0")
        row = self.area_codes.get(code)
        if row is None:
            return Place(code, place.province, place.city, place.carrier)
        city = row.cities[0] if len(row.cities) == 1 else place.city
        return Place(self._heir(row), row.province, city, place.carrier)

    def _landline(self, row: AreaCode) -> Place:
        return Place(self._heir(row), row.province, "/".join(row.cities))

    def _heir(self, row: AreaCode) -> str:
        """Return the code that took this one over, be it in several steps; a circle ends somewhere."""
        code = row.code
        for _ in range(MOST_MERGERS):
            row = self.area_codes.get(code, row)
            if not row.merged_into:
                break
            code = row.merged_into
        return code


@cache
def shipped_segments() -> PackageSegments:
    """Return the mobile segments that come with the box; read once."""
    return PackageSegments()


@cache
def shipped_area_codes() -> AreaCodeTable:
    """Return the area codes that come with the box, those that were merged included."""
    table = read_table(files("domain").joinpath("data", "area_codes.csv").read_text(encoding="utf-8"))
    assert isinstance(table, AreaCodeTable)
    return table


@cache
def shipped_places() -> Places:
    """Return the places that come with the box."""
    return Places(shipped_area_codes().rows, (shipped_segments(),))
