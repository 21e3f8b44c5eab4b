"""``box400 numbers``: the inventory of numbers, its classes and terms."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.numbers_apply import add_application_commands
from box400.cli.numbers_change import add_change_commands
from box400.cli.numbers_search import no_pattern, search_options, wanted_of
from box400.cli.numbers_sheets import add_sheet_commands
from box400.cli.options import complain, data_option, json_option
from box400.cli.services import pick
from box400.cli.table import table
from box400.cli.words import language, words
from domain.money.amounts import yuan
from domain.numbers.lifecycle import HALT_WORDS, MOVE_WORDS, STATE_WORDS, Change, NumberCard, NumberState
from domain.numbers.numbering import NumberBook
from domain.numbers.vanity import PatternError
from storage.data_directory import DataDirectory
from storage.models import Root
from webui.services.numbers import find


@click.group()
def numbers() -> None:
    """Keep the inventory of 400 numbers: classes, terms, stock, reservations, applications.

    Exit status: see the commands.
    """


add_change_commands(numbers)
add_sheet_commands(numbers)
add_application_commands(numbers)


@numbers.command()
@click.option("--segment", default="", metavar="4006", help="Count all numbers that begin so: 4 to 9 digits.")
@data_option
@json_option
def classes(segment: str, data: DataDirectory, as_json: bool) -> None:
    """Show the rule table, in its order; with --segment count the classes of all its numbers.

    Without a running store it speaks of the shipped table.

    \b
    Exit status: 0 shown; 2 no segment.

    \b
    Example:
      box400 numbers classes --segment 4006 --json
    """
    if segment and not (
        segment.isascii() and segment.isdigit() and segment[:3] == "400" and len(segment) in range(4, 10)
    ):
        complain(
            "A segment is 4 to 9 digits that begin with 400.", "号段应为以 400 开头的 4 到 9 位数字。", 2
        )
    book = _book_or_shipped(data)
    if not segment:
        rules = [{"vanity_class": rule.vanity_class, "patterns": list(rule.patterns)} for rule in book.rules]
        if as_json:
            click.echo(msgspec.json.encode(rules))
            return
        head = words(("class", "patterns"), ("分类", "规则"))
        click.echo(table(head, [(rule.vanity_class, " ".join(rule.patterns)) for rule in book.rules]))
        return
    counted = book.count(segment)
    total = sum(counted.values())
    if as_json:
        click.echo(msgspec.json.encode({"segment": segment, "total": total, "classes": counted}))
        return
    rows = [(name or "-", f"{count:,}", f"{count / total:.2%}") for name, count in counted.items()]
    rows.append((words("all", "合计"), f"{total:,}", ""))
    click.echo(table(words(("class", "numbers", "share"), ("分类", "数量", "占比")), rows, right=(1, 2)))


def _book_or_shipped(data: DataDirectory) -> NumberBook:
    if not data.store_socket.exists() and not _has_settings(data):
        return NumberBook()
    with main_database(data) as database:
        return NumberBook(database.read(lambda root: root.box.value.numbering))


def _has_settings(data: DataDirectory) -> bool:
    return (data.root / "settings.json").exists() and bool(data.read_settings().storage)


@numbers.command()
@data_option
@json_option
def terms(data: DataDirectory, as_json: bool) -> None:
    """Show what each class is offered for; `box400 apply` changes it (box: class_terms).

    Exit status: 0 shown; 3 the store is not running.
    """
    with main_database(data) as database:
        book = NumberBook(database.read(lambda root: root.box.value.numbering))
    if as_json:
        click.echo(msgspec.json.encode(book.terms))
        return
    head = words(
        ("class", "minimum/month", "years", "picking fee", "deposit", "from month", "then", "fee instead"),
        ("分类", "最低消费/月", "在网年限", "选号费", "预存话费", "自第几月起", "改为", "可代替的选号费"),
    )
    rows = [
        (
            name, _yuan(each.minimum_li), str(each.years or "-"), yuan(each.fee_li), yuan(each.deposit_li),
            str(each.step_month or "-"), yuan(each.step_minimum_li) if each.step_month else "-",
            _yuan(each.fee_instead_li),
        )
        for name, each in book.terms.items()
    ]  # fmt: skip
    click.echo(table(head, rows, right=(1, 2, 3, 4, 5, 6, 7)))


def _yuan(li: int | None) -> str:
    return words("not set", "未设置") if li is None else yuan(li)


@numbers.command("list")
@search_options
@click.option(
    "--limit", default=50, type=click.IntRange(1, 10_000), show_default=True, help="At most so many."
)
@click.option("--after", default="", metavar="CURSOR", help="Go on where a list ended.")
@data_option
@json_option
def list_(limit: int, after: str, data: DataDirectory, as_json: bool, **given: Any) -> None:
    """List numbers by pattern, state, class, carrier and price.

    \b
    Exit status: 0 shown, also when there is none; 2 no pattern; 3 the store is not running.

    \b
    Examples:
      box400 numbers list --pattern '*888' --state in-stock
      box400 numbers list --state in-stock --to 3000 --by-price
    """
    wanted = wanted_of(given)

    def read(root: Root) -> tuple[Any, NumberBook, dict[NumberState, int]]:
        book = NumberBook(root.box.value.numbering)
        return find(root, wanted, limit, after), book, root.inventory.counts()

    with main_database(data) as database:
        try:
            page, book, counts = database.read(read)
        except PatternError as error:
            no_pattern(error)
    if as_json:
        found = [as_object(card, book) for card in page.cards]
        click.echo(msgspec.json.encode({"numbers": found, "after": page.after, "counts": counts}))
        return
    head = words(
        ("number", "carrier", "class", "state", "minimum/month", "picking fee", "tenant or holder", "note"),
        ("号码", "运营商", "分类", "状态", "最低消费/月", "选号费", "租户或预占人", "备注"),
    )
    click.echo(table(head, [_row(card, book) for card in page.cards], right=(4, 5)))
    told = ", ".join(f"{pick(STATE_WORDS[state])} {count}" for state, count in counts.items())
    click.echo(told or words("The inventory is empty.", "号码库为空。"), err=True)
    if page.after:
        click.echo(words(f"more: --after {page.after}", f"更多：--after {page.after}"), err=True)


def as_object(card: NumberCard, book: NumberBook) -> dict[str, Any]:
    """Return a number for a program: its card, its class, carrier and offer."""
    return {
        **msgspec.to_builtins(card),
        "state": card.state,
        "class": card.effective_class,
        "carrier": book.carrier(card.number),
        "offer": msgspec.to_builtins(book.offer(card)),
    }


def _row(card: NumberCard, book: NumberBook) -> tuple[str, ...]:
    offer = book.offer(card)
    minimum = offer.minimum_li if card.contract is None else card.contract.minimum_li
    return (
        card.number, book.carrier(card.number), card.effective_class, state_words(card), _yuan(minimum),
        yuan(offer.fee_li), card.tenant or card.reserved_for, card.note,
    )  # fmt: skip


def state_words(card: NumberCard) -> str:
    """Return where a number stands, in the language spoken."""
    if card.halt is not None:
        return (
            pick(HALT_WORDS[card.halt]) if language() == "zh" else f"Suspended: {pick(HALT_WORDS[card.halt])}"
        )
    return pick(STATE_WORDS[card.state])


@numbers.command()
@click.argument("number")
@data_option
@json_option
def show(number: str, data: DataDirectory, as_json: bool) -> None:
    """Show one number: where it stands, its terms, its whole history.

    \b
    Exit status: 0 shown; 1 it is not in the inventory; 3 the store is not running.
    """

    def read(root: Root) -> tuple[NumberCard | None, tuple[Change, ...], NumberBook]:
        book = NumberBook(root.box.value.numbering)
        return root.inventory.card(number), root.inventory.history(number), book

    with main_database(data) as database:
        card, history, book = database.read(read)
    if card is None:
        complain(f"{number} is not in the inventory.", f"号码库中没有 {number}。")
    if as_json:
        click.echo(msgspec.json.encode({**as_object(card, book), "history": history}))
        return
    offer = book.offer(card)
    head = words(
        (
            "carrier",
            "class",
            "state",
            "minimum/month",
            "years",
            "picking fee",
            "deposit",
            "tenant",
            "term ends",
        ),
        ("运营商", "分类", "状态", "最低消费/月", "在网年限", "选号费", "预存话费", "租户", "合同到期"),
    )
    contract = card.contract
    values = (
        book.carrier(number), card.effective_class, state_words(card),
        _yuan(offer.minimum_li if contract is None else contract.minimum_li), str(offer.years or "-"),
        yuan(offer.fee_li if contract is None else contract.fee_li),
        yuan(offer.deposit_li if contract is None else contract.deposit_li), card.tenant or "-",
        contract.ends if contract is not None and contract.ends else "-",
    )  # fmt: skip
    click.echo(table((number, ""), list(zip(head, values, strict=True))))
    if card.reserved_for:
        until = beijing(card.reserved_until)
        click.echo(
            words(f"reserved for {card.reserved_for} until {until}", f"为 {card.reserved_for} 预占至 {until}")
        )
    click.echo()
    columns = words(("when", "what", "by", "why"), ("时间", "变更", "操作人", "原因"))
    click.echo(table(columns, [(beijing(each.at), _done(each), each.by, each.why) for each in history]))


def _done(change: Change) -> str:
    halted = f" ({pick(HALT_WORDS[change.halt])})" if change.halt is not None else ""
    return pick(MOVE_WORDS[change.move]) + halted
