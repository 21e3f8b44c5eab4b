"""Keep the data of a stopped box, and put it back: ``python -m storage.upgrade.safe VERB DIR``.

Run as the account that owns the data. What is kept lies in ``upgrade-safe/kept`` of the data directory: audio
and prompts, which never change, as hard links, all else as copies. Putting back leaves journal and spools
where they are: the ledger reads again what was appended since, so that no call is lost or charged twice. What
the new version wrote goes to ``upgrade-safe/failed``, where it stays until the next upgrade.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

SAFE: Final = "upgrade-safe"
STAYS: Final = frozenset(
    {SAFE, "run", "run.path", "log", "trace", "journal", "spool", "upgrades", "inbox", "offsite", "restore"}
)
"""What is neither kept nor put back; of the spool, only how far the recorder was."""
RECORDER: Final = "spool/recorder.json"
_LINKED: Final = (".blob", ".alaw", ".ulaw")


def take(root: Path) -> None:
    """Keep the data; what an earlier upgrade kept goes. Raises OSError."""
    safe = root / SAFE
    forget(root)
    half = safe / "kept.half"
    half.mkdir(mode=0o750, parents=True)
    for entry in _entries(root):
        _copy(entry, half / entry.name)
    if (root / RECORDER).exists():
        (half / "spool").mkdir(mode=0o750)
        _copy(root / RECORDER, half / RECORDER)
    _sync(half)
    half.rename(safe / "kept")
    _sync_names(safe)


def put_back(root: Path) -> None:
    """Make the data what was kept; may be interrupted and repeated at any place. Raises OSError."""
    safe = root / SAFE
    kept, ready, failed = safe / "kept", safe / "ready", safe / "failed"
    if not (safe / "swapping").exists():
        shutil.rmtree(ready, ignore_errors=True)
        shutil.rmtree(failed, ignore_errors=True)
        shutil.copytree(kept, ready, copy_function=_copied, symlinks=True)
        failed.mkdir(mode=0o750)
        _sync(ready)
        (safe / "swapping").touch()
        _sync_names(safe)
    for name in sorted({entry.name for entry in (*_entries(root), *_entries(ready))}):
        _swap(root / name, ready / name, failed / name)
    recorder = ready / RECORDER
    if recorder.exists():
        recorder.replace(root / RECORDER)
    _sync_names(root)
    shutil.rmtree(ready, ignore_errors=True)
    (safe / "swapping").unlink()


def forget(root: Path) -> None:
    """Drop what was kept and what failed."""
    shutil.rmtree(root / SAFE, ignore_errors=True)


def _swap(now: Path, wanted: Path, failed: Path) -> None:
    """Move what is there away and what is wanted in its place, unless that was done."""
    if now.exists() and not failed.exists() and (wanted.exists() or not _was_swapped(now, wanted, failed)):
        now.rename(failed)
    if wanted.exists():
        wanted.rename(now)


def _was_swapped(now: Path, wanted: Path, failed: Path) -> bool:
    return not wanted.exists() and (now.parent / SAFE / "kept" / now.name).exists()


def _entries(root: Path) -> list[Path]:
    if not root.is_dir():
        return []  # all of it was moved
    return sorted(entry for entry in root.iterdir() if entry.name not in STAYS and not entry.is_socket())


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_copied, symlinks=True)
    else:
        _copied(str(source), str(target))


def _copied(source: str, target: str) -> None:
    """Link what never changes; copy the rest."""
    if source.endswith(_LINKED):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _sync(tree: Path) -> None:
    """Make a tree durable."""
    for folder, _, names in os.walk(tree):
        for name in names:
            if not name.endswith(_LINKED):
                _sync_one(os.path.join(folder, name), os.O_RDONLY)
        _sync_names(Path(folder))


def _sync_names(folder: Path) -> None:
    _sync_one(str(folder), os.O_RDONLY | os.O_DIRECTORY)


def _sync_one(path: str, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main() -> int:
    """Do it; 0 done, 1 the file system refused."""
    what, root = sys.argv[1], Path(sys.argv[2])
    try:
        {"take": take, "put-back": put_back, "forget": forget}[what](root)
    except OSError as error:
        print(f"{error.filename or root}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
