"""Full-text search of Chinese and other text: what a query means. Pure; the index is in ``storage``.

Chinese has no spaces, so texts are looked at as *bigrams*: each two neighbouring characters. A query is a
list of terms (what stands between spaces and punctuation). A text has a term when it has all of its bigrams,
so each text that contains the term as typed is found, at any place, and terms in any order. Where no text
has all terms, those are found that have two thirds of the bigrams: words in another order, a word too many.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_QUERY: Final = 80
"""Characters of a query that count."""
_BREAK: Final = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """Return a text as it is compared: width and case do not count, nor how many spaces there are."""
    return " ".join(_BREAK.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


def terms(query: str) -> list[str]:
    """Return the terms of a query, each once."""
    return list(dict.fromkeys(normal(query[:MOST_QUERY]).split()))


def grams(term: str) -> list[str]:
    """Return the bigrams of a term, each once; of a single character, itself."""
    if len(term) == 1:
        return [term]
    return list(dict.fromkeys(term[place : place + 2] for place in range(len(term) - 1)))


def indexed(text: str) -> set[str]:
    """Return what a text is found by: its bigrams and its characters."""
    found: set[str] = set()
    for run in normal(text).split():
        found.update(run)
        found.update(run[place : place + 2] for place in range(len(run) - 1))
    return found


def wanted(query: str) -> list[str]:
    """Return all bigrams of a query, each once."""
    return list(dict.fromkeys(gram for term in terms(query) for gram in grams(term)))


def enough(count: int) -> int:
    """Return how many of ``count`` bigrams suffice where no text has all; of one or two: all."""
    return count if count < 3 else -(-count * 2 // 3)


def naive(query: str, texts: dict[str, str]) -> set[str]:
    """Return the names of the texts that a query finds, by looking at each: what the index must equal."""
    looked_for = wanted(query)
    if not looked_for:
        return set()
    have = {name: sum(gram in normal(text) for gram in looked_for) for name, text in texts.items()}
    every = {name for name, count in have.items() if count == len(looked_for)}
    return every or {name for name, count in have.items() if count >= enough(len(looked_for))}
