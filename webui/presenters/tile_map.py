"""China as a grid of tiles, one a province: about where it lies, not how large it is. No map is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

PLACES: Final = {
    "黑龙江": (8, 0), "新疆": (0, 1), "内蒙古": (5, 1), "吉林": (8, 1), "甘肃": (2, 2), "宁夏": (3, 2),
    "山西": (5, 2), "北京": (6, 2), "天津": (7, 2), "辽宁": (8, 2), "青海": (2, 3), "陕西": (4, 3),
    "河北": (6, 3), "山东": (7, 3), "西藏": (1, 4), "四川": (3, 4), "重庆": (4, 4), "河南": (5, 4),
    "安徽": (6, 4), "江苏": (7, 4), "上海": (8, 4), "贵州": (4, 5), "湖北": (5, 5), "江西": (6, 5),
    "浙江": (7, 5), "云南": (3, 6), "广西": (4, 6), "湖南": (5, 6), "广东": (6, 6), "福建": (7, 6),
    "台湾": (8, 6), "海南": (4, 7), "澳门": (5, 7), "香港": (6, 7),
}  # fmt: skip
"""Province -> column and row."""
SHADES: Final = 5


class Tile(NamedTuple):
    """One province."""

    name: str
    column: int
    row: int
    calls: int
    shade: int
    """0 (none) to 5 (the most)."""


def tiles(counts: Mapping[str, int]) -> list[Tile]:
    """Return the tiles, shaded by how many calls came from there."""
    most = max((counts.get(name, 0) for name in PLACES), default=0)
    return [
        Tile(name, column, row, counts.get(name, 0), _shade(counts.get(name, 0), most))
        for name, (column, row) in PLACES.items()
    ]


def _shade(count: int, most: int) -> int:
    return 0 if not count else max(1, -(-count * SHADES // most))
