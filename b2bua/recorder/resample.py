"""Change of sample rate by a windowed-sinc polyphase filter, block by block.

The filter passes up to 0.85 of the lower Nyquist frequency, is 80 dB down at it: nothing aliases into speech.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, gcd

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

STOPBAND_DB = 80.0
PASSBAND = 0.85
_ROWS = 4096
"""Output samples computed at once; bounds the memory of the gathered windows."""


def _prototype(up: int, down: int, taps: int) -> Sound:
    """Return the filter as one row of ``taps`` coefficients for each of the ``up`` phases."""
    lower = min(1.0, up / down)  # Nyquist frequency of the slower side, in units of the input's
    cutoff = lower * (1 + PASSBAND) / 2
    beta = 0.1102 * (STOPBAND_DB - 8.7)
    phase = np.arange(up, dtype=np.float64)[:, None] / up
    distance = np.arange(taps, dtype=np.float64)[None, :] - (taps // 2 - 1) - phase
    inside = np.clip(1 - (2 * distance / taps) ** 2, 0, None)
    rows = cutoff * np.sinc(cutoff * distance) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)
    rows /= rows.sum(axis=1, keepdims=True)  # unity gain at 0 Hz in every phase
    return rows.astype(np.float32)


class Resampler:
    """Convert a stream of mono blocks from one rate to another.

    ``feed`` returns what can be computed so far, ``finish`` the rest: ``ceil(N * to / of)`` samples in all.
    """

    def __init__(self, of: int, to: int) -> None:
        common = gcd(of, to)
        self._up, self._down = to // common, of // common
        ratio = max(1.0, self._down / self._up)
        width = (1 - PASSBAND) * np.pi  # transition band in radians of the slower side
        self._taps = 2 * ceil(((STOPBAND_DB - 7.95) / (2.285 * width) + 1) * ratio / 2)
        self._filter = _prototype(self._up, self._down, self._taps)
        self._before = self._taps // 2 - 1
        self._buffer: Sound = np.zeros(self._before, dtype=np.float32)
        self._first = -self._before  # input index of the buffer's first sample
        self._received = 0
        self._next = 0  # next output index

    def feed(self, block: Sound) -> Sound:
        """Take input samples; return the output samples they complete."""
        self._received += len(block)
        self._buffer = np.concatenate((self._buffer, block))
        complete = self._received - self._taps // 2
        return self._produce(max(self._next, -(-max(complete, 0) * self._up // self._down)))

    def finish(self) -> Sound:
        """Return the last output samples, as if silence followed."""
        self._buffer = np.concatenate((self._buffer, np.zeros(self._taps, dtype=np.float32)))
        return self._produce(-(-self._received * self._up // self._down))

    def _produce(self, end: int) -> Sound:
        out = np.empty(end - self._next, dtype=np.float32)
        if not len(out):
            return out
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, self._taps)
        for start in range(self._next, end, _ROWS):
            position = np.arange(start, min(start + _ROWS, end), dtype=np.int64) * self._down
            at = position // self._up - self._before - self._first
            rows = self._filter[position % self._up]
            out[start - self._next : start - self._next + len(at)] = np.einsum("ij,ij->i", windows[at], rows)
        self._next = end
        keep = end * self._down // self._up - self._before - self._first
        if keep > 0:
            self._buffer = self._buffer[keep:].copy()
            self._first += keep
        return out


def resampled(blocks: Iterable[Sound], of: int, to: int) -> Iterator[Sound]:
    """Yield blocks at rate ``to`` for mono blocks at rate ``of``."""
    if of == to:
        yield from blocks
        return
    resampler = Resampler(of, to)
    for block in blocks:
        yield resampler.feed(block)
    yield resampler.finish()
