"""From the packets of a caller to the message he left: one channel, from the tone on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from math import ceil

import numpy as np
import numpy.typing as npt

from b2bua.recorder.alignment import RATE
from b2bua.recorder.compose import Track
from b2bua.recorder.flac import Sound
from b2bua.recorder.spool_folder import SpoolFolder
from b2bua.recorder.spooled import LegAudio
from b2bua.recorder.timeline import Course, Message
from storage.recordings import RecordingFacts

log = logging.getLogger(__name__)

_BLOCK = 60 * RATE
LONGEST = 3600.0
"""Seconds; a journal that claims more is wrong."""
_LONGEST_OVERHANG = 10.0
"""Seconds that a message which a crash cut may sound on beyond the call's last mark."""


class MessageComposition:
    """A message's sound, to be read block by block."""

    channels = 1

    def __init__(self, message: Message, audio: LegAudio, *, cut: bool) -> None:
        """``cut``: a crash ended it, and the spool may hold more than the journal says."""
        self._track = Track(audio, message.start)
        self.undecodable = self._track.undecodable
        seconds = message.end - message.start
        if cut:
            seconds = max(seconds, min(self._track.end / RATE, seconds + _LONGEST_OVERHANG))
        self.samples = max(0, ceil(min(seconds, LONGEST) * RATE))

    @property
    def seconds(self) -> float:
        """Length of the message."""
        return self.samples / RATE

    def blocks(self) -> Iterator[npt.NDArray[np.int16]]:
        """Yield (samples, 1) arrays that follow each other."""
        for start in range(0, self.samples, _BLOCK):
            block = np.zeros((min(start + _BLOCK, self.samples) - start, 1), dtype=np.int16)
            self._track.write(block[:, 0], start)
            yield block


def compose_message(
    plan: Course, message: Message, folder: SpoolFolder, encode: Callable[[Sound], tuple[int, str]]
) -> RecordingFacts | None:
    """Compose the message of a call and have it encoded (to size and SHA-256); None without a spool."""
    legs, doubts = folder.read({message.leg})
    audio = legs.get(message.leg)
    if audio is None:
        log.error("call %s: a message was left, and there is no spool of it", plan.call)
        return None
    composition = MessageComposition(message, audio, cut=plan.cut and message.end == plan.ended)
    size, digest = encode(composition)
    doubts += [f"{codec} cannot be decoded" for codec in composition.undecodable]
    return RecordingFacts(
        id=plan.call,
        tenant=plan.tenant,
        number=plan.number,
        caller=plan.caller,
        answerers=(),
        at=message.at,
        seconds=round(composition.seconds, 3),
        bytes=size,
        sha256=digest,
        notes=tuple(doubts),
        box=message.box,
    )
