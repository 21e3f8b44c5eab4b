"""Put the shipped voice into a box's ``prompts/``, once for each edition of it.

The b2bua knows the addresses by hashing the files (5 ms); the audio itself is prepared by a child process
(``python -m b2bua.recorder.shipped DIR``), so that numpy and libsndfile never enter the b2bua. The files come
with the product: they are decoded without the limits that uploads get.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from b2bua.recorder import address, voice
from storage.data_directory import DataDirectory

_SECONDS = 120.0


def addresses() -> dict[str, str]:
    """Return the content address of every shipped prompt by its name."""
    return {name: address.of(voice.source(name).read_bytes()) for name in voice.WORDS}


def ensure(data: DataDirectory) -> dict[str, str]:
    """Prepare what is not in ``prompts/`` yet and return the addresses; raises OSError when that fails.

    Takes 15 ms, and under a second when the box starts for the first time or with a new edition.
    """
    found = addresses()
    if not all(_is_there(data, each) for each in found.values()):
        command = [sys.executable, "-m", "b2bua.recorder.shipped", str(data.root)]
        try:
            subprocess.run(command, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603
        except subprocess.SubprocessError as error:
            raise OSError(f"the shipped prompts cannot be prepared: {error}") from error
    return found


def _is_there(data: DataDirectory, each: str) -> bool:
    """Whether a prompt's files are there; after a power cut they may be shorter, each by its own length."""
    try:
        alaw, ulaw, facts = (
            (data.prompts / f"{each}.{suffix}").stat().st_size for suffix in ("alaw", "ulaw", "json")
        )
    except OSError:
        return False
    return alaw == ulaw > 0 and facts > 0


def main() -> None:
    """Prepare all of them for the data directory named on the command line."""
    from b2bua.recorder import prompts

    for name in voice.WORDS:
        prompts.ingest_shipped(voice.source(name), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
