"""How a stream sounds: the E-model's estimate from delay, loss and jitter (ITU-T G.107, G.113)."""

from __future__ import annotations

BASE = 93.2
"""R of an undisturbed call with all defaults of G.107 (2003)."""
IMPAIRMENT = {"PCMA": 0.0, "PCMU": 0.0, "G729": 11.0, "GSM": 20.0, "iLBC": 15.0, "G722": 0.0}
"""Ie by codec (G.113 appendix I); codecs not named count as G.711."""
ROBUSTNESS = {"PCMA": 25.1, "PCMU": 25.1, "G729": 19.0, "iLBC": 32.0}
"""Bpl by codec with packet loss concealment (G.113 appendix I); 25.1 where not named."""
BUFFER_JITTERS = 2.0
"""A receiver's jitter buffer holds about so many times the jitter."""
FRAME_MS = 20.0


def rating(delay_ms: float, loss_percent: float, codec: str = "PCMA") -> float:
    """Return R (0 to 93.2) for a one-way delay from mouth to ear and random loss."""
    delay = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0.0)
    impairment = IMPAIRMENT.get(codec, 0.0)
    robustness = ROBUSTNESS.get(codec, 25.1)
    effective = impairment + (95.0 - impairment) * loss_percent / (loss_percent + robustness)
    return max(0.0, min(BASE, BASE - delay - effective))


def mean_opinion(rating: float) -> float:
    """Return the mean opinion score (1 to 4.5) of a rating (G.107 annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def estimate(
    received: int, lost: int, jitter_ms: float, round_trip_ms: float | None, codec: str
) -> float | None:
    """Return the mean opinion score of what was received, None when nothing was."""
    if received == 0:
        return None
    delay = (round_trip_ms or 0.0) / 2 + BUFFER_JITTERS * jitter_ms + FRAME_MS
    return round(mean_opinion(rating(delay, 100.0 * lost / (received + lost), codec)), 2)
