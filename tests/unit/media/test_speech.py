"""Whether a peer speaks: what ends a message by silence."""

from __future__ import annotations

import numpy as np
import pytest

from b2bua.media import g711
from b2bua.media.speech_detector import SPOKEN, SpeechDetector

SECOND = 8000


def packet(amplitude: float, law: str = "PCMA") -> bytes:
    """Return 20 ms of a 300 Hz tone."""
    wave = amplitude * np.sin(2 * np.pi * 300 * np.arange(160) / 8000)
    return g711.ENCODE[law](wave.astype(np.int16))


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_speech_is_told_once(law: str) -> None:
    """After a tenth of a second of it: a click is none."""
    speech = SpeechDetector(5 * SECOND, 0)
    told = [speech.take(packet(3000, law), law, 160 * number) for number in range(20)]
    assert told.index(True) == SPOKEN // 160 - 1
    assert told.count(True) == 1


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_the_noise_of_a_line_is_no_speech(law: str) -> None:
    """Nor is silence."""
    speech = SpeechDetector(5 * SECOND, 0)
    for octets in (packet(150, law), g711.SILENCE[law] * 160):
        assert not any(speech.take(octets, law, 160 * number) for number in range(50))


def test_silence_counts_from_the_last_word() -> None:
    """And is told once."""
    speech = SpeechDetector(5 * SECOND, 0)
    for number in range(100):
        speech.take(packet(3000), "PCMA", 160 * number)
        speech.take(packet(20), "PCMA", 160 * number)
    assert not speech.falls_silent(6 * SECOND)
    assert speech.falls_silent(8 * SECOND)
    assert not speech.falls_silent(9 * SECOND)


def test_who_never_speaks_is_silent_from_the_beginning() -> None:
    """Also when no packet comes at all; without a time of silence nobody is."""
    assert SpeechDetector(5 * SECOND, 0).falls_silent(5 * SECOND)
    assert not SpeechDetector(0, 0).falls_silent(500 * SECOND)


def test_what_cannot_be_measured_counts_as_speech() -> None:
    """Opus of a SIP phone: its message ends by key, by its length or by hanging up."""
    speech = SpeechDetector(5 * SECOND, 0)
    assert any(speech.take(b"\x00" * 160, "opus", 160 * number) for number in range(6))
