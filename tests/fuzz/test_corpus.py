"""What fuzzing has found stays found: the corpus and its mutations are replayed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.exercise import exercise

SEEDS = sorted((Path(__file__).parent / "corpus").iterdir())
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b",", b";", b'"', b"\\", b"<", b">", b"@", b":", b"?",
    b"%", b"=", b"[", b"]", b"\r\n ", b"\r\n\r\n", b"\x0b", b"\xff", b"\xc2\x85", b"z9hG4bK",
    b"99999999999999999999", b"-1", b"sip:", b"tel:", b"Via: ", b"To: ", b"Content-Length: ",
    b"m=audio ", b"a=rtpmap:", b"SIP/2.0", b"*", b"",
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.name for seed in SEEDS])
def test_the_corpus_is_replayed(seed: Path) -> None:
    """Each kept message, and what is left when it is cut anywhere."""
    data = seed.read_bytes()
    exercise(data)
    for end in range(0, len(data), 7):
        exercise(data[:end])


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.name for seed in SEEDS])
def test_mutations_of_the_corpus_are_survived(seed: Path) -> None:
    """Hundreds of seeded mutations each: pieces replaced, doubled, swapped."""
    data = seed.read_bytes()
    dice = random.Random(seed.name)
    for _ in range(300):
        mutant = bytearray(data)
        for _ in range(dice.randint(1, 5)):
            at = dice.randrange(len(mutant) + 1)
            end = min(len(mutant), at + dice.choice([0, 0, 1, 2, 8, 40]))
            piece = dice.choice([*TOKENS, bytes(mutant[at:end]) * 2, bytes([dice.randrange(256)])])
            mutant[at:end] = piece
        exercise(bytes(mutant))


@given(st.binary(max_size=400))
@example(b"")
@example(b"\r\n\r\n")
@settings(max_examples=200)
def test_any_octets_are_a_message_or_a_sip_error(data: bytes) -> None:
    """Nothing else comes out, whatever comes in."""
    exercise(data)


@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(b"".join))
@settings(max_examples=300)
def test_any_soup_of_sip_is_a_message_or_a_sip_error(data: bytes) -> None:
    """Separators and keywords in any order, alone and inside a request."""
    exercise(data)
    exercise(
        b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;"
        + data
        + b"\r\nTo: "
        + data
        + b"\r\n\r\nv=0\r\n"
        + data
    )
