"""``box400 store``, ``b2bua``, ``ledger``, ``recorder``, ``webui``: one process of the box, for systemd."""

from __future__ import annotations

import os

import click

from box400.cli.options import data_option
from box400.programs import command
from storage.data_directory import DataDirectory


def become(name: str, data: DataDirectory) -> None:
    """Turn into a process of the box: it has our pid, and nothing of the command line stays in its memory."""
    data.create()
    words = command(name, data)
    os.execv(words[0], words)  # noqa: S606 our own interpreter and module


@click.command()
@data_option
def store(data: DataDirectory) -> None:
    """Serve the databases (ZEO) on DATA/run/store.sock.

    Ends on SIGTERM. Says READY=1 and WATCHDOG=1 to $NOTIFY_SOCKET, as systemd's Type=notify wants.

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 store --data /srv/box400
    """
    become("store", data)


@click.command()
@data_option
def b2bua(data: DataDirectory) -> None:
    """Speak SIP and serve the calls, with one media worker for each core.

    Works with the store down: it serves from the configuration last in force and keeps the calls' journal.

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 b2bua --data /srv/box400
    """
    become("b2bua", data)


@click.command()
@data_option
def ledger(data: DataDirectory) -> None:
    """Commit call records from the journal to the store.

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 ledger --data /srv/box400
    """
    become("ledger", data)


@click.command()
@data_option
def recorder(data: DataDirectory) -> None:
    """Turn the spools of finished calls into recordings.

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 recorder --data /srv/box400
    """
    become("recorder", data)


@click.command()
@data_option
def webui(data: DataDirectory) -> None:
    """Serve the web pages on the address that `box400 run --web` wrote into settings.json.

    Calls do not need it. /healthz and /metrics are those of the SIP process.

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 webui --data /srv/box400
    """
    become("webui", data)
