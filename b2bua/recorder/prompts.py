"""Uploaded audio in, pre-encoded prompts out: ``prompts/<address>.alaw`` and ``.ulaw``.

The address is the SHA-256 of the uploaded bytes and of the way they are prepared, so that it is known without
decoding, the same upload is prepared once, and a better preparation gets a new address.

The pages import this: what computes (numpy, 8 MB) is loaded when there is something to compute.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from b2bua.recorder.address import begin
from b2bua.recorder.verdict import RATE, Verdict
from storage.data_directory import write_atomically

MOST_BYTES = 50_000_000
WALL_SECONDS = 90.0


class Prompt(msgspec.Struct, frozen=True):
    """A prompt as it lies in ``prompts/<address>.json``; durations in seconds."""

    address: str
    """64 hexadecimal digits; the name in ``prompts/`` and in snapshots."""
    seconds: float
    name: str
    """File name of the upload, for people."""
    format: str
    """What was uploaded, such as ``WAV/PCM_16``."""
    rate: int
    channels: int
    alaw_sha256: str
    ulaw_sha256: str


class PromptError(Exception):
    """Uploaded audio that cannot become a prompt.

    ``code`` names the fault; ``english`` and ``chinese`` name the file, what is wrong and what to do.
    """

    def __init__(self, code: str, english: str, chinese: str) -> None:
        super().__init__(f"{english} / {chinese}")
        self.code = code
        self.english = english
        self.chinese = chinese


_REMEDY = "export it again as WAV, FLAC, OGG or MP3", "请重新导出为 WAV、FLAC、OGG 或 MP3 后再上传"
_FAULTS: dict[str, tuple[str, str]] = {
    "missing": ("there is no such readable file; check the path", "文件不存在或无法读取,请检查路径"),
    "no-file": ("it is not a regular file; name an audio file", "不是普通文件,请指定音频文件"),
    "too-big": ("it is larger than 50 MB; shorten it or export it as FLAC or MP3",
                "文件超过 50 MB,请缩短或导出为 FLAC、MP3"),
    "not-audio": ("no known audio format ({detail}); " + _REMEDY[0], "无法识别的音频格式,") ,
    "damaged": ("the audio is damaged ({detail}); " + _REMEDY[0], "音频数据已损坏,"),
    "rate": ("a sample rate of {detail} Hz is outside 4000 to 384000; " + _REMEDY[0],
             "采样率 {detail} Hz 超出 4000–384000 Hz,"),
    "channels": ("{detail} channels are more than 16; export it as mono or stereo",
                 "声道数 {detail} 超过 16,请导出为单声道或立体声"),
    "too-long": ("it plays longer than 10 minutes; shorten it", "时长超过 10 分钟,请缩短"),
    "too-short": ("its header claims {claimed:.0f} s, but it holds {seconds:.3f} s of audio; " + _REMEDY[0],
                  "文件头声称 {claimed:.0f} 秒,实际只有 {seconds:.3f} 秒音频,"),
    "cut-off": ("its header claims {claimed:.1f} s, but it ends after {seconds:.1f} s; upload it again",
                "文件头声称 {claimed:.1f} 秒,实际在 {seconds:.1f} 秒处中断,请重新上传完整文件"),
    "memory": ("decoding needs too much memory; " + _REMEDY[0], "解码占用内存过多,"),
    "time": ("decoding takes too long; " + _REMEDY[0], "解码耗时过长,"),
    "crash": ("the decoder broke down on it ({detail}); " + _REMEDY[0], "解码器异常退出,"),
}  # fmt: skip


def _fault(
    name: str, code: str, *, detail: str = "", claimed: float = 0.0, seconds: float = 0.0
) -> PromptError:
    english, chinese = _FAULTS[code]
    if chinese.endswith(","):
        chinese += _REMEDY[1]
    facts = {"detail": detail, "claimed": claimed, "seconds": seconds}
    return PromptError(code, f"{name}: {english.format(**facts)}", f"{name}:{chinese.format(**facts)}")


def _taken(path: Path) -> tuple[BinaryIO, str]:
    """Copy the file where nobody can change it; return the copy and its address."""
    try:
        source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _fault(path.name, "missing") from error
    if not stat.S_ISREG(os.fstat(source).st_mode):
        os.close(source)
        raise _fault(path.name, "no-file")
    copy = tempfile.TemporaryFile()  # noqa: SIM115  handed to the caller
    digest = begin()
    with os.fdopen(source, "rb") as upload:
        size = 0
        while block := upload.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                copy.close()
                raise _fault(path.name, "too-big")
            digest.update(block)
            copy.write(block)
    copy.flush()
    copy.seek(0)
    return copy, digest.hexdigest()


def address_of(path: Path) -> str:
    """Return the address that ``path`` will have as a prompt, without decoding it; raises PromptError."""
    copy, address = _taken(path)
    copy.close()
    return address


def _decoded(name: str, audio: BinaryIO) -> tuple[bytes, Verdict]:
    """Decode in a child process with limits; return 16-bit samples of 8 kHz."""
    command = [sys.executable, "-m", "b2bua.recorder.decode"]
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "OPENBLAS_NUM_THREADS": "1",  # each of its threads would reserve tens of megabytes of address space
    }
    try:
        child = subprocess.run(  # noqa: S603  our own interpreter and module
            command, stdin=audio, capture_output=True, timeout=WALL_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _fault(name, "time") from error
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _fault(name, "time")
    try:
        verdict = msgspec.json.decode(child.stderr.splitlines()[-1], type=Verdict)
    except (IndexError, msgspec.DecodeError) as error:
        raise _fault(name, "crash", detail=f"exit {child.returncode}") from error
    if verdict.fault:
        raise _fault(
            name,
            verdict.fault,
            detail=verdict.detail,
            claimed=verdict.claimed_seconds,
            seconds=verdict.seconds,
        )
    return child.stdout, verdict


def find(address: str, data_dir: Path) -> Prompt | None:
    """Return a prompt that was ingested and is whole, or None."""
    folder = data_dir / "prompts"
    try:
        prompt = msgspec.json.decode((folder / f"{address}.json").read_bytes(), type=Prompt)
    except (OSError, msgspec.DecodeError):
        return None
    for suffix, expected in (("alaw", prompt.alaw_sha256), ("ulaw", prompt.ulaw_sha256)):
        try:
            content = (folder / f"{address}.{suffix}").read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != expected:
            return None
    return prompt


def ingest(path: Path, data_dir: Path) -> Prompt:
    """Turn an audio file into a prompt of the box; raises PromptError.

    Any format, rate and channel count that libsndfile reads, up to 50 MB and 10 minutes. Idempotent: a file
    that was ingested before is not decoded again. Takes about 0.3 s; call it from no reactor thread.
    """
    copy, address = _taken(path)
    with copy:
        known = find(address, data_dir)
        if known is not None:
            (data_dir / "prompts" / f"{address}.json").touch()  # wanted again: ``delete_unused`` waits
            return known
        pcm, verdict = _decoded(path.name, copy)
    return _keep(path.name, address, pcm, verdict, data_dir)


def ingest_shipped(path: Path, data_dir: Path) -> Prompt:
    """Do the same with a file that we made ourselves: in this process, without limits, and without waiting
    for the disk, since it can be done again."""
    from b2bua.recorder import decode

    copy, address = _taken(path)
    with copy:
        known = find(address, data_dir)
        if known is not None:
            return known
        pcm, verdict = decode.decode(copy.fileno())
    if verdict.fault:
        raise _fault(path.name, verdict.fault, detail=verdict.detail, seconds=verdict.seconds)
    return _keep(path.name, address, pcm, verdict, data_dir, write=_replace)


def delete_unused(data_dir: Path, named: set[str], *, before: float) -> int:
    """Delete prompts that are not ``named`` and were not ingested since ``before`` (UTC seconds); return how
    many."""
    folder = data_dir / "prompts"
    count = 0
    for facts in folder.glob("[0-9a-f]*.json"):
        if facts.stem in named or facts.stat().st_mtime >= before:
            continue
        for suffix in ("json", "alaw", "ulaw"):  # first what says that it is whole
            (folder / f"{facts.stem}.{suffix}").unlink(missing_ok=True)
        count += 1
    return count


def write_wav(address: str, data_dir: Path, target: Path) -> bool:
    """Write a prompt as it is heard to a WAV file of 8 kHz; False when its audio is not there."""
    import numpy as np

    from b2bua.media import g711

    try:
        alaw = (data_dir / "prompts" / f"{address}.alaw").read_bytes()
    except FileNotFoundError:
        return False
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(g711.ALAW_TO_PCM[np.frombuffer(alaw, dtype=np.uint8)].astype("<i2").tobytes())
    return True


def _keep(
    name: str,
    address: str,
    pcm: bytes,
    verdict: Verdict,
    data_dir: Path,
    write: Callable[[Path, bytes], None] = write_atomically,
) -> Prompt:
    """Write a prompt's files; the one that says it is whole last."""
    import numpy as np

    from b2bua.media import g711

    samples = np.frombuffer(pcm, dtype=np.int16)
    alaw, ulaw = g711.encode_alaw(samples), g711.encode_ulaw(samples)
    prompt = Prompt(
        address=address,
        seconds=round(len(samples) / RATE, 3),
        name=name,
        format=verdict.format,
        rate=verdict.rate,
        channels=verdict.channels,
        alaw_sha256=hashlib.sha256(alaw).hexdigest(),
        ulaw_sha256=hashlib.sha256(ulaw).hexdigest(),
    )
    folder = data_dir / "prompts"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{address}.alaw", alaw)
    write(folder / f"{address}.ulaw", ulaw)
    write(folder / f"{address}.json", msgspec.json.encode(prompt))
    return prompt


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    temporary.write_bytes(data)
    temporary.replace(path)
