"""工单设置 of a tenant or the operator: categories, hours, due times, who is told, the public page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.tickets.settings import MOST_CATEGORIES, TicketSettings
from domain.tickets.ticket import OPERATOR
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, given, query
from webui.api.problems import ApiProblem, Fault
from webui.presenters.texts import Texts
from webui.services import ticket_settings

Minutes = Annotated[int, msgspec.Meta(ge=1, le=60_000)] | msgspec.UnsetType
Told = (
    Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=120)]],
        msgspec.Meta(max_length=ticket_settings.MOST_NOTIFIED),
    ]
    | msgspec.UnsetType
)


class SettingsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be other; what is left out stays."""

    categories: (
        Annotated[
            list[Annotated[str, msgspec.Meta(min_length=1, max_length=20)]],
            msgspec.Meta(max_length=MOST_CATEGORIES),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    hours: (
        Annotated[
            list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]],
            msgspec.Meta(min_length=1, max_length=40),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    urgent_minutes: Minutes = msgspec.UNSET
    high_minutes: Minutes = msgspec.UNSET
    normal_minutes: Minutes = msgspec.UNSET
    low_minutes: Minutes = msgspec.UNSET
    remind_minutes: Minutes = msgspec.UNSET
    close_minutes: Minutes = msgspec.UNSET
    reopen_days: Annotated[int, msgspec.Meta(ge=0, le=365)] | msgspec.UnsetType = msgspec.UNSET
    low_score: Annotated[int, msgspec.Meta(ge=0, le=4)] | msgspec.UnsetType = msgspec.UNSET
    mobiles: Told = msgspec.UNSET
    emails: Told = msgspec.UNSET
    page: bool | msgspec.UnsetType = msgspec.UNSET
    title: Annotated[str, msgspec.Meta(max_length=40)] | msgspec.UnsetType = msgspec.UNSET
    welcome: Annotated[str, msgspec.Meta(max_length=500)] | msgspec.UnsetType = msgspec.UNSET
    address: Annotated[str, msgspec.Meta(max_length=120)] | msgspec.UnsetType = msgspec.UNSET


def show(caller: Caller) -> Mapping[str, Any]:
    """Return them."""
    query(caller, NoQuery)
    return msgspec.structs.asdict(_held(caller, caller.desk))


def change(caller: Caller) -> Mapping[str, Any]:
    """Set some of them."""
    query(caller, NoQuery)
    desk, wish = caller.desk, given(body(caller, SettingsWish))
    wanted = {name: tuple(value) if isinstance(value, list) else value for name, value in wish.items()}
    made = msgspec.structs.replace(_held(caller, desk), **wanted)
    wrong = ticket_settings.wrong_in(made, Texts(caller.language), operator=desk == OPERATOR)
    if wrong:
        raise ApiProblem(422, errors=tuple(Fault(name, text) for name, text in wrong.items()))
    entry = caller.entry("ticket-settings-changed", desk or "operator")
    ticket_settings.keep(caller.services, desk, made, entry)
    return msgspec.structs.asdict(made)


def _held(caller: Caller, desk: str) -> TicketSettings:
    found: TicketSettings = caller.services.read(lambda root: root.tickets.read(desk).settings.value)
    return found
