"""A tenant uploads audio: what becomes of it, and what is refused with which words."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from b2bua.media import g711
from b2bua.recorder.loudness import active_level
from b2bua.recorder.prompts import PromptError, address_of, delete_unused, find, ingest


def tone(rate: int, seconds: float, hertz: float = 440.0, level: float = 0.1) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def played(data: Path, address: str, law: str = "alaw") -> np.ndarray:
    table = g711.ALAW_TO_PCM if law == "alaw" else g711.ULAW_TO_PCM
    return table[np.frombuffer((data / "prompts" / f"{address}.{law}").read_bytes(), np.uint8)] / 32768


@pytest.mark.parametrize(
    ("suffix", "subtype", "rate", "channels"),
    [
        ("wav", "PCM_16", 44100, 2),
        ("wav", "FLOAT", 96000, 1),
        ("wav", "ALAW", 8000, 1),
        ("flac", "PCM_24", 48000, 2),
        ("ogg", "VORBIS", 22050, 1),
        ("mp3", "MPEG_LAYER_III", 44100, 2),
        ("aiff", "PCM_16", 11025, 1),
    ],
)
def test_any_format_and_rate_becomes_telephone_sound(
    tmp_path: Path, suffix: str, subtype: str, rate: int, channels: int
) -> None:
    """Whatever I export from my computer sounds right on the phone: length, pitch and loudness."""
    source = tmp_path / f"welcome.{suffix}"
    sound = np.repeat(tone(rate, 1.5)[:, None], channels, axis=1)
    soundfile.write(source, sound, rate, subtype=subtype)
    prompt = ingest(source, tmp_path)
    assert prompt.address == address_of(source)
    for law in ("alaw", "ulaw"):
        heard = played(tmp_path, prompt.address, law)
        assert abs(len(heard) / 8000 - 1.5) < 0.06
        spectrum = np.abs(np.fft.rfft(heard[800:8800]))
        assert np.argmax(spectrum) == 440
        assert abs(active_level(heard.astype(np.float32)) - -20) < 0.7


def test_what_a_telephone_cannot_carry_does_not_alias(tmp_path: Path) -> None:
    """A 5 kHz whistle in the file is not heard as 3 kHz in the call."""
    rate = 44100
    source = tmp_path / "whistle.wav"
    soundfile.write(source, tone(rate, 1, 440, 0.2) + tone(rate, 1, 5000, 0.2), rate)
    heard = played(tmp_path, ingest(source, tmp_path).address)
    spectrum = np.abs(np.fft.rfft(heard[:8000] * np.hanning(8000)))
    assert spectrum[2990:3010].max() < spectrum[440] / 200  # G.711's own distortion


def test_loud_peaks_are_turned_down_not_cut(tmp_path: Path) -> None:
    """One bang in a quiet recording neither clips nor keeps the rest quiet."""
    sound = tone(8000, 2, 440, 0.01)
    sound[8000:8040] = 0.9
    source = tmp_path / "bang.wav"
    soundfile.write(source, sound, 8000, subtype="PCM_16")
    heard = played(tmp_path, ingest(source, tmp_path).address)
    assert np.abs(heard).max() <= 10 ** (-1 / 20) * 1.04


def test_the_same_file_is_prepared_once(tmp_path: Path) -> None:
    """Applying the same configuration again costs nothing and gives the same prompt."""
    source = tmp_path / "a.wav"
    soundfile.write(source, tone(8000, 0.5), 8000)
    first = ingest(source, tmp_path)
    made = (tmp_path / "prompts" / f"{first.address}.alaw").stat().st_mtime_ns
    assert ingest(source, tmp_path) == first
    assert (tmp_path / "prompts" / f"{first.address}.alaw").stat().st_mtime_ns == made


def test_a_prompt_damaged_on_disk_is_prepared_again(tmp_path: Path) -> None:
    """Half a prompt that a power cut left is not played: ingesting heals it."""
    source = tmp_path / "a.wav"
    soundfile.write(source, tone(8000, 0.5), 8000)
    first = ingest(source, tmp_path)
    (tmp_path / "prompts" / f"{first.address}.ulaw").write_bytes(b"")
    assert find(first.address, tmp_path) is None
    assert ingest(source, tmp_path) == first
    assert find(first.address, tmp_path) == first


def wav(data_claim: int, data: bytes, riff_claim: int | None = None) -> bytes:
    claim = 36 + data_claim if riff_claim is None else riff_claim
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", claim & 0xFFFFFFFF)
        + b"WAVEfmt "
        + fmt
        + b"data"
        + struct.pack("<I", data_claim)
        + data
    )


def refusal(path: Path, data: Path) -> PromptError:
    with pytest.raises(PromptError) as caught:
        ingest(path, data)
    for text in (caught.value.english, caught.value.chinese):
        assert path.name in text
    assert not list((data / "prompts").glob("*")) if (data / "prompts").exists() else True
    return caught.value


@pytest.mark.parametrize("claim", [0xFFFFFFFF, 0xFFFFFFF0, 0xFFFFFF00])
def test_a_header_that_lies_about_its_length_is_refused(tmp_path: Path, claim: int) -> None:
    """A file of 144 bytes that claims 268,435 seconds is refused with its name, the fault and a remedy."""
    source = tmp_path / "lying.wav"
    source.write_bytes(wav(claim, bytes(100)))
    assert source.stat().st_size == 144
    error = refusal(source, tmp_path)
    assert error.code == "too-short"
    assert "268435 s" in error.english
    assert "0.006 s" in error.english
    assert "export it again" in error.english
    assert "重新导出" in error.chinese


def test_a_cut_off_upload_is_refused(tmp_path: Path) -> None:
    """Half an upload is not taken for the whole announcement."""
    source = tmp_path / "half.wav"
    source.write_bytes(wav(320000, (tone(8000, 3) * 32767).astype("<i2").tobytes()))
    error = refusal(source, tmp_path)
    assert error.code == "cut-off"
    assert "20.0 s" in error.english
    assert "3.0 s" in error.english


def test_a_streamed_wav_without_length_is_taken(tmp_path: Path) -> None:
    """Programs that pipe WAV write no length; the audio that is there counts."""
    source = tmp_path / "piped.wav"
    source.write_bytes(wav(0xFFFFFFFF, (tone(8000, 1) * 32767).astype("<i2").tobytes(), 0xFFFFFFFF))
    assert ingest(source, tmp_path).seconds == 1.0


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("letter.wav", b"Dear operator, this is no sound.", "not-audio"),
        ("empty.wav", b"", "not-audio"),
        ("zero.wav", wav(0, b""), "too-short"),
        ("noise.mp3", os.urandom(1000).replace(b"\xff", b"\x00"), "not-audio"),
    ],
)
def test_files_without_sound_are_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    """A letter with the ending .wav is refused as such."""
    source = tmp_path / name
    source.write_bytes(content)
    assert refusal(source, tmp_path).code == code


def test_more_than_ten_minutes_are_refused(tmp_path: Path) -> None:
    """A radio play is no prompt: a small file that decodes to hours stops at the limit."""
    source = tmp_path / "play.flac"
    soundfile.write(source, np.zeros(8000 * 601, dtype=np.int16), 8000)
    assert source.stat().st_size < 100_000
    assert refusal(source, tmp_path).code == "too-long"


@pytest.mark.parametrize(("rate", "code"), [(1000, "rate"), (500_000, "rate")])
def test_absurd_rates_are_refused(tmp_path: Path, rate: int, code: str) -> None:
    """A sample rate no microphone has names itself in the error."""
    source = tmp_path / "odd.wav"
    soundfile.write(source, np.zeros(1000), rate)
    error = refusal(source, tmp_path)
    assert error.code == code
    assert str(rate) in error.english


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing path, a directory and a pipe are refused at once; nothing waits for a writer."""
    assert refusal(tmp_path / "nowhere.wav", tmp_path).code == "missing"
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder", tmp_path).code == "no-file"
    os.mkfifo(tmp_path / "pipe.wav")
    assert refusal(tmp_path / "pipe.wav", tmp_path).code == "no-file"


