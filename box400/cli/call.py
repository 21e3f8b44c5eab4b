"""``box400 call``: the test phone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from box400.cli.address import Address, AddressType
from box400.cli.options import NOT_DONE, NOT_RUNNING, complain, data_option, json_option
from box400.cli.words import words
from domain.snapshot import BoxSnapshot, TrunkKind, TrunkSnapshot
from storage.data_directory import DataDirectory

if TYPE_CHECKING:
    from box400.phone.call import Report, Wish
    from box400.phone.story import Moment

DEMO_TARGET = Address("127.0.0.3", 5080)


@click.command(options_metavar="[OPTIONS]")
@click.argument("number")
@data_option
@json_option
@click.option("--caller", default="13800138000", show_default=True, help="Calling number to show.")
@click.option("--from", "from_host", default="127.0.0.2", show_default=True, metavar="HOST",
              help="Address to call from: one that a trunk of the box takes calls from.")  # fmt: skip
@click.option("--to", type=AddressType(), help="SIP address of the box.  [default: that of --data]")
@click.option(
    "--keys", default="", metavar="KEYS", help="Keys to press once answered: 1,w2,9 (w2: wait 2 s)."
)
@click.option("--keys-as", type=click.Choice(["rfc4733", "info", "in-band"]), default="rfc4733",
              show_default=True, help="How keys are sent.")  # fmt: skip
@click.option("--play", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="Sound file to say, any format and rate.")  # fmt: skip
@click.option("--hear", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.wav",
              help="Keep what the caller hears.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0, 3600), default=5.0, show_default=True,
              help="How long to talk before hanging up.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(0.1, 600), default=90.0, show_default=True,
              help="Seconds to wait for an answer.")  # fmt: skip
@click.option("--answer", is_flag=True, help="Also be the bound number and answer there.")
@click.option("--answer-busy", is_flag=True, help="Be the bound number and be busy (486).")
@click.option("--answer-reject", type=click.IntRange(400, 699), metavar="CODE",
              help="Be the bound number and refuse with this SIP status.")  # fmt: skip
@click.option("--answer-at", type=AddressType(),
              help="Where bound numbers are reached.  [default: the outbound trunk's target]")  # fmt: skip
@click.option("--ring-seconds", type=click.FloatRange(0, 600), default=1.0, show_default=True,
              help="How long the bound number rings before it answers.")  # fmt: skip
def call(
    number: str,
    data: DataDirectory,
    as_json: bool,
    caller: str,
    from_host: str,
    to: Address | None,
    keys: str,
    keys_as: str,
    play: Path | None,
    hear: Path | None,
    seconds: float,
    patience: float,
    answer: bool,
    answer_busy: bool,
    answer_reject: int | None,
    answer_at: Address | None,
    ring_seconds: float,
) -> None:
    """Place a real SIP call to NUMBER into the running box, as its carrier would.

    Prints each SIP message and what is heard, as it happens. With --answer it is the bound number too: both
    parties say a tone (440 and 880 Hz), and the call is as asked when each hears the other.

    \b
    Exit status:
      0  the call did as asked: it was answered and heard; with --answer both parties heard each other;
         with --answer-busy or --answer-reject the bound number was rung and nobody was connected
      1  it did not; the last line says why
      3  no box answers at the address

    \b
    Examples:
      box400 call 4001003721 --seconds 14             hear the voice menu
      box400 call 4001003722 --answer                 prove the box from end to end
      box400 call 4001003721 --keys 1,w2,9 --hear heard.wav
      box400 call 4001003722 --answer-busy            what a caller gets when all are busy
    """
    from box400.phone.answerer import Answering
    from box400.phone.call import Wish
    from box400.phone.keys import KeysAs, WrongKeys, parse_keys
    from box400.phone.sound import UnreadableSound, read_sound

    try:
        steps = parse_keys(keys) if keys else ()
    except WrongKeys as error:
        raise click.BadParameter(str(error), param_hint="--keys") from error
    try:
        says = None if play is None else read_sound(play)
    except UnreadableSound as error:
        complain(str(error), str(error))
    answering = None
    refuse = 486 if answer_busy else answer_reject or 0
    if answer or refuse:
        where = answer_at or _target(_box(data).trunks, from_host)
        answering = Answering(where.host, where.port, ring_seconds, refuse)
    box = to or _sip(data)
    wish = Wish(
        number=number, at=(box.host, box.port), from_host=from_host, caller=caller, keys=steps,
        keys_as=KeysAs(keys_as), play=says,
        seconds=seconds, patience=patience, answering=answering,
    )  # fmt: skip
    report = _place(wish, hear, as_json)
    _print(report, as_json)


def _sip(data: DataDirectory) -> Address:
    """Return the address of the box's first listener."""
    if not data.settings_file.exists():
        complain(
            f"No box has been started on {data.root}.", f"{data.root} 上没有启动过 box400。", NOT_RUNNING
        )
    listener = data.read_settings().listeners_of(_box(data))[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listener.bind, listener.bind)  # noqa: S104
    return Address(host, listener.port)


