"""The bundle holds the whole program, for the box's Python whatever Python made it."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from appliance.bundle import PACKAGES, ROOT, build_program, hashed, locked, pack, version

LOCK = """\
# a comment
legacy-cgi==2.6.4 ; python_full_version >= '3.13' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:ee
"""


def test_the_lock_is_read_as_the_box_would() -> None:
    """Not as the machine that makes the bundle."""
    assert locked(LOCK) == {
        "legacy-cgi": "legacy-cgi==2.6.4 --hash=sha256:aa --hash=sha256:bb",
        "numpy": "numpy==2.5.5 --hash=sha256:dd",
    }


def test_every_package_of_the_lock_is_wanted_once() -> None:
    """Each with a hash."""
    wanted = locked((ROOT / "requirements.txt").read_text())
    assert {"twisted", "zeo", "pyramid", "legacy-cgi"} <= wanted.keys()
    assert all("--hash=sha256:" in line for line in wanted.values())


def test_the_wheel_holds_the_whole_program(tmp_path: Path) -> None:
    """Its voice, its pages, their texts; all but what only builds them."""
    build_program(tmp_path)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    program = {name for name in listed.stdout.splitlines() if not name.startswith("webui/assets/")}
    assert program - held == set()
    assert hashed(tmp_path).startswith(f"box400=={version().partition('+')[0]} --hash=sha256:")


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    """Whoever packs them, whenever."""
    file = tmp_path / "file"
    file.write_text("x")
    pack(tmp_path / "1.tar", {"a": file})
    file.touch()
    pack(tmp_path / "2.tar", {"a": file})
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()
