"""An index of texts by their bigrams, on BTrees; ``domain.search`` says what a query finds.

Texts are numbered in the order in which they came. For each bigram and each block of 256 texts there is a
map of bits, one for each text: a query reads the maps of its bigrams and combines them as whole numbers, so
the time hardly depends on how many texts have a bigram. A title is indexed under keys of its own as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from BTrees.IOBTree import IOBTree
from BTrees.OIBTree import OIBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.search import enough, indexed, wanted

BLOCK: Final = 256
_OCTETS: Final = BLOCK // 8
_TITLE: Final = "\x01"
"""Begins the keys of titles; no text has it."""
MOST_LIKE: Final = 24
"""Bigrams of a text that count when texts like it are looked for."""
TITLE_WEIGHT: Final = 2.0


class Text(NamedTuple):
    """What is indexed of one thing."""

    title: str
    body: str


class TextIndex(Persistent):  # type: ignore[misc]
    """Finds names of texts."""

    def __init__(self) -> None:
        self.maps: Any = OOBTree()
        """Bigram and number of the block -> bits, lowest first."""
        self.numbers: Any = OIBTree()
        """Name -> number of its text."""
        self.names: Any = IOBTree()
        """Number -> name."""

    def __len__(self) -> int:
        return len(self.numbers)

    def put(self, name: str, text: Text, before: Text | None = None) -> None:
        """Index a text; ``before`` is how it was indexed last, if it was."""
        number = self.numbers.get(name)
        if number is None:
            number = self.names.maxKey() + 1 if self.names else 0
            self.numbers[name], self.names[number] = number, name
        now, was = keys_of(text), keys_of(before) if before is not None else set()
        for gram in now - was:
            self._set(gram, number, present=True)
        for gram in was - now:
            self._set(gram, number, present=False)

    def remove(self, name: str, before: Text) -> None:
        """Forget a text that was indexed so; one that is not there is no matter."""
        number = self.numbers.get(name)
        if number is None:
            return
        for gram in keys_of(before):
            self._set(gram, number, present=False)
        del self.numbers[name]
        del self.names[number]

    def search(self, query: str, most: int) -> list[str]:
        """Return the texts that a query finds: those with it in the title first, then the newest."""
        looked_for = wanted(query)
        if not looked_for:
            return []
        maps = [self._map(gram) for gram in looked_for]
        found = _common(maps)
        if found:
            titled = _common([self._map(_TITLE + gram) for gram in looked_for])
            first = list(islice(self._named(titled & found), most))
            return first + list(islice(self._named(found & ~titled), most - len(first)))
        return list(islice(self._named(_with(maps, enough(len(maps)))), most))

    def like(self, text: str, most: int) -> list[str]:
        """Return the names of texts that have the same rare bigrams as a text, most alike first."""
        rare: list[tuple[float, int, int]] = []
        everything = max(len(self.numbers), 1)
        for gram in {each for each in indexed(text[:2000]) if len(each) == 2}:
            found = self._map(gram)
            count = found.bit_count()
            if count and count * 3 <= everything + 6:
                rare.append((math.log((everything + 1) / count), found, self._map(_TITLE + gram)))
        rare.sort(key=lambda each: -each[0])
        points: dict[int, float] = {}
        shared: dict[int, int] = {}
        for weight, found, titled in rare[:MOST_LIKE]:
            for number in _bits(found):
                points[number] = points.get(number, 0.0) + weight
                shared[number] = shared.get(number, 0) + 1
            for number in _bits(titled):
                points[number] += weight * TITLE_WEIGHT
                shared[number] += 1
        best = sorted(points, key=lambda number: (-points[number], -number))[:most]
        top = points[best[0]] if best else 0.0
        return [self.names[number] for number in best if points[number] * 2 >= top and shared[number] > 1]

    def _named(self, bits: int) -> Iterator[str]:
        return (self.names[number] for number in _bits(bits))

    def _map(self, gram: str) -> int:
        """Return the texts that have a bigram, as bits."""
        held = list(self.maps.items(gram + "\x00", gram + "\x00\uffff"))
        if not held:
            return 0
        octets = bytearray(_OCTETS * (_block(held[-1][0]) + 1))
        for key, bits in held:
            place = _block(key) * _OCTETS
            octets[place : place + len(bits)] = bits
        return int.from_bytes(octets, "little")

    def _set(self, gram: str, number: int, *, present: bool) -> None:
        block, place = divmod(number, BLOCK)
        key = f"{gram}\x00{block:04x}"
        held = int.from_bytes(self.maps.get(key, b""), "little")
        bits = held | 1 << place if present else held & ~(1 << place)
        if bits:
            self.maps[key] = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
        else:
            self.maps.pop(key, None)


def _block(key: str) -> int:
    return int(key[-4:], 16)


def keys_of(text: Text) -> set[str]:
    """Return what a text is indexed under."""
    return indexed(f"{text.title}\n{text.body}") | {_TITLE + gram for gram in indexed(text.title)}


def _common(maps: list[int]) -> int:
    found = maps[0]
    for each in maps[1:]:
        found &= each
    return found


def _with(maps: list[int], least: int) -> int:
    """Return the bits that at least so many maps have: each bit's count is kept in binary, a map a digit."""
    digits: list[int] = []
    for each in maps:
        carry = each
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    every = _union(maps)
    more, same = 0, every
    for place in range(max(len(digits), least.bit_length()) - 1, -1, -1):
        digit = digits[place] if place < len(digits) else 0
        if least >> place & 1:
            same &= digit
        else:
            more |= same & digit
            same &= ~digit
    return more | same


def _union(maps: list[int]) -> int:
    found = 0
    for each in maps:
        found |= each
    return found


def _bits(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set, highest first."""
    while bits:
        place = bits.bit_length() - 1
        yield place
        bits ^= 1 << place
