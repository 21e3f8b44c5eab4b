"""Saved filters: what somebody looks for in a list again and again, under a name of his.

They belong to the account, so nobody else sees them, and an operator who acts as a tenant has none there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import SavedFilter
from webui.services.accounts import agent_of

MOST: Final = 20
"""Filters of one list."""
MOST_NAME: Final = 30
MOST_QUERY: Final = 1000
_FOR_ALL: Final = frozenset({"customers", "tickets", "knowledge"})
_OF_OFFICES: Final = _FOR_ALL | {"calls", "satisfaction", "reports", "analysis"}
LISTS: Final = {
    "operator": _OF_OFFICES - {"customers"} | {"tenants", "numbers", "notices", "audit"},
    "tenant": _OF_OFFICES | {"recordings", "support", "missed"},
    "agent": _FOR_ALL,
}
"""Lists that have a filter, by the kind of account."""
DATES: Final = frozenset({"first", "last"})
"""Fields of filters that are days."""
_NO_PART: Final = frozenset({"after", "csrf_token"})
"""Where somebody is in a list is no part of what he looks for."""


class Shown(NamedTuple):
    """What a list shows of its saved filters."""

    list: str
    address: str
    query: str
    """Of the page that is looked at; empty: everything."""
    kept: tuple[SavedFilter, ...]

    @property
    def open(self) -> str:
        """Return the name of the one that is looked at, or nothing."""
        return next((each.name for each in self.kept if each.query == self.query), "")

    @property
    def dated(self) -> bool:
        """Tell whether what is looked at has dates."""
        return any(name in DATES for name, _ in parse_qsl(self.query))

    @property
    def full(self) -> bool:
        """Tell whether no other can be saved."""
        return len(self.kept) >= MOST


def is_list(account: str, name: str) -> bool:
    """Tell whether somebody has such a list."""
    return name in LISTS.get(account.partition(":")[0], ())


def address_of(account: str, name: str) -> str:
    """Return where a list of somebody's is; raises KeyError for what is no list of his."""
    kind, _, whose = account.partition(":")
    if not is_list(account, name):
        raise KeyError(name)
    agent = agent_of(account)[1]
    return f"{'/desk' if agent else f'/t/{whose}' if kind == 'tenant' else '/operator'}/{name}"


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Return what is looked for, always written in the same way."""
    return urlencode(sorted((name, value) for name, value in pairs if value.strip() and name not in _NO_PART))


def shown(root: Root, account: str, name: str, query: str, today: date) -> Shown:
    """Return the filters of a list, as they are today; raises KeyError for what is no list of his."""
    address = address_of(account, name)
    kept = tuple(_moved(each, today) for each in root.web.filters_of(account) if each.list == name)
    return Shown(name, address, query, kept)


def _moved(held: SavedFilter, today: date) -> SavedFilter:
    """Return a filter whose dates are as far from today as they were from the day on which it was saved."""
    if not held.day:
        return held
    ahead = today - date.fromisoformat(held.day)
    pairs = [
        (each, _later(value, ahead) if each in DATES else value) for each, value in parse_qsl(held.query)
    ]
    return msgspec.structs.replace(held, query=urlencode(pairs))


def _later(text: str, ahead: timedelta) -> str:
    try:
        return (date.fromisoformat(text) + ahead).isoformat()
    except (ValueError, OverflowError):
        return text


def save(root: Root, account: str, name: str, title: str, query: str, today: date | None = None) -> None:
    """Keep a filter, with ``today`` one whose dates move on; one of the same name is replaced.

    Raises NotPossible.
    """
    made = SavedFilter(name, _title(title), query_of(parse_qsl(query)), today.isoformat() if today else "")
    if not made.query:
        raise NotPossible("Search for something first.", "请先设置筛选条件。")
    if len(made.query) > MOST_QUERY:
        raise NotPossible("This filter is too long: leave something out.", "筛选条件过长，请减少条件。")
    everything = root.web.filters_of(account)
    if any((each.list, each.name) == (name, made.name) for each in everything):
        return _put(root, account, name, made.name, lambda _: made)
    if sum(each.list == name for each in everything) >= MOST:
        raise NotPossible(
            f"{MOST} filters of this list are saved already: remove one first.",
            f"此列表最多保存 {MOST} 个筛选，请先删除不用的。",
        )
    root.web.set_filters(account, (*everything, made))
    return None


def rename(root: Root, account: str, name: str, title: str, new: str) -> None:
    """Give a filter another name; raises NotPossible."""
    wanted = _title(new)
    taken = {each.name for each in root.web.filters_of(account) if each.list == name} - {title}
    if wanted in taken:
        raise NotPossible("Another filter has this name.", "已有同名的筛选，请换一个名称。")
    _put(root, account, name, title, lambda held: msgspec.structs.replace(held, name=wanted))


def remove(root: Root, account: str, name: str, title: str) -> None:
    """Forget a filter; one that is gone already is no fault."""
    kept = root.web.filters_of(account)
    root.web.set_filters(account, tuple(each for each in kept if (each.list, each.name) != (name, title)))


def _put(
    root: Root, account: str, name: str, title: str, changed: Callable[[SavedFilter], SavedFilter]
) -> None:
    kept = root.web.filters_of(account)
    if not any((each.list, each.name) == (name, title) for each in kept):
        raise NotPossible("This filter was removed meanwhile.", "该筛选已被删除。")
    root.web.set_filters(
        account, tuple(changed(each) if (each.list, each.name) == (name, title) else each for each in kept)
    )


def _title(text: str) -> str:
    """Return a name as it is kept; raises NotPossible."""
    name = " ".join(text.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise NotPossible(
            f"A name of 1 to {MOST_NAME} characters, such as Missed this week.",
            f"请填写 1 到 {MOST_NAME} 个字的名称，例如“本周未接”。",
        )
    return name
