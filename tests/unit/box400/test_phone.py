"""The test phone presses keys, plays and hears as a real one does."""

from __future__ import annotations

import struct
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
import soundfile

from box400.phone.keys import Pause, Press, WrongKeys, parse_keys
from box400.phone.rtp import FRAME, Incoming, Outgoing
from box400.phone.sound import UnreadableSound, decoded, frames, level, read_sound, seconds_of_tone, tone


def test_keys_and_pauses_are_read() -> None:
    """`--keys 1,w2,9` presses 1, waits two seconds, presses 9."""
    assert parse_keys("1,w2,9") == (Press("1"), Pause(2), Press("9"))
    assert parse_keys("12#,w0.5,w,*") == (
        Press("1"),
        Press("2"),
        Press("#"),
        Pause(0.5),
        Pause(1),
        Press("*"),
    )


@pytest.mark.parametrize("text", ["", "1,,2", "x", "w2x", "1;2", "w-1", "w1_0", "\u0661"])
def test_what_is_no_key_is_named(text: str) -> None:
    """A wrong item is refused."""
    with pytest.raises(WrongKeys):
        parse_keys(text)


def test_a_key_is_sent_as_an_event_with_a_threefold_end() -> None:
    """RFC 4733: one timestamp, growing duration, the marker at the start, three end packets."""
    out = Outgoing(repeat(b"\xd5" * FRAME), ssrc=7, sequence=65534, timestamp=0xFFFFFFFF)
    out.tick(8, 101)
    out.press("#")
    packets = [packet for _ in range(12) for packet in out.tick(8, 101)]
    events = [packet for packet in packets if packet[1] & 0x7F == 101]
    assert [packet[1] >> 7 for packet in events] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert {packet[4:8] for packet in events} == {struct.pack("!I", 159)}
    assert [struct.unpack("!BBH", packet[12:]) for packet in events] == [
        *((11, 10, 160 * count) for count in range(1, 6)),
        *[(11, 0x8A, 960)] * 3,
    ]
    assert [struct.unpack_from("!H", packet, 2)[0] for packet in packets][:3] == [65535, 0, 1]
    assert not out.pressing


def test_what_is_sent_is_heard_again() -> None:
    """Audio and keys pass through; a lost packet is silence of the same length."""
    out = Outgoing(frames(tone(440), "PCMA", again=True), ssrc=1, sequence=65500, timestamp=0xFFFFFF00)
    heard = Incoming()
    sent: list[bytes] = []
    for turn in range(100):
        if turn == 50:
            out.press("5")
        sent += out.tick(8, 101)
    del sent[20]
    sent[30], sent[31] = sent[31], sent[30]
    for packet in sent:
        heard.take(packet, 0xD5, 101)
    assert (heard.keys, heard.lost, heard.restarts) == ("5", 1, 0)
    sound = decoded(bytes(heard.octets), "PCMA")
    assert len(sound) == 100 * FRAME
    assert seconds_of_tone(sound, 440) == pytest.approx(2.0 - 0.02 - 0.12, abs=0.03)
    assert seconds_of_tone(sound, 880) == 0


def test_what_is_no_rtp_is_not_heard() -> None:
    """Short packets, RTCP and other versions are passed over."""
    heard = Incoming()
    assert heard.take(b"", 0xD5, None) is None
    assert heard.take(b"\x80\xc8" + bytes(26), 0xD5, None) is None
    assert heard.take(bytes(40), 0xD5, None) is None
    assert heard.packets == 0


def test_a_stream_that_begins_anew_is_put_behind() -> None:
    """Another SSRC continues the time line."""
    heard = Incoming()
    for ssrc in (1, 2):
        out = Outgoing(repeat(b"\x2a" * FRAME), ssrc=ssrc, sequence=9, timestamp=12345 * ssrc)
        for _ in range(5):
            heard.take(out.tick(8, None)[0], 0xD5, None)
    assert heard.restarts == 1
    assert len(heard.octets) == 10 * FRAME


def test_a_file_of_any_rate_is_played(tmp_path: Path) -> None:
    """A 44.1 kHz stereo file becomes 8 kHz mono of the same length, pitch and level."""
    wave = 0.25 * np.sin(np.arange(44100) * 2 * np.pi * 1000 / 44100)
    soundfile.write(tmp_path / "file.flac", np.column_stack([wave, wave]), 44100)
    sound = read_sound(tmp_path / "file.flac")
    assert len(sound) == 8000
    assert seconds_of_tone(sound, 1000) > 0.9
    assert level(sound) == pytest.approx(-15.05, abs=0.2)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    """`--play` of a text file is refused."""
    (tmp_path / "file.wav").write_text("no sound")
    with pytest.raises(UnreadableSound, match=r"file\.wav"):
        read_sound(tmp_path / "file.wav")
