"""Static files: read once, compressed once, kept by browsers for ever under a name that changes with them."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parents[1] / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".LICENSE": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}


JOINED: Final = {
    "joined/look.css": ("vendor/tabler.min.css", "own/box400.css", "own/customers.css"),
    "joined/base.js": ("own/box400.js", "vendor/htmx.min.js"),
    "joined/player.js": ("vendor/wavesurfer.min.js", "own/player.js"),
    "joined/wallboard.js": ("own/live.js", "own/wallboard.js"),
    "joined/desk.js": ("own/live.js", "own/desk.js"),
}
"""Files that are always wanted together, sent as one: a browser asks fewer times on its first visit."""
_MAP: Final = re.compile(rb"/[*/]# sourceMappingURL=\S+(?: ?\*/)?")


class StaticFile(NamedTuple):
    """One file as it is sent."""

    content: bytes
    compressed: bytes
    type: str


class StaticFiles:
    """All of them; nothing else below ``/static`` is ever looked for on disk."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: dict[str, StaticFile] = {}
        total = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in TYPES:
                content = path.read_bytes()
                name = path.relative_to(folder).as_posix()
                total.update(name.encode() + content)
                self._put(name, content)
        for name, parts in JOINED.items():
            if all(part in self._files for part in parts):
                self._put(name, b"\n".join(_MAP.sub(b"", self._files[part].content) for part in parts))
        self.sum = total.hexdigest()[:12]

    def _put(self, name: str, content: bytes) -> None:
        small = gzip.compress(content, mtime=0)
        self._files[name] = StaticFile(content, small, TYPES[Path(name).suffix])

    def url(self, name: str) -> str:
        """Return where a file is; raises KeyError for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.sum}/{name}"

    def find(self, name: str) -> StaticFile | None:
        """Return a file, or None."""
        return self._files.get(name)
