"""Drop old generations and what only they needed."""

from __future__ import annotations

import shutil
from pathlib import Path

from storage.backup import manifest as manifests
from storage.backup.making import blob_path
from storage.backup.transactions import blobs


def prune(target: Path, keep: int) -> list[str]:
    """Keep the newest ``keep`` (at least 1) generations; return the names of those dropped."""
    with manifests.locked(target):
        names = manifests.generations(target)
        dropped = names[: -max(1, keep)]
        kept = [manifests.read(target, name) for name in names if name not in dropped]
        for name in dropped:
            shutil.rmtree(manifests.directory(target, name))
        for leftover in (target / manifests.GENERATIONS).glob(f"*{manifests.PARTIAL}"):
            shutil.rmtree(leftover)
        for storage in ("main", "recordings"):
            copies = [manifest.main if storage == "main" else manifest.recordings for manifest in kept]
            wanted = {manifests.base_path(target, storage, copy) for copy in copies}
            for path in (target / storage).glob("[0-9]*.fs"):
                if path not in wanted:
                    path.unlink()
        _prune_blobs(target)
        needed = {file.path for manifest in kept for file in manifest.prompts}
        for path in (target / "prompts").iterdir():
            if path.name not in needed:
                path.unlink()
        return dropped


def _prune_blobs(target: Path) -> None:
    """Delete the audio that no copied storage names any more."""
    wanted = {
        blob_path(target / "blobs", blob)
        for path in (target / "recordings").glob("[0-9]*.fs")
        for blob in blobs(path, 0, path.stat().st_size)
    }
    for path in list((target / "blobs").rglob("*.blob")):
        if path not in wanted:
            path.unlink()
            directory = path.parent
            while directory != target / "blobs" and not any(directory.iterdir()):
                directory.rmdir()
                directory = directory.parent
