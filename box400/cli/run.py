"""``box400 run``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import click
import msgspec

from box400.cli.address import Address, AddressType
from box400.cli.options import complain, data_option
from box400.cli.welcome import welcome
from box400.cli.words import language, words
from box400.programs import programs
from box400.supervisor.supervisor import AlreadyRunning, CannotStart, Supervisor
from domain.snapshot import ListenerSnapshot
from storage.data_directory import DataDirectory, Settings
from storage.offsite.takeover import is_wanted, take_over

TRIAL_SIP = Address("127.0.0.1", 5060)
TRIAL_WEB = Address("127.0.0.1", 8400)
LOOK_SECONDS = 1.0
DEMO = Path(__file__).parents[1] / "demo" / "demo.yaml"
DEMO_YUAN = "100"
"""What its tenant has paid in: his calls are charged."""


@click.command()
@data_option
@click.option(
    "--sip", type=AddressType(), default=str(TRIAL_SIP), show_default=True, help="Where SIP is spoken."
)
@click.option(
    "--web", type=AddressType(), default=str(TRIAL_WEB), show_default=True, help="Where the web pages are."
)
@click.option(
    "--apply",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE.yaml",
    help="Apply this configuration at the start (may be given again).",
)
@click.option("--no-demo", is_flag=True, help="Give an empty box no demo trunk and tenant.")
def run(data: DataDirectory, sip: Address, web: Address, files: tuple[Path, ...], no_demo: bool) -> None:
    """Start a whole box and keep it up until Ctrl-C.

    Starts the store, the ledger, the recorder and the SIP process on one data directory, starts again
    what dies, and ends all of them in order on Ctrl-C or SIGTERM: calls in progress are ended and
    closed in the records. A box that has no tenant yet is given the demo.

    \b
    Exit status:
      0  ended as told
      1  the box could not start, or a process had to be killed at the end

    \b
    Examples:
      box400 run
      box400 run --data /srv/box400 --sip 192.0.2.10:5060 --no-demo --apply customers.yaml
    """
    data.create()
    data.write_settings(_settings(data, sip, web))
    if not no_demo and not any(data.tenant_snapshots.glob("*.json")):
        files = (DEMO, *files)
    try:
        gently = asyncio.run(_run(data, files))
    except AlreadyRunning:
        complain(f"A box is running on {data.root} already.", f"{data.root} 上已有一个 box400 在运行。")
    except CannotStart as failure:
        complain(f"The box did not start. {failure}", f"启动失败。{failure}")
    if not gently:
        complain("A process did not end by itself and was killed.", "有进程未能自行结束，已被强制终止。")


def _settings(data: DataDirectory, sip: Address, web: Address) -> Settings:
    """Keep what was set by hand in settings.json; replace what the command line says."""
    listener = ListenerSnapshot(name="carrier", bind=sip.host, port=sip.port)
    return msgspec.structs.replace(data.read_settings(), listeners=(listener,), web=str(web))


async def _run(data: DataDirectory, files: tuple[Path, ...]) -> bool:
    """Start, wait for the signal, end; whether no process had to be killed.

    Data that somebody restored in the first setup take their place in between.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    gently = True
    while True:
        gently = await _once(data, files, told) and gently
        if told.is_set() or not take_over(data):
            return gently
        files = ()
        click.echo(words("Starting with the restored data ...", "正在以恢复的数据启动……"))


async def _once(data: DataDirectory, files: tuple[Path, ...], told: asyncio.Event) -> bool:
    """Start all processes and end them when told, or when restored data are to take their place."""
    box = Supervisor(data, programs(data), lambda line: click.echo(line, err=True))
    waiting = asyncio.create_task(_told_or_wanted(data, told))
    starting = asyncio.create_task(_start(box, data, files))
    try:
        await asyncio.wait([waiting, starting], return_when="FIRST_COMPLETED")
        if starting.done():
            logins = await starting
            click.echo(welcome(data, logins))
            await waiting
        click.echo(words("Ending ...", "正在停止……"))
    finally:
        for task in (waiting, starting):
            task.cancel()
        await asyncio.wait([waiting, starting])
        gently = await box.stop()
    return gently


async def _told_or_wanted(data: DataDirectory, told: asyncio.Event) -> None:
    while not told.is_set() and not is_wanted(data):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), LOOK_SECONDS)


async def _start(box: Supervisor, data: DataDirectory, files: tuple[Path, ...]) -> list[str]:
    """Start and apply; return what a newcomer signs in with, where the demo was applied."""
    await box.start()
    for file in files:
        await _command(data, "apply", str(file))
    if DEMO in files:
        await _command(data, "money", "post", "recharge", "demo", DEMO_YUAN, "--cause", "demo")
    if DEMO not in files or not data.read_settings().web:
        return []
    return [
        (await _command(data, "operator", "add", "admin", "--role", "admin")).strip(),
        (await _command(data, "tenant", "password", "demo")).strip(),
    ]


async def _command(data: DataDirectory, *words: str) -> str:
    """Run a command in a process of its own: what that needs shall not stay in our memory."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "box400", "--lang", language(), *words, "--data", str(data.root),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, process_group=0,
    )  # fmt: skip
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        raise CannotStart(output.decode(errors="replace").strip())
    return output.decode(errors="replace")
