"""The box's first screen: where it is reached, and how it is.

``python -m box400.appliance.console`` shows it every few seconds, and on Enter sets up a new box or asks
who wants to sign in. ``--once`` prints it.
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from storage.data_directory import DataDirectory
from storage.machine.own_address import own_address
from webui.services.first_setup import code_of, is_new

SHOWN_SECONDS = 10.0
WIDTH = 76
CLEAR = "\033[H\033[2J"


@dataclass(frozen=True)
class State:
    """What the screen tells."""

    version: str
    address: str
    """Empty: no network."""
    name: str
    serving: bool
    """Whether the SIP process takes calls."""
    failed: tuple[str, ...]
    """Units that failed."""
    new: bool
    """Whether nobody has set it up yet."""
    free_percent: int
    """Of the data's file system."""
    code: str = ""
    """Of a new box: by which a browser sets it up."""


def screen(state: State, zh: bool) -> str:
    """Return the text of the screen."""

    def both(english: str, chinese: str) -> str:
        return f"{english} {chinese}" if zh else english

    lines = [f"box400 {state.version}    {state.name}", ""]
    if state.address:
        lines.append(f"  {both('Pages', '管理页面')}: https://{state.address}/")
        lines.append(f"  SIP: {state.address}:5060")
    else:
        lines.append("  No network address. Is the cable in? Does the network give addresses (DHCP)?")
        if zh:
            lines.append("  没有网络地址：请检查网线和 DHCP，或在初始化设置中填写固定地址。")
    if state.code:
        lines.append(f"  {both('Code for the browser', '浏览器初始化码')}: {state.code}")
    lines.append(
        f"  {both('Calls', '呼叫服务')}: {both('up', '正常') if state.serving else both('NOT UP', '未就绪')}"
    )
    lines.append(f"  {both('Data disk', '数据盘')}: {state.free_percent} % {both('free', '可用')}")
    lines += [f"  {both('FAILED', '故障')}: {unit}" for unit in state.failed]
    doing = both("set up this box", "初始化设置") if state.new else both("sign in", "登录")
    return "\n".join([*(_cut(line) for line in lines), "", f"  Press Enter to {doing}", ""])


def _cut(line: str) -> str:
    """Keep a line within the screen; a Chinese letter takes two places."""
    width = 0
    for place, letter in enumerate(line):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > WIDTH:
            return line[:place]
    return line


def look(data: DataDirectory) -> State:
    """Gather it from the machine; what cannot be learnt is shown as not being so."""
    program = Path(sys.prefix)
    version = program.name if (program / "complete").exists() else "development"
    failed = _said("systemctl", "--failed", "--plain", "--no-legend")
    # Systemd knows it by READY and WATCHDOG; asking the process would cost half a second of a core.
    serving = _said("systemctl", "is-active", "box400-b2bua.service")
    file_system = os.statvfs(data.root if data.root.exists() else "/")
    return State(
        version, own_address(), os.uname().nodename, bool(serving),
        tuple(line.split()[0] for line in failed.splitlines() if line.split()),
        is_new(data), 100 * file_system.f_bavail // max(1, file_system.f_blocks),
        code_of(data) if is_new(data) and data.root.exists() else "",
    )  # fmt: skip


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def main() -> int:
    """Show it until told to end."""
    parser = argparse.ArgumentParser(prog="box400.appliance.console", description="Show how the box is.")
    parser.add_argument("--once", action="store_true", help="print it and end")
    options = parser.parse_args()
    zh = os.environ.get("TERM") != "linux"  # a text console of Linux has no Chinese letters
    data = DataDirectory(os.environ.get("BOX400_DATA", "/data/box400"))
    while True:
        state = look(data)
        sys.stdout.write(("" if options.once else CLEAR) + screen(state, zh))
        sys.stdout.flush()
        if options.once:
            return 0
        if select.select([sys.stdin], [], [], SHOWN_SECONDS)[0]:
            if not sys.stdin.readline():
                return 0
            command = [sys.executable, "-m", "box400", "setup"] if state.new else ["/bin/login"]
            subprocess.run(command, check=False)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
