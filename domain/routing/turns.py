"""Share calls out by weight, exactly and evenly: no chance is in it."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def sequence(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Return whose turn it is, for as many calls as the weights sum to; then it begins again.

    Everybody comes exactly as often as his weight says, spread as evenly as whole calls allow (smooth
    weighted round robin). Weights are not negative; empty when all are 0.
    """
    total = sum(weights)
    credit = [0] * len(weights)
    turns = []
    for _ in range(total):
        for index, weight in enumerate(weights):
            credit[index] += weight
        best = max(range(len(weights)), key=credit.__getitem__)
        credit[best] -= total
        turns.append(best)
    return tuple(turns)
