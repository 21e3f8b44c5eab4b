"""``box400 notices``: what was sent to whom, and what became of it."""

from __future__ import annotations

import time
from itertools import islice

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import Moment, beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.processes import become
from box400.cli.table import table
from box400.cli.words import words
from domain.notices.delivery import Channel, Delivery, DeliveryState
from domain.notices.kinds import SHIPPED, NoticeKind
from domain.notices.ways import CallEvent
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.models import Root
from webui.services.deliveries import trial, try_again


@click.group()
def notices() -> None:
    """Show the deliveries of SMS, e-mails, robots and webhooks; test a way; try again.

    \b
    Exit status: that of each command.
    """


@notices.command()
@data_option
def serve(data: DataDirectory) -> None:
    """Send what waits, as a process of the box (for systemd; `box400 run` starts it).

    \b
    Exit status: 0 ended as told; 1 it could not start or failed.

    \b
    Example:
      box400 notices serve --data /srv/box400
    """
    become("notices", data)


@notices.command(name="list")
@data_option
@json_option
@click.option("--tenant", metavar="ID", help="Only this tenant's.")
@click.option("--channel", type=click.Choice([each.value for each in Channel]), help="Only these.")
@click.option(
    "--state", type=click.Choice([each.value for each in DeliveryState]), help="Only those in this state."
)
@click.option("--to", default="", metavar="RECIPIENT", help="Only to this number, address or robot.")
@click.option("--since", type=Moment(), default="1970-01-01", help="Made at or after: 2026-10-01, 90m.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
def list_(
    data: DataDirectory,
    as_json: bool,
    tenant: str | None,
    channel: str | None,
    state: str | None,
    to: str,
    since: float,
    limit: int,
) -> None:
    """List deliveries, newest first.

    \b
    Exit status: 0 listed, also when there are none; 3 the store is not running.

    \b
    Examples:
      box400 notices list --state failed
      box400 notices list --tenant demo --channel webhook --json
    """

    def takes(each: Delivery) -> bool:
        return (
            channel in (None, each.channel)
            and state in (None, each.state)
            and to in ("", each.to)
            and each.made >= since
        )

    def read(root: Root) -> list[Delivery]:
        return list(islice(filter(takes, root.notices.newest_first(tenant)), limit))

    with main_database(data) as database:
        found = database.read(read)
    if as_json:
        click.echo(msgspec.json.encode([msgspec.structs.asdict(each) for each in found]))
        return
    head = words(
        ("id", "made", "tenant", "kind", "to", "state", "tries", "by", "note"),
        ("编号", "时间", "租户", "种类", "接收方", "状态", "次数", "网关", "说明"),
    )
    click.echo(table(head, [_row(each) for each in found], right=(6,)))


def _row(each: Delivery) -> tuple[str, ...]:
    return (
        each.id, beijing(each.made), each.tenant, kind_words(each.kind), each.to, state_words(each.state),
        str(each.tries), each.by, each.note,
    )  # fmt: skip


def kind_words(kind: str) -> str:
    """Return a kind of notice or an event in the language spoken."""
    if kind in set(CallEvent):
        return kind
    return words(kind, SHIPPED[NoticeKind(kind)].title)


def state_words(state: DeliveryState) -> str:
    """Return a state in the language spoken."""
    return {
        DeliveryState.WAITING: words("waiting", "待发送"),
        DeliveryState.SENT: words("sent", "已发送"),
        DeliveryState.DELIVERED: words("delivered", "已送达"),
        DeliveryState.UNDELIVERED: words("not delivered", "未送达"),
        DeliveryState.FAILED: words("failed", "失败"),
        DeliveryState.EXPIRED: words("expired", "已过期"),
    }[state]


@notices.command(name="send-test")
@click.argument("tenant")
@click.argument("channel", type=click.Choice(["sms", "email", "robot"]))
@click.argument("recipient", metavar="RECIPIENT")
@data_option
@json_option
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 120),
    default=20.0,
    show_default=True,
    help="Seconds to wait.",
)
def send_test(
    tenant: str, channel: str, recipient: str, data: DataDirectory, as_json: bool, seconds: float
) -> None:
    """Send a test to a mobile number, an e-mail address or a robot of TENANT, and say what became of it.

    Nothing is charged. SMS providers with templates of their own need a code for the template `test`.

    \b
    Exit status: 0 sent; 1 not sent; 3 the store is not running.

    \b
    Example:
      box400 notices send-test demo sms 13900001111
    """
    delivery = trial(tenant, Channel(channel), recipient, time.time())
    name = delivery.id

    def work(root: Root) -> bool:
        return tenant in root.tenants and root.notices.add(delivery)

    with main_database(data) as database:
        if not database.transact(work, note="test notice"):
            complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
        until = time.monotonic() + seconds
        found = delivery
        while found.state is DeliveryState.WAITING and not found.tries and time.monotonic() < until:
            time.sleep(0.2)
            found = database.read(lambda root: root.notices.find(name, tenant)) or delivery
    if as_json:
        click.echo(msgspec.json.encode(msgspec.structs.asdict(found)))
    else:
        click.echo(f"{name}  {state_words(found.state)}  {found.by}  {found.note}".rstrip())
    if found.state not in (DeliveryState.SENT, DeliveryState.DELIVERED):
        complain(
            f"Not sent: {found.note or 'nobody sent it; is the process notices running?'}",
            f"未发送：{found.note or '通知进程未处理，请检查 notices 进程是否运行'}",
        )


@notices.command()
@click.argument("name", metavar="ID")
@data_option
@json_option
def retry(name: str, data: DataDirectory, as_json: bool) -> None:
    """Try a delivery anew that failed, expired or waits.

    \b
    Exit status: 0 it is tried; 1 there is none, or it was sent; 3 the store is not running.

    \b
    Example:
      box400 notices retry 01M8172EV8WM5RPGMQH3500BQN
    """

    with main_database(data) as database:
        try:
            found = database.transact(lambda root: try_again(root, name, time.time()), note="notice again")
        except NotPossible as why:
            complain(why.en, why.zh)
    if as_json:
        click.echo(msgspec.json.encode(msgspec.structs.asdict(found)))
    else:
        click.echo(f"{name}  {state_words(found.state)}")
