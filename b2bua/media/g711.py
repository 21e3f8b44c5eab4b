"""G.711 A-law and mu-law (ITU-T G.711): the tables of media workers, recorder and test phone.

They are computed from the standard's segments. ``bytes.translate`` with a 256-octet table turns one law into
the other without a loop in Python.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]

ALAW_SILENCE = b"\xd5"
ULAW_SILENCE = b"\xff"


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


ALAW_TO_PCM = _alaw_expansion()
ULAW_TO_PCM = _ulaw_expansion()


TO_PCM = {"PCMA": ALAW_TO_PCM, "PCMU": ULAW_TO_PCM}
"""Encoding name of RFC 3551 -> 256 samples, indexed by the octet."""


@cache
def octets(law: str) -> Octets:
    """Return the nearest octet of every 16-bit sample, indexed by the sample as an unsigned number."""
    expansion = TO_PCM[law]
    order = np.argsort(expansion, kind="stable")
    levels = expansion[order].astype(np.int32)
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    edges = (levels[1:] + levels[:-1]) // 2
    # On an edge the upper one: zero becomes mu-law's positive zero.
    return order[np.searchsorted(edges, samples, side="right")].astype(np.uint8)


def encode_alaw(samples: Pcm) -> bytes:
    """Encode 16-bit linear samples as A-law."""
    return octets("PCMA")[samples.view(np.uint16)].tobytes()


def encode_ulaw(samples: Pcm) -> bytes:
    """Encode 16-bit linear samples as mu-law."""
    return octets("PCMU")[samples.view(np.uint16)].tobytes()


ALAW_TO_ULAW = encode_ulaw(ALAW_TO_PCM)
ULAW_TO_ALAW = encode_alaw(ULAW_TO_PCM)

SILENCE = {"PCMA": ALAW_SILENCE, "PCMU": ULAW_SILENCE}
ENCODE = {"PCMA": encode_alaw, "PCMU": encode_ulaw}
STATIC_TYPES = {0: "PCMU", 8: "PCMA"}
"""RTP payload types of RFC 3551 that always mean G.711."""


def translation(source: str, target: str) -> bytes | None:
    """Return the ``bytes.translate`` table between two laws, None when they are the same."""
    if source == target:
        return None
    return ALAW_TO_ULAW if source == "PCMA" else ULAW_TO_ALAW
