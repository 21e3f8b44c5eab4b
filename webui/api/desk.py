"""坐席工作台 as its tenant keeps it: agents' accounts, and what their desks offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.customers.desk import MOST_FIELDS, DeskSettings, words_of
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, given, query
from webui.api.problems import ApiProblem
from webui.services import agents

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Words = Annotated[list[Word], msgspec.Meta(max_length=40)]


class AgentAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to his account."""

    act: Literal["new-password", "sign-out", "make-supervisor", "end-supervisor"]


class DeskWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What desks shall offer; what is left out stays."""

    pause_reasons: Words | msgspec.UnsetType = msgspec.UNSET
    wrap_up_codes: Words | msgspec.UnsetType = msgspec.UNSET
    fields: Annotated[list[Word], msgspec.Meta(max_length=MOST_FIELDS)] | msgspec.UnsetType = msgspec.UNSET
    tags: Words | msgspec.UnsetType = msgspec.UNSET
    answers: (
        Annotated[
            list[Annotated[str, msgspec.Meta(min_length=1, max_length=500)]], msgspec.Meta(max_length=40)
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    text_weight: Annotated[int, msgspec.Meta(ge=5, le=100)] | msgspec.UnsetType = msgspec.UNSET
    masked: Annotated[list[Literal["agent", "wall"]], msgspec.Meta(max_length=2)] | msgspec.UnsetType = (
        msgspec.UNSET
    )


def act(caller: Caller) -> Mapping[str, Any]:
    """Make a first password, told once, end his sessions, or make him a supervisor."""
    query(caller, NoQuery)
    wish, name = body(caller, AgentAct), caller.part("agent")
    services, tenant = caller.services, caller.tenant
    if services.read(lambda root: agents.agent_named(root, tenant, name)) is None:
        raise ApiProblem(404)
    if wish.act == "new-password":
        return {
            "first_password": agents.give_password(
                services, tenant, name, caller.entry("agent-password", name)
            )
        }
    if wish.act == "sign-out":
        agents.sign_out(services, tenant, name, caller.entry("agent-signed-out", name))
        return {}
    on = wish.act == "make-supervisor"
    entry = caller.entry("supervisor-on" if on else "supervisor-off", name)
    try:
        agents.set_supervisor(services, tenant, name, on, entry)
    except KeyError as error:
        raise ApiProblem(409, "请先为该坐席生成密码", "Make him a password first") from error
    return {}


def show(caller: Caller) -> Mapping[str, Any]:
    """Return what desks offer."""
    query(caller, NoQuery)
    caller.config()
    found = caller.services.read(lambda root: root.desk.find(caller.tenant).settings.value)
    return msgspec.structs.asdict(found)


def change(caller: Caller) -> Mapping[str, Any]:
    """Change what desks offer."""
    query(caller, NoQuery)
    wish = given(body(caller, DeskWish))
    caller.config()
    held: DeskSettings = caller.services.read(lambda root: root.desk.find(caller.tenant).settings.value)
    lists = {
        name: words_of("\n".join(value), longest=500 if name == "answers" else 20)
        for name, value in wish.items()
        if isinstance(value, list)
    }
    wanted = msgspec.structs.replace(held, **{**wish, **lists})
    agents.change_settings(caller.services, caller.tenant, wanted, caller.entry("desk-settings", ""))
    return msgspec.structs.asdict(wanted)
