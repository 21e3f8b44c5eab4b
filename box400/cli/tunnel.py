"""``box400 tunnel``: let the support reach this machine for a while."""

from __future__ import annotations

import click

from box400.cli.moment import beijing
from box400.cli.options import complain, data_option
from box400.cli.services import box_services, entry_of
from box400.cli.words import words
from storage.data_directory import DataDirectory
from storage.machine.wish import OpenTunnel
from webui.services import tunnel as tunnels


@click.group()
def tunnel() -> None:
    """Open and close the support tunnel (reverse SSH); it is closed until somebody opens it.

    \b
    Exit status: that of each command.
    """


@tunnel.command()
@data_option
def status(data: DataDirectory) -> None:
    """Show whether it is open, and the key by which this machine signs in at the support server.

    \b
    Exit status: 0 shown; 1 the last wish failed, or the tunnel ended early: the text says why.
    """
    with box_services(data) as services:
        found = tunnels.state(data, services.now())
    if found.open and found.asked:
        where = f"{found.asked.tunnel.user}@{found.asked.tunnel.host}"
        until = beijing(found.until)
        click.echo(words(f"open to {where} until {until}", f"已打开：{where}，至 {until}"))
    else:
        click.echo(words("closed", "已关闭"))
    click.echo(found.key or words("no key yet: box400 tunnel key", "尚无密钥：box400 tunnel key"))
    if found.ended:
        complain(f"The tunnel ended before its time: {found.ended}", f"隧道提前结束：{found.ended}")
    if found.outcome is not None and found.outcome.why_not:
        complain(f"It failed: {found.outcome.why_not}", f"失败：{found.outcome.why_not}")


@tunnel.command()
@data_option
def key(data: DataDirectory) -> None:
    """Make the key of this machine, once; `box400 tunnel status` shows it then.

    \b
    Exit status: 0 asked for; 1 this machine has no tunnel; 3 the store is not running.
    """
    with box_services(data) as services:
        tunnels.make_key(services, entry_of("tunnel-key"))


@tunnel.command(name="open")
@click.argument("where", metavar="USER@HOST")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=22, show_default=True, help="Of its SSH server."
)
@click.option(
    "--remote-port", type=click.IntRange(0, 65535), default=20022, show_default=True,
    help="Where it listens over there; 0: as it chooses.",
)  # fmt: skip
@click.option("--minutes", type=click.IntRange(1, 1440), default=120, show_default=True, help="How long.")
@data_option
def open_(where: str, port: int, remote_port: int, minutes: int, data: DataDirectory) -> None:
    """Open it: the support reaches this machine's SSH by its server; it closes by itself.

    \b
    Exit status: 0 asked for; 1 refused: the text says why; 3 the store is not running.

    \b
    Example:
      box400 tunnel open box@help.example.com --minutes 60
    """
    user, _, host = where.rpartition("@")
    with box_services(data) as services:
        wanted = OpenTunnel(host, user, port, remote_port, minutes)
        tunnels.open_tunnel(services, wanted, entry_of("tunnel-opened", host))


@tunnel.command()
@data_option
def close(data: DataDirectory) -> None:
    """Close it now.

    \b
    Exit status: 0 asked for; 1 this machine has no tunnel; 3 the store is not running.
    """
    with box_services(data) as services:
        tunnels.close_tunnel(services, entry_of("tunnel-closed"))
