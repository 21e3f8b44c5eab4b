"""G.711 A-law and mu-law as numpy tables (ITU-T G.711), for whole recordings and prompts at once.

The tables are computed from the standard's segments at the first import; no packet path uses them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]


def _alaw_expansion() -> Pcm:
    octets = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (octets & 0x70) >> 4
    step = (octets & 0x0F) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(octets & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_expansion() -> Pcm:
    octets = ~np.arange(256, dtype=np.int32) & 0xFF
    segment = (octets & 0x70) >> 4
    magnitude = (((octets & 0x0F) << 3) + 0x84 << segment) - 0x84
    return np.where(octets & 0x80, -magnitude, magnitude).astype(np.int16)


def _compression(expansion: Pcm) -> Octets:
    """Return the nearest code of every 16-bit sample, indexed by the sample as an unsigned number."""
    order = np.argsort(expansion, kind="stable")
    levels = expansion[order].astype(np.int32)
    samples = np.arange(65536, dtype=np.int32)
    samples[32768:] -= 65536
    edges = (levels[1:] + levels[:-1]) // 2
    return order[np.searchsorted(edges, samples, side="right")].astype(np.uint8)


ALAW_TO_PCM: Pcm = _alaw_expansion()
ULAW_TO_PCM: Pcm = _ulaw_expansion()
_PCM_TO_ALAW = _compression(ALAW_TO_PCM)
_PCM_TO_ULAW = _compression(ULAW_TO_PCM)

DECODERS: dict[str, Pcm] = {"PCMA": ALAW_TO_PCM, "PCMU": ULAW_TO_PCM}
"""Encoding name of RFC 3551 -> 256 samples, indexed by the octet."""


def alaw(samples: Pcm) -> bytes:
    """Encode 16-bit samples as A-law."""
    return _PCM_TO_ALAW[samples.view(np.uint16)].tobytes()


def ulaw(samples: Pcm) -> bytes:
    """Encode 16-bit samples as mu-law."""
    return _PCM_TO_ULAW[samples.view(np.uint16)].tobytes()
