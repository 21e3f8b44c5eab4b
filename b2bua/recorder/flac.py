"""Write a composed call as a FLAC file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soundfile

from b2bua.recorder.alignment import RATE

_COMPRESSION = 0.0
"""libsndfile's fastest: decoded G.711 gets no smaller with more work (2 % for three times the time)."""


class Sound(Protocol):
    """What can be written: a call or a message."""

    @property
    def channels(self) -> int:
        """1 or 2."""

    def blocks(self) -> Iterator[npt.NDArray[np.int16]]:
        """Yield (samples, channels) arrays that follow each other."""


def write_flac(composition: Sound, path: Path) -> tuple[int, str]:
    """Write the file; return its size in bytes and SHA-256. Raises OSError when the disk refuses.

    The file is not durable yet, but on its way to the disk. It is made in memory (70 MB for an hour), since
    libsndfile would fsync a file of its own.
    """
    memory = BytesIO()
    with soundfile.SoundFile(
        memory, "w", RATE, composition.channels, "PCM_16", format="FLAC", compression_level=_COMPRESSION
    ) as out:
        for block in composition.blocks():
            out.buffer_write(block.data, "int16")
    content = memory.getbuffer()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        written = 0
        while written < len(content):
            written += os.write(file, content[written:])
        # Starts writing. Left to the fsync, each file of a batch would cost a commit of the file system.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
    return len(content), hashlib.sha256(content).hexdigest()
