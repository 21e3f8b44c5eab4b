"""Accounts of operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from domain.refusal import NotPossible
from storage.models.web import Role
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, named, query
from webui.api.numbers import impossible
from webui.api.problems import ApiProblem
from webui.services import operators


class OperatorWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator shall be."""

    role: Role | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class OperatorNew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new operator."""

    role: Role


class OperatorAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to his account."""

    act: Literal["new-password", "sign-out"]


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return every operator."""
    query(caller, NoQuery)
    found = caller.services.read(lambda root: operators.listed(root, caller.services.now()))
    return {"items": [each._asdict() for each in found]}


def put(caller: Caller) -> Mapping[str, Any]:
    """Add an operator; his first password is told once. 409 for one who is there."""
    query(caller, NoQuery)
    name, wish = named(caller, "operator"), body(caller, OperatorNew)
    try:
        password = operators.add(caller.services, name, wish.role, caller.entry("operator-added", name))
    except NotPossible as error:
        raise impossible(error) from error
    return {"name": name, "first_password": password}


def patch(caller: Caller) -> Mapping[str, Any]:
    """Give him another role, let him sign in or no more; his sessions end."""
    query(caller, NoQuery)
    name, wish = _known(caller), body(caller, OperatorWish)
    try:
        if isinstance(wish.role, Role):
            operators.set_role(caller.services, name, wish.role, caller.entry("operator-role", name))
        if isinstance(wish.enabled, bool):
            action = "operator-on" if wish.enabled else "operator-off"
            operators.set_enabled(caller.services, name, wish.enabled, caller.entry(action, name))
    except NotPossible as error:
        raise impossible(error) from error
    return _shown(caller, name)


def act(caller: Caller) -> Mapping[str, Any]:
    """Make a new first password, told once, or end his sessions."""
    query(caller, NoQuery)
    name, wish = _known(caller), body(caller, OperatorAct)
    if wish.act == "sign-out":
        return {"ended": operators.sign_out(caller.services, name, caller.entry("operator-signed-out", name))}
    try:
        made = operators.new_password(caller.services, name, caller.entry("operator-password", name))
    except NotPossible as error:
        raise impossible(error) from error
    return {"first_password": made}


def _known(caller: Caller) -> str:
    name = named(caller, "operator")
    if not caller.services.read(lambda root: root.web.account(f"operator:{name}") is not None):
        raise ApiProblem(404)
    return name


def _shown(caller: Caller, name: str) -> Mapping[str, Any]:
    found = caller.services.read(lambda root: operators.listed(root, caller.services.now()))
    return next(each for each in found if each.name == name)._asdict()
