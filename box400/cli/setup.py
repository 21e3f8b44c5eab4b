"""``box400 setup``: the first questions of a new box, on its console."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from box400.appliance.wishes import network_file
from box400.cli.options import complain, data_option
from box400.cli.words import language, words
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory, write_as_guest, write_atomically
from storage.machine.own_address import own_address
from storage.offsite.takeover import is_done
from webui.services.first_setup import code_of, finish, is_new, tenant_document, trunk_document

NETWORK = Path("/data/network/10-box400.network")
"""Comes before the appliance's DHCP (roles/image)."""


@click.command()
@data_option
@click.option("--again", is_flag=True, help="Also on a box that was set up.")
@click.option("--code", "only_code", is_flag=True, help="Print the code by which a browser sets the box up.")
def setup(data: DataDirectory, again: bool, only_code: bool) -> None:
    """Set up a new box: address, administrator, first trunk, first tenant; or restore a backup.

    Asks; an empty answer leaves out what is not needed yet. What was answered is stored as soon as its
    questions are over, so that an interruption loses nothing; running it again goes on.

    \b
    Exit status: 0 set up; 1 something was refused: the text says what; 3 the store is not running.

    \b
    Example:
      box400 setup
    """
    if only_code:
        try:
            click.echo(code_of(data))
        except NotPossible as error:
            complain(f"{error}", error.zh)
        return
    if not is_new(data) and not again:
        complain("This box is set up; --again asks anew.", "本机已完成初始化；如需重新设置请加 --again。")
    if NETWORK.parent.is_dir():
        _network()
    if not _restored(data):
        _administrator(data)
        _configuration(data)
    finish(data)
    address = own_address()
    click.echo(words(f"Done. Go on at https://{address}/", f"设置完成，请访问 https://{address}/ 继续。"))


def _network() -> None:
    """Keep DHCP, or set a fixed address."""
    now = own_address()
    click.echo(words(f"Address now: {now or 'none'}", f"当前地址：{now or '无'}"))
    given = _ask("Fixed address, such as 192.168.1.10/24 (empty: as the network gives, DHCP)",
                 "固定地址，如 192.168.1.10/24（留空则使用 DHCP）", ipaddress.ip_interface)  # fmt: skip
    if given is None:
        return
    gateway = _ask("Gateway", "网关", ipaddress.ip_address)
    servers = [each for each in (_ask("Name server", "DNS 服务器", ipaddress.ip_address),) if each]
    write_atomically(NETWORK, network_file(given, gateway, servers).encode())
    NETWORK.chmod(0o644)
    subprocess.run(["networkctl", "reload"], check=False)  # noqa: S607 the machine's own tool
    click.echo(
        words("The address holds now; SIP follows within a minute.", "地址已生效，SIP 将在一分钟内切换。")
    )


def _restored(data: DataDirectory) -> bool:
    """Take over the backup of another box, where there is one; whether that was done."""
    while is_new(data):
        place = click.prompt(
            words("Backup to restore: /mnt/DISK, sftp:... or s3:... (empty: none)",
                  "要恢复的备份：/mnt/目录、sftp:… 或 s3:…（留空则全新设置）"),
            default="", show_default=False,
        ).strip()  # fmt: skip
        if not place:
            return False
        if _run(data, "restore", place, "--new", check=False) and is_done(data):
            return True
    return False


def _administrator(data: DataDirectory) -> None:
    name = click.prompt(words("Administrator of the pages", "管理员用户名"), default="admin")
    _run(data, "operator", "add", name, "--role", "admin")
    click.echo(words("It is shown once: write it down.", "密码只显示一次，请记录。"))


def _configuration(data: DataDirectory) -> None:
    """Ask for the first trunk and tenant and put them in force; what is refused is asked again."""
    while True:
        document = _trunk() | _tenant()
        if not document:
            return
        file = data.root / "setup.yaml"
        text = StringIO()
        YAML(typ="safe").dump(document, text)
        held = data.root.stat()
        owner = (held.st_uid, held.st_gid) if os.geteuid() == 0 else None
        write_as_guest(file, text.getvalue().encode(), 0o600, owner)
        if _run(data, "apply", str(file), check=False):
            file.unlink()
            return
        click.echo(words("Not accepted, see above. Please answer again.", "未被接受，原因见上，请重新填写。"))


def _trunk() -> dict[str, Any]:
    en, zh = (
        "Address or network of the carrier's SIP (empty: later)",
        "运营商 SIP 地址或网段（留空则以后设置）",
    )
    source = _ask(en, zh, ipaddress.ip_network)
    if source is None:
        return {}
    target = click.prompt(
        words("Where calls out go, host:port", "呼出目标 主机:端口"), default=f"{source.network_address}:5060"
    )
    number = click.prompt(words("Trunk number shown on calls out", "中继号码（外呼显示）"), default="")
    return trunk_document(str(source), target, number)


def _tenant() -> dict[str, Any]:
    number = click.prompt(
        words("First 400 number (empty: later)", "第一个 400 号码（留空则以后设置）"), default=""
    )
    if not number:
        return {}
    name = click.prompt(words("Name of its tenant", "企业名称"))
    bound = click.prompt(words("Number that rings", "绑定号码"))
    return tenant_document(name, number, bound)


def _ask(en: str, zh: str, read: Any) -> Any:
    """Ask until the answer can be read; None for an empty one."""
    while True:
        given = click.prompt(words(en, zh), default="", show_default=False).strip()
        if not given:
            return None
        try:
            return read(given)
        except ValueError as error:
            click.echo(words(f"{given}: {error}", f"{given}：格式不正确"))


def _run(data: DataDirectory, *command: str, check: bool = True) -> bool:
    """Run a command of ours as the account that owns the data; whether it did it."""
    owner = data.root.stat()
    account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-m", "box400", "--lang", language(), *command, "--data", str(data.root)],
        check=False, **account,  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode and check:
        sys.exit(done.returncode)
    return bool(done.returncode == 0)
