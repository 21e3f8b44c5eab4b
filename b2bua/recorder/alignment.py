"""Where each RTP packet belongs on the call's time axis. Pure.

The RTP timestamp says how packets of one stream lie to each other, the arrival says where the stream lies in
the call: a packet can be late, never early, so the least delayed packets of the next two seconds hold the
anchor. Clock drift, changed delay, pauses without timestamp progress and new streams all show as the anchor
moving; it follows when it is off by more than :data:`TOLERANCE`, and never for passing jitter.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

RATE = 8000
TOLERANCE = 0.015
"""Seconds that a stream may drift before it is moved."""
_AHEAD = 100
"""Packets (2 s at 20 ms) among which the least delayed one is looked for; longer lateness is believed."""
_TAIL = 25
_JUMP = 5.0
"""Seconds by which the delay of two packets in a row must differ to begin a new stream."""
_EARLY = 0.03
"""Seconds by which a packet must undercut the least delay before it to begin a new stream."""

Seconds = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int64]


def unwrapped(timestamps: npt.NDArray[np.uint32]) -> Samples:
    """Return 32-bit timestamps as a count that starts at 0 (RFC 3550 5.1); each step is the shorter way."""
    if not len(timestamps):
        return np.zeros(0, dtype=np.int64)
    media = np.zeros(len(timestamps), dtype=np.int64)
    np.cumsum((timestamps[1:] - timestamps[:-1]).view(np.int32), out=media[1:])
    return media


def placed(arrivals: Seconds, timestamps: npt.NDArray[np.uint32], origin: float) -> Samples:
    """Return the sample position of each packet's start, 0 being ``origin`` (monotonic seconds).

    ``arrivals`` are monotonic seconds in order of arrival, ``timestamps`` the RTP timestamps at 8 kHz.
    """
    count = len(arrivals)
    if not count:
        return np.zeros(0, dtype=np.int64)
    media = unwrapped(timestamps)
    delay = arrivals - origin - media / RATE
    least = float(delay.min())
    if float(delay.max()) - least <= TOLERANCE:  # no stream begins and no anchor moves
        return media + round(least * RATE)
    anchors = np.empty(count, dtype=np.float64)
    bounds = [0, *_beginnings(delay).tolist(), count]
    for first, last in pairwise(bounds):
        anchors[first:last] = _anchors(delay[first:last])
    return media + np.rint(anchors * RATE).astype(np.int64)


def _beginnings(delay: Seconds) -> Samples:
    """Return the indices at which a new stream begins: nothing before it says where it lies."""
    before = _least_ahead(delay[::-1])[::-1][:-1]
    after = delay[1:]
    return np.flatnonzero((np.abs(after - delay[:-1]) > _JUMP) | (after < before - _EARLY)) + 1


def _anchors(delay: Seconds) -> Seconds:
    """Return the anchor for each packet of one stream: stepwise constant, at the least delay around it."""
    least = _least_ahead(delay)
    least[-_TAIL:] = least[-_TAIL:][0]  # nothing follows the last ones; what preceded them must do
    if least.max() - least.min() <= TOLERANCE:
        return np.full(len(delay), least.min())
    anchors = []
    anchor = float(least[0])
    for value in least.tolist():
        if not -TOLERANCE <= value - anchor <= TOLERANCE:
            anchor = value
        anchors.append(anchor)
    return np.array(anchors)


def _least_ahead(delay: Seconds) -> Seconds:
    """Return for each packet the least delay among it and the next ``_AHEAD`` ones, by doubling windows."""
    least = delay.copy()
    width = 1
    while width < _AHEAD:
        step = min(width, _AHEAD - width)
        further = least[step:]
        np.minimum(least[: len(further)], further, out=least[: len(further)])
        width += step
    return least
