"""An operator's own voice: a folder or a zip file, with all that is wrong told at once."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from b2bua.recorder import shipped, voice
from b2bua.recorder.prompts import address_of, find, ingest
from box400 import prompt_pack
from box400.prompt_pack import PackError, read_pack
from box400.prompts import tidy
from domain.snapshot import NumberPlan, TenantSnapshot
from storage.connection import open_main_in_memory
from storage.data_directory import DataDirectory


def sound(hertz: float = 440.0, seconds: float = 0.5) -> bytes:
    """Return a WAV file."""
    file = io.BytesIO()
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(16000 * seconds)) / 16000), 16000,
                    format="WAV")  # fmt: skip
    return file.getvalue()


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """Return a data directory."""
    directory = DataDirectory(tmp_path / "data")
    directory.create()
    return directory


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def faults(data: DataDirectory, path: Path) -> list[str]:
    """Return what is told of a pack that cannot be imported, in both languages."""
    with pytest.raises(PackError) as caught:
        read_pack(data, path)
    return [f"{fault.en} / {fault.zh}" for fault in caught.value.faults]


def test_a_folder_of_recordings(data: DataDirectory, tmp_path: Path) -> None:
    """Named like the shipped prompts, of any format; what is missing and what is no audio is told."""
    folder = tmp_path / "lady"
    folder.mkdir()
    (folder / "busy.wav").write_bytes(sound())
    (folder / "digit-8.WAV").write_bytes(sound(880))
    (folder / "read me.txt").write_text("by Ms Li")
    (folder / ".DS_Store").write_bytes(b"\0")
    read = read_pack(data, folder)
    assert read.prompts == {name: address_of(next(folder.glob(f"{name}.*"))) for name in ("busy", "digit-8")}
    assert all(find(address, data.root) for address in read.prompts.values())
    assert set(read.missing) == voice.WORDS.keys() - {"busy", "digit-8"}
    assert read.ignored == ("read me.txt",)


def test_one_recording_under_many_names(data: DataDirectory, tmp_path: Path) -> None:
    """Who records `busy` once and copies it for every refusal is not punished."""
    folder = tmp_path / "same"
    folder.mkdir()
    names = list(voice.WORDS)[:12]
    for name in names:
        (folder / f"{name}.wav").write_bytes(sound())
    assert set(read_pack(data, folder).prompts.values()) == {address_of(folder / f"{names[0]}.wav")}


def test_a_zip_file_with_a_folder_in_it(data: DataDirectory, tmp_path: Path) -> None:
    """As computers make them; names that would leave the folder are only names."""
    path = zipped(
        tmp_path / "lady.zip",
        {
            "lady/": b"", "lady/busy.wav": sound(), "../../welcome.wav": sound(500),
            "C:\\x\\beep.wav": sound(600), "__MACOSX/lady/._busy.wav": b"\0\5\26\7", "lady/words.toml": b"",
        },
    )  # fmt: skip
    read = read_pack(data, path)
    assert read.prompts.keys() == {"busy", "welcome", "beep"}
    assert read.ignored == ("words.toml",)
    assert not (tmp_path.parent / "welcome.wav").exists()


def test_everything_wrong_is_told_at_once(data: DataDirectory, tmp_path: Path) -> None:
    """A mistyped name, a prompt twice, lying and broken audio; nothing is imported."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "buzy.wav").write_bytes(sound())
    (folder / "beep.wav").write_bytes(sound())
    (folder / "beep.flac").write_bytes(sound())
    (folder / "welcome.mp3").write_bytes(b"no sound at all")
    (folder / "goodbye.wav").write_bytes(sound()[:-4000])
    told = "\n".join(faults(data, folder))
    assert "buzy.wav: no prompt has this name, did you mean busy?" in told
    assert "buzy.wav：没有此名称的提示音，是否应为 busy？" in told
    assert "beep.wav: beep.flac is the same prompt; keep one" in told
    assert "welcome.mp3: no known audio format" in told
    assert "goodbye.wav: its header claims 0.5 s" in told
    assert told.count("\n") == 3


def test_an_empty_folder_is_no_pack(data: DataDirectory, tmp_path: Path) -> None:
    """Nor is one without audio."""
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "notes.txt").write_text("later")
    assert "no audio files" in faults(data, folder)[0]


def test_what_is_no_zip_file(data: DataDirectory, tmp_path: Path) -> None:
    """A renamed document, a torn download, a file with a password."""
    other = tmp_path / "other.zip"
    other.write_text("Rar!")
    assert "other.zip: no usable zip file" in faults(data, other)[0]
    torn = zipped(tmp_path / "torn.zip", {"busy.wav": sound()})
    torn.write_bytes(torn.read_bytes()[:-30])
    assert "torn.zip：不是可用的 zip 文件" in faults(data, torn)[0]
    locked = zipped(tmp_path / "locked.zip", {"busy.wav": sound()})
    content = bytearray(locked.read_bytes())
    content[6] |= 1  # the flags of the entry and of the directory: encrypted
    content[content.index(b"PK\1\2") + 8] |= 1
    locked.write_bytes(content)
    assert "without a password" in faults(data, locked)[0]


def test_a_zip_bomb_is_not_unpacked(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of its sizes is not believed: bytes are counted."""
    monkeypatch.setattr(prompt_pack, "MOST_BYTES", 1_000_000)
    zeroes = bytes(900_000)
    path = zipped(tmp_path / "bomb.zip", {"busy.wav": zeroes, "beep.wav": zeroes})
    assert path.stat().st_size < 10_000
    content = path.read_bytes().replace(len(zeroes).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(content)
    assert "no usable zip file" in faults(data, path)[0]
    assert "unpacks to more than" in faults(data, zipped(path, {"busy.wav": zeroes, "beep.wav": zeroes}))[0]


def test_too_many_files(data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack has some eighty prompts, not thousands of files."""
    monkeypatch.setattr(prompt_pack, "MOST_FILES", 2)
    path = zipped(tmp_path / "many.zip", {f"{number}.wav": b"" for number in range(3)})
    assert "more than 2 files" in faults(data, path)[0]


def test_tidying_spares_what_is_named_anywhere(data: DataDirectory, tmp_path: Path) -> None:
    """The shipped voice, and what calls are served by at this moment; the rest goes after a day."""
    addresses = []
    for hertz in (300, 400):
        (tmp_path / f"{hertz}.wav").write_bytes(sound(hertz))
        addresses.append(ingest(tmp_path / f"{hertz}.wav", data.root).address)
    served, forgotten = addresses
    voices = shipped.ensure(data)
    for facts in data.prompts.glob("*.json"):
        os.utime(facts, (1000, 1000))
    plan = NumberPlan(number="4001003721", welcome=served)
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,))
    (data.tenant_snapshots / "acme.json").write_bytes(msgspec.json.encode(tenant))
    assert tidy(data, open_main_in_memory()) == 1
    assert find(forgotten, data.root) is None
    assert all(find(address, data.root) for address in (served, *voices.values()))
