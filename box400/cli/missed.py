"""``box400 missed``: the calls that nobody answered, as things to do."""

from __future__ import annotations

import time
from collections.abc import Callable

import click
import msgspec

from b2bua.control import Begun, CallBack
from box400.cli.control import ask
from box400.cli.database import main_database
from box400.cli.moment import Moment, beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.records import outcome_words
from box400.cli.table import table
from box400.cli.words import words
from domain.customers.missed import Closed, MissedItem, MissedState, claimed, closed
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.models import Root


@click.group()
def missed() -> None:
    """Deal with missed and abandoned calls: claim, call back, close.

    Calls of one caller are one item until it is closed. An item closes by itself when its caller calls
    again and is answered.
    """


@missed.command(name="list")
@click.argument("tenant")
@data_option
@json_option
@click.option("--all", "every", is_flag=True, help="Also those called back and closed.")
@click.option("--state", type=click.Choice([each.value for each in MissedState]), help="Only these.")
@click.option("--caller", default="", metavar="NUMBER", help="Only this caller's.")
@click.option("--number", default="", metavar="400...", help="Only calls to this number.")
@click.option("--messages", is_flag=True, help="Only those with a voicemail.")
@click.option("--since", type=Moment(), default="1970-01-01", help="Missed at or after: 2026-10-01, 90m.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many.")
def list_(
    tenant: str,
    data: DataDirectory,
    as_json: bool,
    every: bool,
    state: str | None,
    caller: str,
    number: str,
    messages: bool,
    since: float,
    limit: int,
) -> None:
    """List what is to be done, newest first.

    \b
    Exit status: 0 shown, also when there is nothing; 3 the store is not running.

    \b
    Examples:
      box400 missed list demo
      box400 missed list demo --all --since today --json
    """

    def takes(item: MissedItem) -> bool:
        return (
            (item.state == state if state else every or item.is_open)
            and item.last >= since
            and caller in ("", item.caller)
            and number in ("", item.number)
            and (not messages or bool(item.messages))
        )

    def read(root: Root) -> list[MissedItem]:
        book = root.missed.tenants.get(tenant)
        return [] if book is None else [item for item in book.newest_first() if takes(item)][:limit]

    with main_database(data) as database:
        found = database.read(read)
    if as_json:
        click.echo(msgspec.json.encode([_as_object(item) for item in found]))
        return
    head = words(
        ("id", "last", "400 number", "caller", "calls", "how it ended", "message", "state", "by", "tries"),
        ("编号", "最近一次", "400号码", "主叫", "次数", "结果", "留言", "状态", "处理人", "回拨次数"),
    )
    click.echo(table(head, [_row(item) for item in found], right=(4, 9)))


def _as_object(item: MissedItem) -> dict[str, object]:
    return msgspec.structs.asdict(item)


def _row(item: MissedItem) -> tuple[str, ...]:
    return (
        item.id,
        beijing(item.last),
        item.number,
        item.caller or words("anonymous", "匿名"),
        str(item.count),
        outcome_words(item.outcome),
        str(len(item.messages) or ""),
        state_words(item),
        item.closed_by or item.called_back_by or item.claimed_by,
        str(item.tries or ""),
    )


def state_words(item: MissedItem) -> str:
    """Return an item's state in the language spoken."""
    if item.closed is Closed.REACHED_US:
        return words("reached us", "已再次来电")
    return {
        MissedState.OPEN: words("open", "待处理"),
        MissedState.CLAIMED: words("claimed", "已认领"),
        MissedState.CALLED_BACK: words("called back", "已回拨"),
        MissedState.CLOSED: words("closed", "已关闭"),
    }[item.state]


_as_option = click.option("--as", "agent", required=True, metavar="AGENT", help="Who does it.")


@missed.command()
@click.argument("tenant")
@click.argument("item", metavar="ID")
@_as_option
@data_option
def claim(tenant: str, item: str, agent: str, data: DataDirectory) -> None:
    """Take an item over, so that nobody else calls back as well.

    \b
    Exit status: 0 claimed; 1 there is none, it is done, or another's; 3 the store is not running.
    """
    _change(data, tenant, item, lambda found: claimed(found, agent, time.time()))


@missed.command()
@click.argument("tenant")
@click.argument("item", metavar="ID")
@_as_option
@click.option("--note", default="", help="What came of it.")
@data_option
def close(tenant: str, item: str, agent: str, note: str, data: DataDirectory) -> None:
    """Close an item, with a note.

    \b
    Exit status: 0 closed; 1 there is none, or it is closed already; 3 the store is not running.

    \b
    Example:
      box400 missed close demo 01M8172EV8WM5RPGMQH3500BQN --as 8001 --note "ordered"
    """
    _change(data, tenant, item, lambda found: closed(found, Closed.BY_HAND, agent, time.time(), note))


@missed.command(name="call-back")
@click.argument("tenant")
@click.argument("item", metavar="ID")
@click.option(
    "--as", "agent", required=True, metavar="AGENT", help="The phone rung first: extension or bound number."
)
@data_option
def call_back(tenant: str, item: str, agent: str, data: DataDirectory) -> None:
    """Call the customer back through the box: the agent's phone rings first, then the customer's.

    ID is that of a missed item, or of any call of the tenant's such as one with a message. The customer sees
    the 400 number where the trunk allows. What came of it is in the list and in the call's record. An open
    item is claimed by it.

    \b
    Exit status: 0 the agent is being rung; 1 it is not allowed, or another's; 3 the box is not running.

    \b
    Example:
      box400 missed call-back demo 01M8172EV8WM5RPGMQH3500BQN --as 8001
    """

    def claim_open(found: MissedItem) -> MissedItem:
        return claimed(found, agent, time.time()) if found.is_open else found

    _changed(data, tenant, item, claim_open)
    click.echo(ask(data, CallBack(tenant, item, agent), Begun, seconds=20.0).call)


def _change(data: DataDirectory, tenant: str, name: str, change: Callable[[MissedItem], MissedItem]) -> None:
    changed = _changed(data, tenant, name, change)
    if changed is None:
        complain(f"{tenant} has no missed call {name}.", f"{tenant} 没有未接来电 {name}。")
    click.echo(f"{changed.id}  {state_words(changed)}")


def _changed(
    data: DataDirectory, tenant: str, name: str, change: Callable[[MissedItem], MissedItem]
) -> MissedItem | None:
    """Change an item and return it, None where there is no such item; say why and exit if it cannot be."""

    def work(root: Root) -> MissedItem | None:
        book = root.missed.tenants.get(tenant)
        found = None if book is None else book.find(name)
        if book is None or found is None:
            return None
        changed = change(found)
        book.put(changed)
        return changed

    with main_database(data) as database:
        try:
            return database.transact(work, note="missed")
        except NotPossible as error:
            complain(f"{error}.", f"{error.zh}。")
