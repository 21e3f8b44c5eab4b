"""``box400 numbers add``, ``set``, ``reserve`` ...: what moves a number, and what it is offered for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import msgspec

from box400.cli.money import Yuan
from box400.cli.options import complain, data_option, json_option
from box400.cli.services import box_services, entry_of, pick, say_in_force
from box400.cli.words import words
from domain.numbers.lifecycle import STATE_WORDS, Halt, NumberCard
from domain.numbers.numbering import Doubt, NumberBook
from domain.numbers.terms import ClassTerms
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.numbers.desk import NumberDesk
from webui.services.numbers import change, reclaim
from webui.services.provisioning import wish

_why = click.option("--why", default="", metavar="TEXT", help="Why; it stands in the history.")


def add_change_commands(group: click.Group) -> None:
    """Add the commands to ``box400 numbers``."""
    for command in (
        add,
        remove,
        set_,
        set_terms,
        reserve,
        release,
        suspend,
        resume,
        freeze,
        reclaim_,
        restock,
    ):
        group.add_command(command)


def do(
    data: DataDirectory,
    as_json: bool,
    number: str,
    action: str,
    work: Callable[[NumberDesk], NumberCard],
    told: str = "",
) -> None:
    """Do something with one number, and say where it stands then."""
    with box_services(data) as services:
        card, why_not = change(services, work, entry_of(f"number-{action}", number), told)
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.to_builtins(card), "state": card.state}))
    else:
        click.echo(f"{card.number}  {pick(STATE_WORDS[card.state])}")
    say_in_force(why_not)


@click.command()
@click.argument("first", metavar="NUMBER")
@click.option(
    "--count", default=1, type=click.IntRange(1, 10_000), help="So many numbers, one after another."
)
@_why
@data_option
@json_option
def add(first: str, count: int, why: str, data: DataDirectory, as_json: bool) -> None:
    """Take NUMBER into stock, or COUNT numbers from it on.

    \b
    Exit status: 0 taken; 1 it is there already; 2 no 400 number; 3 the store is not running.
    """
    if not (first.isascii() and first.isdigit() and len(first) == 10 and first.startswith("400")):
        complain("A 400 number is 10 digits that begin with 400.", "400 号码应为以 400 开头的 10 位数字。", 2)
    numbers = [str(int(first) + place) for place in range(count)]

    doubts: dict[Doubt, None] = {}

    def work(desk: NumberDesk) -> NumberCard:
        cards = [desk.take_in(number, why) for number in numbers]
        doubts.update(dict.fromkeys(each for card in cards for each in desk.book.doubts(card)))
        return cards[-1]

    do(data, as_json, first, "added", work, why or (f"{count} numbers" if count > 1 else ""))
    for each in doubts:
        click.echo(words(each.en, each.zh), err=True)


@click.command()
@click.argument("number")
@data_option
def remove(number: str, data: DataDirectory) -> None:
    """Take a number that was entered by mistake out of the inventory; it must be in stock.

    \b
    Exit status: 0 removed; 1 it is not there, or not in stock; 3 the store is not running.
    """
    with box_services(data) as services:
        change(services, lambda desk: desk.drop(number), entry_of("number-removed", number))


@click.command("set")
@click.argument("number")
@click.option("--class", "class_by_hand", help='Class by hand, such as E; "" gives it back to the rules.')
@click.option("--minimum", "minimum_li", type=Yuan(), help="Minimum spend a month of this number, in yuan.")
@click.option("--fee", "fee_li", type=Yuan(), help="Picking fee of this number, in yuan.")
@click.option("--deposit", "deposit_li", type=Yuan(), help="Deposit of this number, in yuan.")
@click.option("--as-class", is_flag=True, help="Amounts as its class says, again.")
@click.option("--note", help="Note.")
@data_option
@json_option
def set_(number: str, data: DataDirectory, as_json: bool, as_class: bool, **given: Any) -> None:
    """Set class, amounts and note of one number by hand.

    \b
    Exit status: 0 set; 1 no such number or class, or its terms are agreed; 3 the store is not running.

    \b
    Examples:
      box400 numbers set 4006001234 --class E --minimum 30
    """
    fields = {name: value for name, value in given.items() if value is not None}
    if as_class:
        fields = {"minimum_li": None, "fee_li": None, "deposit_li": None} | fields
    if any(isinstance(value, int) and value < 0 for value in fields.values()):
        complain("Amounts must not be negative.", "金额不能为负数。", 2)
    do(data, as_json, number, "set", lambda desk: desk.set_terms(number, **fields), str(fields))


@click.command("set-terms")
@click.argument("vanity_class", metavar="CLASS")
@click.option("--minimum", "minimum_li", type=Yuan(), help="Minimum spend a month, in yuan.")
@click.option("--years", type=click.IntRange(0, 30), help="Term of the contract; 0: none.")
@click.option("--fee", "fee_li", type=Yuan(), help="Picking fee, in yuan.")
@click.option("--deposit", "deposit_li", type=Yuan(), help="Deposit, in yuan.")
@click.option("--step-month", type=click.IntRange(0, 1200), help="From this natural month on ...")
@click.option("--step-minimum", "step_minimum_li", type=Yuan(), help="... this is the minimum, in yuan.")
@click.option(
    "--fee-instead", "fee_instead_li", type=Yuan(), help="Picking fee instead of minimum and term, in yuan."
)
@data_option
def set_terms(vanity_class: str, data: DataDirectory, **given: Any) -> None:
    """Set what CLASS is offered for; what is not named stays. Numbers that are sold keep their contracts.

    \b
    Exit status: 0 set; 1 not a class, or a wrong amount; 3 the store is not running.

    \b
    Example:
      box400 numbers set-terms C --minimum 1000 --years 1
    """
    fields = {name: value for name, value in given.items() if value is not None}

    def document(root: Root) -> dict[str, Any]:
        config = root.box.value
        held = NumberBook(config.numbering).terms.get(vanity_class, ClassTerms())
        after = msgspec.to_builtins(msgspec.structs.replace(held, **fields))
        terms = {name: msgspec.to_builtins(each) for name, each in config.class_terms.items()}
        return {"box": {"class_terms": terms | {vanity_class: after}}}

    with box_services(data) as services:
        wish(services, document, entry_of("class-terms", vanity_class))
    click.echo(words("Set.", "已设置。"))


@click.command()
@click.argument("number")
@click.option("--for", "holder", required=True, metavar="WHO", help="For whom.")
@click.option("--days", type=click.IntRange(1, 365), help="How long; by default as the box says.")
@_why
@data_option
@json_option
def reserve(number: str, holder: str, days: int | None, why: str, data: DataDirectory, as_json: bool) -> None:
    """Keep a number for somebody; it is released by itself when the time is over.

    \b
    Exit status: 0 reserved; 1 it is not in stock, or has no price; 3 the store is not running.

    \b
    Example:
      box400 numbers reserve 4006001234 --for 示例公司 --days 3
    """
    do(
        data,
        as_json,
        number,
        "reserved",
        lambda desk: desk.reserve(number, holder, days, why),
        f"{holder} {why}",
    )


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def release(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Let a reserved number go.

    Exit status: 0 released; 1 it is not reserved; 3 the store is not running.
    """
    do(data, as_json, number, "released", lambda desk: desk.release(number, why), why)


