"""Backup and restore of a whole box, audio included, while it runs.

repozo copies no blobs; this does. A backup directory holds many generations; what they share is there once::

    main/000001.fs  recordings/000001.fs   append-only copies; a new number after each pack of the original
    blobs/...                              the audio; never changed, so copied once
    prompts/...                            likewise
    generations/<time>/                    manifest.json, journal/, snapshots/, settings.json ...

A generation is what its manifest says: so many bytes of which copy. See ``docs/backup.md``.
"""

from __future__ import annotations

from storage.backup.making import backup
from storage.backup.manifest import BackupError, Manifest, generations, newest
from storage.backup.pruning import prune
from storage.backup.restoring import restore
from storage.backup.verifying import Verdict, verify

__all__ = [
    "BackupError",
    "Manifest",
    "Verdict",
    "backup",
    "generations",
    "newest",
    "prune",
    "restore",
    "verify",
]
