"""Rates and loudness, to the standards' figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.recorder.loudness import limited
from b2bua.recorder.resample import resampled


@pytest.mark.parametrize("rate", [4000, 6000, 11025, 11127, 16000, 22050, 44100, 48000, 192000])
def test_resampling_keeps_speech_and_drops_what_would_alias(rate: int) -> None:
    """1 kHz passes unchanged to -80 dB; 4.3 kHz and above are gone by 80 dB."""
    time, target = np.arange(rate) / rate, np.arange(8000) / 8000
    for hertz in (1000, 3300, 4300, 7000):
        if hertz >= rate * 0.42:
            continue
        sound = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        blocks = [sound[at : at + 3001] for at in range(0, rate, 3001)]
        heard = np.concatenate(list(resampled(blocks, rate, 8000)))
        assert len(heard) == 8000
        wanted = np.sin(2 * np.pi * hertz * target) if hertz < 4000 else np.zeros(8000)
        assert np.sqrt(((heard - wanted)[800:-800] ** 2).mean()) < 1e-4


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.sampled_from([11025, 16000, 5512]))
def test_the_cut_into_blocks_changes_nothing(sizes: list[int], rate: int) -> None:
    """However the file is read, the same samples come out."""
    sound = np.sin(np.arange(sum(sizes)) / 5).astype(np.float32)
    cuts = np.cumsum(sizes)[:-1]
    whole = np.concatenate(list(resampled([sound], rate, 8000)))
    parts = np.concatenate(list(resampled(np.split(sound, cuts), rate, 8000)))
    assert len(whole) == -(-sum(sizes) * 8000 // rate)
    np.testing.assert_allclose(whole, parts, atol=1e-6)


def test_the_limiter_never_passes_its_ceiling() -> None:
    """Not one sample is louder than allowed, and quiet parts are untouched."""
    sound = np.random.default_rng(1).normal(0, 0.2, 16000).astype(np.float32)
    sound[:4000] *= 0.01
    out = limited(sound, 0.5)
    assert np.abs(out).max() <= 0.5001
    np.testing.assert_array_equal(out[:3900], sound[:3900])
