"""A caller leaves a message; the tenant hears it (docs/call-flows/voicemail.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import psutil
import pytest
import soundfile

from tests.product.audio import seconds_of
from tests.product.box import Box
from tests.product.conftest import CALLER_HERTZ, Carrier
from tests.product.waiting import wait_until

VOICEMAIL = "4001003741"


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """Return twenty seconds of 440 Hz, what the caller says all the time."""
    wave = 0.3 * np.sin(np.arange(20 * 8000) * 2 * np.pi * CALLER_HERTZ / 8000)
    soundfile.write(tmp_path / "said.wav", wave, 8000, subtype="PCM_16")
    return tmp_path / "said.wav"


def messages(box: Box) -> list[dict[str, object]]:
    """Return the messages of the current test's caller."""
    found: list[dict[str, object]] = box.json("voicemail", "list", "--caller", box.caller)
    return found


def test_a_message_is_left_listed_heard_and_deleted(quiet_box: Box, said: Path, tmp_path: Path) -> None:
    """The greeting is cut short by a key, the message ended by '#', heard by 2 and saved by '#'; its audio is
    what the caller said, and so is what he heard of it."""
    heard = tmp_path / "heard.wav"
    report = quiet_box.call(
        VOICEMAIL,
        "--keys",
        "w1,#,w4,#,w1,2,w6,#",
        "--play",
        str(said),
        "--hear",
        str(heard),
        "--seconds",
        "20",
    )
    assert report["ended_by_box"], report
    record = quiet_box.record()
    assert (record["outcome"], record["message"], record["recorded"]) == ("message-left", "service", False)
    assert 2500 < record["message_ms"] < 4500
    (message,) = wait_until(lambda: messages(quiet_box), "the message")
    assert (message["id"], message["tenant"], message["number"]) == (record["id"], "demo", VOICEMAIL)
    assert message["seconds"] == pytest.approx(record["message_ms"] / 1000, abs=0.02)
    file = tmp_path / "message.flac"
    quiet_box.cli("voicemail", "get", record["id"], str(file))
    sound, rate = soundfile.read(file, dtype="float64")
    assert (rate, sound.ndim) == (8000, 1)
    assert seconds_of(sound, CALLER_HERTZ) > len(sound) / 8000 - 0.5
    answered, rate = soundfile.read(heard, dtype="float64")
    assert seconds_of(answered, CALLER_HERTZ) == pytest.approx(message["seconds"], abs=0.6)

    (item,) = quiet_box.json("missed", "list", "demo", "--caller", quiet_box.caller)
    assert (item["messages"], item["outcome"]) == ([record["id"]], "message-left")

    quiet_box.cli("voicemail", "mark", record["id"], "heard", "--as", "8001")
    assert [each["mark"] for each in messages(quiet_box)] == ["heard"]
    book = tmp_path / "messages.xlsx"
    quiet_box.cli("voicemail", "list", "--caller", quiet_box.caller, "--xlsx", str(book))
    rows = list(openpyxl.load_workbook(book).active.iter_rows(values_only=True))
    assert rows[1][:3] == (quiet_box.caller, VOICEMAIL, "service")
    quiet_box.cli("voicemail", "delete", record["id"])
    assert messages(quiet_box) == []
    quiet_box.cli("voicemail", "get", record["id"], str(file), status=1)


def test_silence_ends_a_message(quiet_box: Box, tmp_path: Path) -> None:
    """The caller speaks three seconds and then says nothing: the box saves it and hangs up."""
    wave = 0.3 * np.sin(np.arange(6 * 8000) * 2 * np.pi * CALLER_HERTZ / 8000)
    soundfile.write(tmp_path / "short.wav", wave, 8000, subtype="PCM_16")
    report = quiet_box.call(
        VOICEMAIL, "--keys", "w1,#", "--play", str(tmp_path / "short.wav"), "--seconds", "30"
    )
    assert report["ended_by_box"], report
    record = quiet_box.record()
    assert record["outcome"] == "message-left"
    (ended,) = [moment["detail"] for moment in record["timeline"] if moment["what"] == "msg-end"]
    assert ended.endswith("silence")
    (message,) = wait_until(lambda: messages(quiet_box), "the message")
    assert 3.0 < message["seconds"] < 6.5  # type: ignore[operator]


def test_a_message_survives_the_death_of_the_b2bua(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """kill -9 while the caller speaks: he gets a BYE, and what he said is kept."""
    speaking = carrier.brings("carrier_waits", "4001003742")

    def spoken() -> bool:
        spools = [*(quiet_box.data / "spool").glob("*/a.spool")]
        return bool(spools) and max(file.stat().st_size for file in spools) > 200 * 186

    wait_until(spoken, "four seconds are spooled", 30)
    (call,) = [live["call"] for live in quiet_box.calls() if live["state"] == "message"]
    (pid,) = [each["pid"] for each in quiet_box.json("status")["processes"] if each["name"] == "b2bua"]
    psutil.Process(pid).kill()
    speaking.good()
    record = quiet_box.record()
    assert (record["id"], record["outcome"], record["message"]) == (call, "cut-by-crash", "short")
    (message,) = wait_until(lambda: messages(quiet_box), "the message")
    assert message["seconds"] > 3.0  # type: ignore[operator]
    file = tmp_path / "message.flac"
    quiet_box.cli("voicemail", "get", call, str(file))
    sound, _ = soundfile.read(file, dtype="float64")
    assert seconds_of(sound, CALLER_HERTZ) > 2.5
    (item,) = quiet_box.json("missed", "list", "demo", "--caller", quiet_box.caller)
    assert item["messages"] == [call]