def _box(data: DataDirectory) -> BoxSnapshot:
    try:
        return msgspec.json.decode(data.box_snapshot.read_bytes(), type=BoxSnapshot)
    except FileNotFoundError:
        return BoxSnapshot()


def _target(trunks: Sequence[TrunkSnapshot], from_host: str) -> Address:
    """Return where calls leave to by the first trunk on this machine, preferring the one called from."""
    usable = [
        trunk for trunk in trunks
        if trunk.enabled and trunk.outbound and trunk.kind is TrunkKind.IP and trunk.target.startswith("127.")
    ]  # fmt: skip
    usable.sort(key=lambda trunk: not _comes_from(trunk, from_host))
    if not usable:
        return DEMO_TARGET
    host, _, port = usable[0].target.rpartition(":")
    return Address(host, int(port))


def _comes_from(trunk: TrunkSnapshot, host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:  # a name: the phone resolves it
        return False
    return any(address in ip_network(net) for net in trunk.sources)


def _place(wish: Wish, hear: Path | None, as_json: bool) -> Report:
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    from b2bua.clock import install_reactor
    from b2bua.stack.transports.listeners import ListenFailed

    reactor = install_reactor()
    from box400.phone.call import TestCall
    from box400.phone.sound import write_wav
    from box400.phone.story import Story

    outcome: list[Report | Failure] = []
    try:
        call = TestCall(reactor, wish, Story(reactor.seconds, _silent if as_json else _tell))
    except (ListenFailed, OSError) as error:
        complain(f"The phone cannot listen: {error}", f"测试电话无法监听：{error}")

    def done(result: Report | Failure) -> None:
        outcome.append(result)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(call.run()).addBoth(done))
    reactor.run()
    if not outcome:
        sys.exit(130)
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    if hear is not None:
        write_wav(hear, call.sound())
    return outcome[0]


def _silent(moment: Moment) -> None:
    pass


def _tell(moment: Moment) -> None:
    click.echo(f"{moment.at:8.3f}  {moment.who:<8}  {moment.what}")


def _print(report: Report, as_json: bool) -> None:
    from box400.phone.call import NOBODY

    if as_json:
        click.echo(msgspec.json.encode(report))
    elif report.as_asked:
        click.echo(words("As asked.", "符合预期。"))
    else:
        click.echo(words(f"Not as asked: {report.why}", f"不符合预期：{_in_chinese(report.why)}"), err=True)
    if report.as_asked:
        return
    sys.exit(NOT_RUNNING if report.why == NOBODY else NOT_DONE)


_CHINESE: Final = {
    "nobody answers": "没有应答",
    "no answer within": "等待应答超时：",
    "refused:": "被拒绝：",
    "the call ended before all keys were pressed": "按键未按完通话已结束",
    "the box takes no keys (no telephone-event was agreed)": "未协商 telephone-event，无法按键",
    "its answer cannot be used:": "应答的媒体描述不可用：",
    "nothing was heard": "什么也没有听到",
    "the bound number was not rung": "绑定号码没有振铃",
    "the bound number was rung, but not connected": "绑定号码已振铃但未接通",
    "nothing was rung": "没有振铃任何号码",
    "the caller did not hear the answerer": "主叫听不到接听方",
    "the answerer did not hear the caller's file": "接听方听不到主叫播放的文件",
    "the answerer did not hear the caller": "接听方听不到主叫",
    "the box hung up after": "系统先挂机，通话秒数：",
}
"""What the test phone finds wrong, by how it begins."""


def _in_chinese(why: str) -> str:
    """Return what was not as asked in Chinese; numbers and what came from the network stay."""
    told = []
    for fault in why.split("; "):
        begins = next((each for each in _CHINESE if fault.startswith(each)), "")
        told.append(_CHINESE[begins] + fault[len(begins) :].strip() if begins else fault)
    return "；".join(told)
