"""Pre-encoded prompts, read once."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path

KEPT_OCTETS = 32 << 20
_NAME = re.compile(r"[0-9A-Za-z_-]{1,128}")
_SUFFIX = {"PCMA": "alaw", "PCMU": "ulaw"}


class Prompts:
    """The directory ``prompts/`` of a box, with those used last kept in memory."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._octets = 0

    def get(self, name: str, law: str) -> bytes:
        """Return a prompt in ``PCMA`` or ``PCMU``, empty when it cannot be read; ValueError: not a name."""
        key = (name, law)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a prompt's name: {name!r}")
        try:
            prompt = (self._directory / f"{name}.{_SUFFIX[law]}").read_bytes()
        except OSError:
            return b""
        self._kept[key] = prompt
        self._octets += len(prompt)
        while self._octets > KEPT_OCTETS and len(self._kept) > 1:
            self._octets -= len(self._kept.popitem(last=False)[1])
        return prompt