def test_too_large_a_file_is_refused_before_decoding(tmp_path: Path) -> None:
    """51 MB are refused without reading them into memory."""
    source = tmp_path / "large.wav"
    with source.open("wb") as file:
        file.truncate(51_000_000)
    assert refusal(source, tmp_path).code == "too-big"


def test_values_that_are_no_numbers_do_no_harm(tmp_path: Path) -> None:
    """A float file with NaN and infinity in it still gives a playable prompt."""
    source = tmp_path / "nan.wav"
    sound = tone(8000, 1).astype(np.float32)
    sound[10], sound[20], sound[30] = np.nan, np.inf, -np.inf
    soundfile.write(source, sound, 8000, subtype="FLOAT")
    assert ingest(source, tmp_path).seconds == 1.0


def test_audio_that_nothing_names_goes_after_a_while(tmp_path: Path) -> None:
    """What was removed does not fill the disk; what was just uploaded, or uploaded again, stays."""
    prompts = []
    for index in range(4):
        soundfile.write(tmp_path / f"{index}.wav", tone(8000, 0.5, 300 + 100 * index), 8000)
        prompts.append(ingest(tmp_path / f"{index}.wav", tmp_path))
    named, old, new, again = (prompt.address for prompt in prompts)
    for address in (named, old, again):
        os.utime(tmp_path / "prompts" / f"{address}.json", (1000, 1000))
    ingest(tmp_path / "3.wav", tmp_path)
    assert delete_unused(tmp_path, {named}, before=2000) == 1
    assert [find(address, tmp_path) is not None for address in (named, old, new, again)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert not list((tmp_path / "prompts").glob(f"{old}*"))
