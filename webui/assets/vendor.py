"""Copy what the browser needs out of npm packages into ``webui/static/vendor``, with sums and licences.

Run ``python webui/assets/vendor.py`` after a change of ``package.json``. ``npm ci`` compares each package
with the integrity in ``package-lock.json``; ``tests/unit/webui/test_pages.py`` compares what is committed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "static" / "vendor"
FOR_TESTS = HERE.parents[1] / "tests" / "vendor"
TESTED_WITH = {"axe.min.js": ("axe-core", "axe.min.js"), "axe.LICENSE": ("axe-core", "LICENSE")}
"""Never served."""
FILES = {
    "htmx.min.js": ("htmx.org", "dist/htmx.min.js"),
    "htmx.LICENSE": ("htmx.org", "LICENSE"),
    "alpine-csp.min.js": ("@alpinejs/csp", "dist/cdn.min.js"),
    "echarts.min.js": ("echarts", "dist/echarts.simple.min.js"),
    "echarts.LICENSE": ("echarts", "LICENSE"),
    "echarts.NOTICE": ("echarts", "NOTICE"),
    "logicflow.min.js": ("@logicflow/core", "dist/index.min.js"),
    "logicflow.css": ("@logicflow/core", "dist/index.css"),
    "logicflow.LICENSE": ("@logicflow/core", "LICENSE"),
    "swagger-ui.js": ("swagger-ui-dist", "swagger-ui-bundle.js"),
    "swagger-ui.css": ("swagger-ui-dist", "swagger-ui.css"),
    "swagger-ui.LICENSE": ("swagger-ui-dist", "LICENSE"),
    "swagger-ui.NOTICE": ("swagger-ui-dist", "NOTICE"),
    "tabler.min.css": ("@tabler/core", "dist/css/tabler.min.css"),
    "tabler-icons.LICENSE": ("@tabler/icons", "LICENSE"),
    "wavesurfer.min.js": ("wavesurfer.js", "dist/wavesurfer.min.js"),
    "wavesurfer.LICENSE": ("wavesurfer.js", "LICENSE"),
}
ICONS = (
    "activity", "adjustments", "alert-triangle", "arrow-back-up", "arrow-down", "arrow-up", "arrows-split",
    "ban", "bolt", "building", "calendar", "chart-bar", "checklist", "chevron-down", "chevron-left",
    "chevron-right", "circle-check", "clock", "copy", "device-floppy", "download", "eye", "file-music",
    "file-spreadsheet", "filter", "gauge", "grip-vertical", "hash", "headphones", "headset", "history",
    "home", "hourglass", "key", "language", "list-check", "list-details", "lock", "logout", "map-pin",
    "maximize", "menu-2", "message", "microphone", "moon", "pencil", "phone", "phone-call",
    "phone-incoming", "phone-off", "phone-outgoing", "phone-x", "player-pause", "player-play",
    "player-record", "player-stop", "plus", "power", "receipt", "refresh", "route", "search", "server-2",
    "shield-lock", "sitemap", "star", "sun", "trash", "upload", "user", "user-check", "users", "users-group",
    "volume", "wallet", "x", "zoom-in", "zoom-out",
)  # fmt: skip


def main() -> None:
    """Fetch, compare, copy, write down what was copied."""
    for folder in (TARGET, FOR_TESTS):
        folder.mkdir(parents=True, exist_ok=True)
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    with tempfile.TemporaryDirectory() as place:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(HERE / name, Path(place) / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=place, check=True)  # noqa: S607
        modules = Path(place) / "node_modules"
        for folder, files in ((TARGET, FILES), (FOR_TESTS, TESTED_WITH)):
            for target, (package, source) in files.items():
                shutil.copyfile(modules / package / source, folder / target)
        (TARGET / "icons.svg").write_text(_sprite(modules / "@tabler/icons/icons/outline"), encoding="utf-8")
    icons = {"icons.svg": ("@tabler/icons", "")}
    for folder, files in ((TARGET, FILES | icons), (FOR_TESTS, TESTED_WITH)):
        sums = {
            name: {
                "package": package,
                "version": lock[f"node_modules/{package}"]["version"],
                "integrity": lock[f"node_modules/{package}"]["integrity"],
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
            for name, (package, _) in sorted(files.items())
        }
        (folder / "vendor.json").write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")


def _sprite(folder: Path) -> str:
    symbols = []
    for name in ICONS:
        svg = (folder / f"{name}.svg").read_text(encoding="utf-8")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
        if inner is None:
            raise ValueError(f"{name}.svg is no icon")
        lines = "".join(line.strip() for line in inner[1].splitlines())
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linecap="round" stroke-linejoin="round">{lines}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


if __name__ == "__main__":
    main()
