"""What the child process that decodes uploaded audio tells; who reads it need not load what decodes."""

from __future__ import annotations

from typing import Final

import msgspec

RATE: Final = 8000
"""Of decoded audio, Hz."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """How decoding went. ``fault`` is empty, or a code that :mod:`b2bua.recorder.prompts` explains."""

    fault: str = ""
    detail: str = ""
    seconds: float = 0.0
    claimed_seconds: float = 0.0
    format: str = ""
    rate: int = 0
    channels: int = 0
