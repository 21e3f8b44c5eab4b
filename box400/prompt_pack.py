"""Read a prompt pack: a folder or a zip file of audio files named like the shipped prompts."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

from b2bua.recorder import prompts, voice
from storage.data_directory import DataDirectory

MOST_FILES: Final = 2000
MOST_BYTES: Final = 500_000_000
"""Of all files of a pack together, unpacked; one file is bounded by ``prompts.MOST_BYTES``."""
_AUDIO: Final = frozenset(
    (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf")
)


class Fault(NamedTuple):
    """One thing that is wrong with a pack."""

    en: str
    zh: str


class PackError(Exception):
    """A pack that cannot be imported, with all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.en for fault in faults))
        self.faults = faults


class Read(NamedTuple):
    """A pack that was read: its prompts are prepared."""

    prompts: dict[str, str]
    """Name -> content address."""
    missing: tuple[str, ...]
    """Names it lacks; the shipped voice speaks them."""
    ignored: tuple[str, ...]
    """Files that are no audio."""


def read_pack(data: DataDirectory, path: Path) -> Read:
    """Read and prepare a pack; raises PackError. Takes about 0.2 s a prompt."""
    with _folder(path) as folder:
        files, ignored, faults = _sorted_out(folder)
        addresses = _prepared(data, files, faults)
    if faults:
        raise PackError(faults)
    return Read(addresses, tuple(name for name in voice.WORDS if name not in addresses), ignored)


def _prepared(data: DataDirectory, files: dict[str, Path], faults: list[Fault]) -> dict[str, str]:
    """Prepare the files and return their addresses; note which cannot be.

    The same recording under two names is prepared once: two at a time would write the same files.
    """
    addresses: dict[str, str] = {}
    first: dict[str, Path] = {}
    for name, file in files.items():
        try:
            addresses[name] = prompts.address_of(file)
        except prompts.PromptError as error:
            faults.append(Fault(error.english, error.chinese))
        else:
            first.setdefault(addresses[name], file)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for its child process
        ingested = [pool.submit(prompts.ingest, file, data.root) for file in first.values()]
    for each in ingested:
        try:
            each.result()
        except prompts.PromptError as error:
            faults.append(Fault(error.english, error.chinese))
    return addresses


def _sorted_out(folder: Path) -> tuple[dict[str, Path], tuple[str, ...], list[Fault]]:
    """Tell the audio files by the prompt they are, what is no audio, and what is wrong."""
    files: dict[str, Path] = {}
    ignored: list[str] = []
    faults: list[Fault] = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name.startswith(".") or "__MACOSX" in file.parts:
            continue
        name = file.stem
        if file.suffix.lower() not in _AUDIO:
            ignored.append(file.name)
        elif name not in voice.WORDS:
            near = get_close_matches(name, voice.WORDS, n=1, cutoff=0.0)[0]
            faults.append(
                Fault(
                    f"{file.name}: no prompt has this name, did you mean {near}? Rename or remove it; "
                    "`box400 prompts words` lists all",
                    f"{file.name}：没有此名称的提示音，是否应为 {near}？请改名或删除；"
                    "可用 `box400 prompts words` 查看全部",
                )
            )
        elif name in files:
            other = files[name].name
            faults.append(
                Fault(
                    f"{file.name}: {other} is the same prompt; keep one of them",
                    f"{file.name}：与 {other} 是同一个提示音；请只保留一个",
                )
            )
        else:
            files[name] = file
    if not files and not faults:
        faults.append(
            Fault(
                "no audio files; name them like the shipped prompts, such as busy.wav",
                "没有音频文件；请按自带提示音命名，例如 busy.wav",
            )
        )
    return files, tuple(ignored), faults


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Give the pack's folder: itself, or a zip file unpacked for this while; raises PackError."""
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="box400-pack-") as temporary:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(temporary))
        except OSError as error:
            raise PackError(
                [Fault(f"{path}: cannot be read: {error.strerror}", f"{path}：无法读取：{error.strerror}")]
            ) from error
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise PackError(
                [
                    Fault(
                        f"{path.name}: no usable zip file ({error}); pack it again without a password",
                        f"{path.name}：不是可用的 zip 文件（{error}）；请不加密码重新打包",
                    )
                ]
            ) from error
        yield Path(temporary)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack audio files under their own names, believing nothing the archive says of sizes and places."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise zipfile.BadZipFile(f"more than {MOST_FILES} files")
    left = MOST_BYTES
    for number, entry in enumerate(entries):
        name = PurePosixPath(entry.filename.replace("\\", "/")).name
        if not name or name.startswith(".") or "\0" in name or "__MACOSX" in entry.filename:
            continue
        place = folder / str(number)
        place.mkdir()
        with archive.open(entry) as source, (place / name[-200:]).open("wb") as target:
            # One byte more than allowed shows that there is too much, whatever the header claims.
            shutil.copyfileobj(_Bounded(source, min(left, prompts.MOST_BYTES) + 1), target)
            left -= target.tell()
        if left < 0:
            raise zipfile.BadZipFile(f"unpacks to more than {MOST_BYTES // 1_000_000} MB")


class _Bounded:
    """Reads no more than so many bytes of a file."""

    def __init__(self, source: IO[bytes], most: int) -> None:
        self._source = source
        self._left = most

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, empty at the bound."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._source.read(wanted) if wanted else b""
        self._left -= len(data)
        return data
