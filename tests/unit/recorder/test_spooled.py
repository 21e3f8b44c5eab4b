"""The recorder reads what media workers spooled, whatever happened to them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from b2bua.media.spool import (
    RECORD,
    TICKS,
    Begin,
    End,
    Formats,
    Note,
    SpoolError,
    SpoolWriter,
    read_spool,
    spool_path,
)
from b2bua.recorder.spooled import LegAudio, read_leg

Packets = list[tuple[int, int, bytes]]
"""(stamp, payload type, payload)"""


def write(path: Path, packets: list[tuple[int, int, bytes] | Note], *, closed: bool = True) -> None:
    writer = SpoolWriter(path, Begin("call", "a", 1.0, 2.0))
    for number, packet in enumerate(packets):
        if isinstance(packet, Note):
            writer.note(0, packet)
            continue
        stamp, kind, payload = packet
        body = struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, number * 160, 7) + payload
        writer.pending += RECORD.pack(stamp, len(body)) + body
    if closed:
        writer.note(0, End())
    writer.write(writer.take())
    writer.close()


def heard(audio: LegAudio) -> Packets:
    return [
        (round(arrival * TICKS), audio.codecs[kind], audio.data[start : start + length])  # type: ignore[misc]
        for arrival, kind, start, length in zip(
            audio.arrivals, audio.kinds, audio.starts, audio.lengths, strict=True
        )
    ]


def reference(path: Path) -> Packets:
    """Return the same from the worker's own, slow reader."""
    return [
        (round(packet.mono * TICKS), packet.timestamp, packet.payload)
        for segment in read_spool(path)
        for packet in segment.packets
    ]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Every packet comes back with its time, codec and payload."""
    path = spool_path(tmp_path, "call", "a")
    packets = [(8000 + n * 160, 8, bytes([n % 256]) * 160) for n in range(700)]
    write(path, [Formats({8: ("PCMA", 8000)}), *packets])
    audio = read_leg(path)
    assert audio.whole
    assert heard(audio) == [(stamp, "PCMA", payload) for stamp, _kind, payload in packets]
    assert audio.timestamps.tolist() == [(n + 1) * 160 for n in range(700)]


def test_payload_types_mean_what_was_said_last(tmp_path: Path) -> None:
    """After a re-INVITE the same payload type may be another codec."""
    path = spool_path(tmp_path, "call", "a")
    write(
        path,
        [
            Formats({96: ("PCMA", 8000)}), (1, 96, b"x"), Formats({96: ("PCMU", 8000), 101: ("opus", 48000)}),
            (2, 96, b"y"), (3, 101, b"z"), (4, 0, b"u"), (5, 99, b"?"),
        ],
    )  # fmt: skip
    assert [codec for _, codec, _ in heard(read_leg(path))] == ["PCMA", "PCMU", "opus", "PCMU", "unknown"]


def test_a_worker_that_died_and_its_replacement(tmp_path: Path) -> None:
    """What the dead worker wrote, up to its torn last record, and what the next one wrote are both there."""
    path = spool_path(tmp_path, "call", "a")
    write(path, [(n, 8, b"first") for n in range(10)], closed=False)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3)
    write(path, [(n, 8, b"second") for n in range(20, 25)])
    audio = read_leg(path)
    assert not audio.whole
    assert [payload for _, _, payload in heard(audio)] == [b"first"] * 9 + [b"second"] * 5


def test_what_is_no_spool_says_so(tmp_path: Path) -> None:
    """A file without the spool's head is refused, not read as noise."""
    path = tmp_path / "a.spool"
    for content in (b"", b"box400s1", b"RIFF" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(SpoolError):
            read_leg(path)


sizes = st.lists(st.sampled_from([80, 160, 160, 160, 240, 1, 0]), max_size=80)


@settings(max_examples=60, deadline=None)
@example([80, 80], 0, 36, 185)
@given(sizes, st.integers(0, 400), st.integers(0, 255), st.integers(1, 6000))
def test_both_readers_agree_on_any_damage(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cut: int, octet: int, at: int
) -> None:
    """Cut anywhere and hit by any octet, a file gives the same packets as the worker's own reader finds."""
    path = spool_path(tmp_path_factory.mktemp("spool"), "call", "a")
    write(path, [(n, 8, bytes(length)) for n, length in enumerate(lengths)])
    data = bytearray(path.read_bytes())
    if at < len(data):
        data[at] = octet
    del data[max(24, len(data) - cut) :]
    path.write_bytes(data)
    try:
        expected = reference(path)
    except SpoolError:
        with pytest.raises(SpoolError):
            read_leg(path)
        return
    audio = read_leg(path)
    got = [
        (stamp, timestamp, payload)
        for (stamp, _, payload), timestamp in zip(heard(audio), audio.timestamps.tolist(), strict=True)
    ]
    assert [rest for _, *rest in got] == [rest for _, *rest in expected]
    # a damaged stamp may be larger than a float counts exactly
    assert [stamp for stamp, *_ in got] == pytest.approx([stamp for stamp, *_ in expected], rel=1e-12)
    assert audio.arrivals.dtype == np.float64