@click.command()
@click.argument("number")
@click.option("--for", "halt", type=click.Choice([each.value for each in Halt]), required=True,
              help="Why; callers' records say so.")  # fmt: skip
@_why
@data_option
@json_option
def suspend(number: str, halt: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Take a number out of service: callers hear that it is suspended.

    \b
    Exit status: 0 in force; 1 it is not active; 3 the store is not running; 4 stored, not in force yet.
    """
    do(
        data,
        as_json,
        number,
        "suspended",
        lambda desk: desk.suspend(number, Halt(halt), why),
        f"{halt} {why}",
    )


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def resume(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Put a suspended or frozen number into service again.

    \b
    Exit status: 0 in force; 1 it is neither; 3 the store is not running; 4 stored, not in force yet.
    """
    do(data, as_json, number, "resumed", lambda desk: desk.resume(number, why), why)


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def freeze(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Take a number out of service before it is reclaimed; its tenant keeps it meanwhile.

    \b
    Exit status: 0 in force; 1 it is nobody's; 3 the store is not running; 4 stored, not in force yet.
    """
    do(data, as_json, number, "frozen", lambda desk: desk.freeze(number, why), why)


@click.command("reclaim")
@click.argument("number")
@_why
@data_option
@json_option
def reclaim_(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Take a number back: its tenant loses it with what was set for it, callers hear that it does not exist.

    \b
    Exit status: 0 in force; 1 it cannot be, or something leads to it; 3 the store is not running;
    4 stored, not in force yet.
    """
    with box_services(data) as services:
        done = reclaim(services, number, why, entry_of("number-reclaimed", number))
    if as_json:
        click.echo(msgspec.json.encode({"number": number, "state": "reclaimed"}))
    else:
        click.echo(words("Reclaimed.", "已收回。"))
    say_in_force(done.why_not)


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def restock(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Put a reclaimed number into stock again.

    \b
    Exit status: 0 in stock; 1 it is not reclaimed; 3 the store is not running; 4 stored, not in force yet.
    """
    do(data, as_json, number, "restocked", lambda desk: desk.restock(number, why), why)
