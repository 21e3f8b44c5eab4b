"""``box400 trace``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from b2bua.control import ControlClient, ControlDown, ControlFailed, Done, FlushTrace
from b2bua.trace_read import ladder, read_call, write_pcap
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import printable
from box400.cli.words import language, words
from storage.data_directory import DataDirectory
from storage.records.call_id import BEIJING


@click.command()
@click.argument("call", metavar="CALL-ID")
@data_option
@json_option
@click.option("--full", is_flag=True, help="Print the whole messages below the ladder.")
@click.option("--pcap", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the messages for Wireshark instead of printing them.")  # fmt: skip
def trace(call: str, data: DataDirectory, as_json: bool, full: bool, pcap: Path | None) -> None:
    """Show the SIP messages of a call as a ladder.

    The box keeps the messages of recent calls in a ring of bounded size; CALL-ID is the one that records and
    calls show. Works with the box down. Times are Beijing time.

    \b
    Exit status: 0 shown; 1 the ring does not hold this call (any more).

    \b
    Examples:
      box400 trace 01M8172EV8WM5RPGMQH3500BQN
      box400 trace 01M8172EV8WM5RPGMQH3500BQN --pcap call.pcap
    """
    _flush(data)
    messages = read_call(data.trace, call)
    if not messages:
        complain(f"The trace holds no messages of {call}.", f"跟踪记录中没有 {call} 的信令。")
    if pcap is not None:
        with pcap.open("wb") as file:
            write_pcap(messages, file)
    elif as_json:
        lines = [
            msgspec.structs.asdict(each) | {"data": each.data.decode("utf-8", "replace")} for each in messages
        ]
        click.echo(msgspec.json.encode(lines))
    else:
        click.echo(ladder(messages, BEIJING, language()))
        for message in messages if full else ():
            way = words("sent to", "发往") if message.sent else words("received from", "收自")
            click.echo(f"\n{message.leg} {way} {message.remote[0]}")
            for line in message.data.decode("utf-8", "replace").split("\r\n"):
                click.echo(f"  {printable(line)}")


def _flush(data: DataDirectory) -> None:
    """Let a running b2bua write what it still holds; a box that is down has written all."""
    try:
        with ControlClient(data.control_socket) as client:
            client.ask(FlushTrace(), Done)
    except (ControlDown, ControlFailed):
        return
