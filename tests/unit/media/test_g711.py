"""G.711 as the standard has it."""

from __future__ import annotations

import numpy as np
import pytest

from b2bua.media import g711

OCTETS = bytes(range(256))


@pytest.mark.parametrize(
    ("law", "sample", "octet"),
    [
        ("PCMA", 0, 0xD5), ("PCMA", -1, 0x55), ("PCMA", 1000, 0xFA), ("PCMA", -1000, 0x7A),
        ("PCMA", 12345, 0xBD), ("PCMA", 32767, 0xAA), ("PCMA", -32768, 0x2A),
        ("PCMU", 0, 0xFF), ("PCMU", 1000, 0xCE), ("PCMU", -1000, 0x4E),
        ("PCMU", 12345, 0x97), ("PCMU", 32767, 0x80), ("PCMU", -32768, 0x00),
    ],
)  # fmt: skip
def test_known_samples(law: str, sample: int, octet: int) -> None:
    """Samples of the reference coder."""
    assert g711.ENCODE[law](np.array([sample], np.int16))[0] == octet


@pytest.mark.parametrize(
    ("law", "octet", "sample"),
    [
        ("PCMA", 0xD5, 8), ("PCMA", 0x55, -8), ("PCMA", 0xAA, 32256), ("PCMA", 0x2A, -32256),
        ("PCMA", 0xFA, 1008), ("PCMU", 0xFF, 0), ("PCMU", 0x80, 32124), ("PCMU", 0x00, -32124),
        ("PCMU", 0xCE, 988), ("PCMU", 0x7F, 0),
    ],
)  # fmt: skip
def test_known_octets(law: str, octet: int, sample: int) -> None:
    """Octets of the reference decoder."""
    assert g711.TO_PCM[law][octet] == sample


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_encoding_gives_the_nearest_level(law: str) -> None:
    """No sample has a better octet than the one it gets."""
    samples = np.arange(-32768, 32768).astype(np.int16)
    levels = g711.TO_PCM[law].astype(np.int32)
    decoded = levels[np.frombuffer(g711.ENCODE[law](samples), np.uint8)]
    ordered = np.unique(levels)
    places = np.clip(np.searchsorted(ordered, samples), 1, len(ordered) - 1)
    best = np.minimum(abs(ordered[places] - samples), abs(ordered[places - 1] - samples))
    assert (abs(decoded - samples.astype(np.int32)) <= best + 1).all()


@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_decoding_and_encoding_is_no_change(law: str) -> None:
    """Every octet comes back (mu-law's negative zero as zero)."""
    again = g711.ENCODE[law](g711.TO_PCM[law])
    expected = OCTETS if law == "PCMA" else OCTETS.replace(b"\x7f", b"\xff")
    assert again == expected


def test_translation_between_the_laws_keeps_the_sound() -> None:
    """There is a table each way and none from a law to itself; both there and back is nearly the same."""
    assert g711.translation("PCMA", "PCMA") is None
    there = OCTETS.translate(g711.translation("PCMA", "PCMU"))
    back = there.translate(g711.translation("PCMU", "PCMA"))
    was, now = (g711.ALAW_TO_PCM[np.frombuffer(each, np.uint8)].astype(int) for each in (OCTETS, back))
    assert (abs(was - now) <= np.maximum(16, abs(was) / 16)).all()
