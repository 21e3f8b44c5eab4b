"""What callers hear: a tenant's upload, the operator's review, another voice; on real calls."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from tests.product.audio import seconds_of
from tests.product.box import Box

GREETED = "4001003791"
WELCOMED = "4001003721"


def tone(path: Path, hertz: float, seconds: float = 1.5) -> str:
    """Write a sound to upload, CD quality."""
    time = np.arange(int(44100 * seconds)) / 44100
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * hertz * time), 44100)
    return str(path)


def heard(box: Box, tmp_path: Path, number: str, *hertz: float, answer: str = "--answer") -> list[float]:
    """Call a number; return for how long the caller heard each tone."""
    file = tmp_path / "heard.wav"
    box.call(number, answer, "--seconds", "1", "--ring-seconds", "0", "--hear", str(file))
    sound, rate = soundfile.read(file)
    assert rate == 8000
    return [seconds_of(sound, each) for each in hertz]


def test_an_upload_is_heard_from_the_call_after_its_approval(quiet_box: Box, tmp_path: Path) -> None:
    """Not before; a new version takes its place on the next call, and rolling back brings it back."""
    box = quiet_box
    told = box.json("prompts", "upload", "demo", "greeting", tone(tmp_path / "a.wav", 600), "--for-review",
                    "--by", "demo")  # fmt: skip
    assert (told["version"]["state"], told["version"]["uploaded_by"]) == ("pending", "demo")
    change = tmp_path / "change.yaml"
    change.write_text(
        f'tenants:\n  demo:\n    numbers:\n      "{GREETED}":\n        welcome: prompt:greeting\n'
        '        bound: ["13900001111"]\n'
    )
    box.cli("apply", str(change))
    assert heard(box, tmp_path, GREETED, 600)[0] < 0.1
    assert "waits for review" in box.cli("prompts", "list", "--pending")

    box.cli("prompts", "review", "demo", "greeting", "--approve", "--by", "boss")
    assert 1.2 < heard(box, tmp_path, GREETED, 600)[0] < 1.8
    box.cli("prompts", "upload", "demo", "greeting", tone(tmp_path / "b.flac", 1000))
    old, new = heard(box, tmp_path, GREETED, 600, 1000)
    assert (old < 0.1, 1.2 < new < 1.8) == (True, True)
    box.cli("prompts", "rollback", "demo", "greeting")
    assert heard(box, tmp_path, GREETED, 600)[0] > 1.2

    versions = json.loads(box.cli("prompts", "versions", "demo", "greeting", "--json"))
    assert versions["versions"][0]["reviewed_by"] == "boss"
    assert versions["in_force"] == 1
    refused = box.try_cli("prompts", "remove", "demo", "greeting")
    assert refused.returncode == 1
    assert f"still used by number {GREETED}" in refused.stderr


def test_audio_that_lies_and_wishes_that_do_not_fit_are_told(quiet_box: Box, tmp_path: Path) -> None:
    """Exit status 1, with what to do, in the language asked for."""
    broken = tmp_path / "broken.wav"
    broken.write_bytes(Path(tone(tmp_path / "c.wav", 600)).read_bytes()[:20000])
    for arguments, words in (
        (("upload", "demo", "other", str(broken)), "its header claims 1.5 s"),
        (("upload", "nobody", "other", str(broken)), "there is no tenant 'nobody'"),
        (("review", "demo", "other", "--approve"), "has no prompt 'other'"),
        (("pack", "import", "zh_CN", str(tmp_path)), "is the shipped voice"),
        (("pack", "remove", "lady"), "there is no prompt pack 'lady'"),
    ):
        done = quiet_box.try_cli("prompts", *arguments)
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert quiet_box.try_cli("prompts", "review", "demo", "other").returncode == 2


def test_another_voice_for_one_tenant(quiet_box: Box, tmp_path: Path) -> None:
    """An imported pack is heard where it has the prompt; the shipped voice speaks the rest."""
    box = quiet_box
    folder = tmp_path / "voice"
    folder.mkdir()
    tone(folder / "busy.wav", 700)
    told = box.json("prompts", "pack", "import", "tones", str(folder))
    assert (told["prompts"], "no-answer" in told["missing"]) == (1, True)
    change = tmp_path / "change.yaml"
    change.write_text("tenants: {demo: {prompt_pack: tones}}\n")
    box.cli("apply", str(change))
    assert heard(box, tmp_path, WELCOMED, 700, answer="--answer-busy")[0] > 1.2
    box.call(WELCOMED, "--answer-reject", "480", "--hear", str(tmp_path / "spoken.wav"))
    assert {record["outcome"] for record in box.records(count=2)} == {"busy", "no-answer"}
    assert box.try_cli("prompts", "pack", "remove", "tones").returncode == 1
    change.write_text("tenants: {demo: {prompt_pack: null}}\n")
    box.cli("apply", str(change))
    box.cli("prompts", "pack", "remove", "tones")


def test_prompts_survive_a_restore(quiet_box: Box, tmp_path: Path) -> None:
    """The backup holds what was uploaded, who approved it, and the audio."""
    box = quiet_box
    box.cli("prompts", "upload", "demo", "kept", tone(tmp_path / "d.wav", 800))
    box.cli("backup", str(tmp_path / "backup"))
    restored = Box(tmp_path / "restored", box.place, box.file.read_text(encoding="utf-8"))
    restored.data.rmdir()
    restored.cli("restore", str(tmp_path / "backup"))
    store = restored.run_process("store")
    try:
        listed = restored.json("prompts", "list", "demo")
        assert listed == box.json("prompts", "list", "demo")
        restored.cli("prompts", "get", "demo", "kept", str(tmp_path / "kept.wav"))
    finally:
        store.terminate()
        assert store.wait(10) == 0
    sound, rate = soundfile.read(tmp_path / "kept.wav")
    assert (rate, round(seconds_of(sound, 800), 1)) == (8000, 1.5)
