"""The child process that decodes uploaded audio: ``python -m b2bua.recorder.decode <audio >pcm``.

Reads the file on descriptor 0, writes 16-bit mono samples of 8 kHz to descriptor 1 and one JSON line
(:class:`b2bua.recorder.verdict.Verdict`) to descriptor 2. Uploaded audio is hostile: the child limits its
own memory, time and output before it opens the file, counts real samples instead of believing headers, and
reads no other file.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from collections.abc import Iterator

import msgspec
import numpy as np

from b2bua.recorder.loudness import normalised
from b2bua.recorder.resample import Sound, resampled
from b2bua.recorder.verdict import RATE, Verdict

LONGEST_SECONDS = 600
SHORTEST_SECONDS = 0.1
LOWEST_RATE, HIGHEST_RATE = 4000, 384_000
MOST_CHANNELS = 16
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
_BLOCK_VALUES = 1 << 18
_STREAMED = {0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF, 0xFFFFF000, 0x80000000}
"""Sizes that programs write into a WAV header when they stream and cannot know the length."""


class _Refused(Exception):
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.fault)
        self.verdict = verdict


def confine() -> None:
    """Limit this process: memory, processor time, output, no core file, lowest priority but one."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


def wav_claim(head: bytes) -> tuple[int, float]:
    """Return (data bytes, seconds) that a RIFF/WAVE header claims, (0, 0.0) when it claims nothing."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0, 0.0
    at, bytes_per_second = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 20 <= len(head):
            bytes_per_second = struct.unpack_from("<I", head, at + 16)[0]
        if name == b"data":
            return size, size / bytes_per_second if bytes_per_second else 0.0
        at += 8 + size + (size & 1)
    return 0, 0.0


def _blocks(audio: object, channels: int, most: int) -> Iterator[Sound]:
    """Yield mono blocks of what is really there; raises _Refused beyond ``most`` frames."""
    frames = max(1, _BLOCK_VALUES // channels)
    count = 0
    while True:
        block = audio.read(frames, dtype="float32", always_2d=True)  # type: ignore[attr-defined]
        if not len(block):
            return
        count += len(block)
        if count > most:
            raise _Refused(Verdict(fault="too-long"))
        mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), nan=0.0, posinf=1e6, neginf=-1e6)
        yield np.clip(mono, -1e6, 1e6).astype(np.float32)


def decode(source: int) -> tuple[bytes, Verdict]:
    """Decode the audio file open on descriptor ``source``; return 16-bit samples of 8 kHz and the verdict."""
    import soundfile

    claimed_bytes, claimed = wav_claim(os.pread(source, 65536, 0))
    size = os.fstat(source).st_size
    try:
        audio = soundfile.SoundFile(source, closefd=False)
    except soundfile.LibsndfileError as error:
        return b"", Verdict(fault="not-audio", detail=error.error_string)
    facts = Verdict(
        format=f"{audio.format}/{audio.subtype}",
        rate=audio.samplerate,
        channels=audio.channels,
        claimed_seconds=round(claimed, 3),
    )
    if not LOWEST_RATE <= facts.rate <= HIGHEST_RATE:
        return b"", msgspec.structs.replace(facts, fault="rate", detail=str(facts.rate))
    if facts.channels > MOST_CHANNELS:
        return b"", msgspec.structs.replace(facts, fault="channels", detail=str(facts.channels))
    try:
        blocks = list(
            resampled(_blocks(audio, facts.channels, LONGEST_SECONDS * facts.rate), facts.rate, RATE)
        )
    except _Refused as refused:
        return b"", msgspec.structs.replace(facts, fault=refused.verdict.fault)
    except soundfile.LibsndfileError as error:
        return b"", msgspec.structs.replace(facts, fault="damaged", detail=error.error_string)
    sound = np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)
    facts = msgspec.structs.replace(facts, seconds=round(len(sound) / RATE, 3))
    if facts.seconds < SHORTEST_SECONDS:
        return b"", msgspec.structs.replace(facts, fault="too-short")
    if claimed_bytes not in _STREAMED and claimed_bytes > size:
        return b"", msgspec.structs.replace(facts, fault="cut-off")
    return normalised(sound).tobytes(), facts


def main() -> None:
    """Decode descriptor 0 to descriptor 1 within the limits."""
    import soundfile  # noqa: F401  loaded before the limits: its library is part of us, not of the upload

    confine()
    try:
        pcm, verdict = decode(0)
    except MemoryError:
        pcm, verdict = b"", Verdict(fault="memory")
    with os.fdopen(1, "wb") as out:
        out.write(pcm)
    sys.stderr.buffer.write(msgspec.json.encode(verdict) + b"\n")


if __name__ == "__main__":
    main()
