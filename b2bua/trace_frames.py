"""The frames of the SIP trace and the files that hold them.

A frame is ``>IBdHH`` (length of all that follows the length; kind; UTC seconds; length of the key; length
of the flow's description) with key, flow and message after it. Kinds: 0 received, 1 sent (key: SIP
Call-ID), 2 a call and leg that a SIP Call-ID belongs to (key: SIP Call-ID, flow: call id, message: leg).
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Final

FRAME: Final = struct.Struct(">IBdHH")
AFTER_LENGTH: Final = FRAME.size - 4
RECEIVED, SENT, BELONGS = 0, 1, 2
_NAME: Final = re.compile(r"^([0-9]{1,16})\.trace$")


def trace_files(directory: Path) -> list[Path]:
    """Return the ring's files, oldest first."""
    numbered = [(int(match[1]), path) for path in directory.iterdir() if (match := _NAME.match(path.name))]
    return [path for _, path in sorted(numbered)]
