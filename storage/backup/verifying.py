"""Prove that a generation can be restored: compare every octet's hash, open the storages, play the audio."""

from __future__ import annotations

from pathlib import Path

import msgspec
import soundfile

from storage.backup import manifest as manifests
from storage.backup.copying import sha256_of
from storage.backup.manifest import CopiedFile, Manifest
from storage.backup.viewing import opened
from storage.models import ROOT_KEY
from storage.recordings import RecordingDamaged, RecordingFacts, Recordings

RATE = 8000


class Verdict(msgspec.Struct, frozen=True):
    """What was found."""

    generation: str
    recordings: int = 0
    """Recordings whose files were compared with what was stored."""
    played: int = 0
    tenants: int = 0
    faults: tuple[str, ...] = ()
    """What is wrong, each in words; empty: the generation is good."""

    @property
    def is_good(self) -> bool:
        """Whether it can be relied on."""
        return not self.faults


def verify(target: Path, generation: str | None = None, *, every: int = 1) -> Verdict:
    """Check a generation (None: the newest): all hashes, all counts, and play every n-th recording.

    Raises BackupError when there is no such generation; all other faults are in the verdict.
    """
    manifest = manifests.newest(target) if generation is None else manifests.read(target, generation)
    faults = _faults_of_storages(target, manifest)
    folder = manifests.directory(target, manifest.name)
    faults += [fault for file in manifest.files if (fault := _fault_of(folder / file.path, file))]
    faults += [
        fault for file in manifest.prompts if (fault := _fault_of(target / "prompts" / file.path, file))
    ]
    faults += [f"the box had lost {name}" for name in manifest.missing]
    if any(fault.startswith("store") for fault in faults):
        return Verdict(manifest.name, faults=tuple(faults))
    tenants = _tenants(target, manifest)
    checked, played, damaged = _check_recordings(target, manifest, every)
    return Verdict(manifest.name, checked, played, tenants, (*faults, *damaged))


def _faults_of_storages(target: Path, manifest: Manifest) -> list[str]:
    faults = []
    for storage, copy in (("main", manifest.main), ("recordings", manifest.recordings)):
        path = manifests.base_path(target, storage, copy)
        for stretch in copy.stretches:
            try:
                if sha256_of(path, stretch.start, stretch.end) != stretch.sha256:
                    faults.append(f"store: {path} is damaged between {stretch.start} and {stretch.end}")
            except OSError as error:
                faults.append(f"store: {path}: {error.strerror}")
                break
    return faults


def _fault_of(path: Path, file: CopiedFile) -> str:
    try:
        return "" if sha256_of(path) == file.sha256 else f"{path} is damaged"
    except OSError as error:
        return f"{path}: {error.strerror}"


def _tenants(target: Path, manifest: Manifest) -> int:
    if not manifest.main.transactions:
        return 0
    with opened(target, "main", manifest.main) as database:
        return database.read(lambda mapping: len(mapping[ROOT_KEY].tenants) if ROOT_KEY in mapping else 0)


def _check_recordings(target: Path, manifest: Manifest, every: int) -> tuple[int, int, list[str]]:
    if not manifest.recordings.transactions:
        return 0, 0, []
    faults: list[str] = []
    checked = played = 0
    with opened(target, "recordings", manifest.recordings) as database:
        recordings = Recordings(database)
        for number, facts in enumerate(recordings.iterate()):
            checked += 1
            try:
                recordings.check(facts.id)
                if number % every == 0:
                    _play(recordings.path(facts.id), facts)
                    played += 1
            except (RecordingDamaged, OSError, soundfile.LibsndfileError) as error:
                faults.append(f"recording {facts.id}: {error}")
        messages = recordings.messages()
        for facts in messages.iterate():
            try:
                messages.check(facts.id)
            except (RecordingDamaged, OSError) as error:
                faults.append(f"message {facts.id}: {error}")
    if checked != manifest.recordings_count:
        faults.append(f"{checked} recordings are there, {manifest.recordings_count} should be")
    return checked, played, faults


def _play(path: Path, facts: RecordingFacts) -> None:
    """Decode all of it; raises RecordingDamaged when it is not as long as it should be."""
    with soundfile.SoundFile(path) as sound:
        count = sum(len(block) for block in sound.blocks(RATE * 60, dtype="int16"))
    if abs(count / RATE - facts.seconds) > 0.01:
        raise RecordingDamaged(f"{count / RATE} s can be played, {facts.seconds} s were recorded")
