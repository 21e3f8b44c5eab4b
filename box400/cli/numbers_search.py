"""What several commands of ``box400 numbers`` search by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

from box400.cli.money import Yuan
from box400.cli.options import complain
from domain.numbers.lifecycle import NumberState
from domain.numbers.search import Wanted
from domain.numbers.vanity import PatternError

F = TypeVar("F", bound=Callable[..., object])

_PATTERN = "Ends in 888; 4006* begins so; *520* anywhere; 400K**AABB by places."
_SEVERAL = "Only these; several times for several."
_STATES = [each.value for each in NumberState]


def search_options(command: F) -> F:
    """Give a command the options of a search, passed as ``wanted``."""
    for option in reversed(
        (
            click.option("--pattern", default="", metavar="*888", help=_PATTERN),
            click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help=_SEVERAL),
            click.option("--class", "vanity_class", default="", help="Only this class."),
            click.option("--carrier", default="", help="Only this carrier, such as 中国联通."),
            click.option("--tenant", default="", help="Only this tenant's."),
            click.option("--from", "least_li", type=Yuan(), help="Minimum spend a month from, in yuan."),
            click.option("--to", "most_li", type=Yuan(), help="Minimum spend a month to, in yuan."),
            click.option("--by-price", is_flag=True, help="Cheapest first; only numbers that are offered."),
        )
    ):
        command = option(command)
    return command


def wanted_of(given: dict[str, Any]) -> Wanted:
    """Return what is wanted; says why and exits for a pattern that means nothing."""
    states = tuple(NumberState(each) for each in given.pop("states"))
    return Wanted(states=states, **given)


def no_pattern(error: PatternError) -> NoReturn:
    complain(
        f"{error.pattern!r} is no pattern such as *888, 4006*, *520* or 400K**AABB.",
        f"“{error.pattern}”不是号码规则，例如 *888、4006*、*520*、400K**AABB。",
        2,
    )
