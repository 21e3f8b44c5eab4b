"""The operators: who may sign in to 代理商后台, as what; one admin who can sign in always remains."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import Account, AuditEntry, Role
from webui.services.accounts import dead, new_account
from webui.services.box import BoxServices
from webui.services.passwords import operator_password

NAME: Final = re.compile(r"[a-z][a-z0-9._]{1,30}", re.ASCII)
"""What an operator may be called."""


class Operator(NamedTuple):
    """An operator as the list shows him."""

    name: str
    role: Role
    enabled: bool
    first: bool
    """His password was made by somebody else and not changed yet."""
    used_up: bool
    """And is good no more."""
    second_factor: bool
    sessions: int
    seen: float
    """UTC POSIX seconds; 0: not signed in."""


def listed(root: Root, now: float) -> list[Operator]:
    """Return every operator, by name."""
    found = []
    for key in root.web.accounts.keys("operator:", "operator;"):
        account, name = root.web.account(key), key.partition(":")[2]
        assert account is not None
        assert account.role is not None
        seen = [held.value.seen for held in root.web.sessions.values() if held.value.account == key]
        held = account.credential
        found.append(
            Operator(
                name, account.role, account.enabled, held.first, dead(account, now), bool(held.totp),
                len(seen), max(seen, default=0.0),
            )
        )  # fmt: skip
    return found


def put_operator(root: Root, name: str, role: Role, password: str, now: float) -> None:
    """Store an operator with a first password; sessions and second factor of one who was there end."""
    key = f"operator:{name}"
    root.web.set_account(key, new_account(password, now, role=role))
    root.web.sign_out(key)


def add(services: BoxServices, name: str, role: Role, entry: AuditEntry) -> str:
    """Add an operator and return his first password; raises NotPossible, StoreDown."""
    if NAME.fullmatch(name) is None:
        raise NotPossible(
            "A name has 2 to 31 small letters, digits, dots and underscores, and begins with a letter.",
            "用户名应为 2 到 31 个小写字母、数字、点或下划线，以字母开头。",
        )
    password, now = operator_password(), services.now()

    def work(root: Root) -> None:
        if root.web.account(f"operator:{name}") is not None:
            raise NotPossible(f"There is an operator {name} already.", f"已有操作员 {name}。")
        put_operator(root, name, role, password, now)
        root.web.note(msgspec.structs.replace(entry, after=f"role: {role}"))

    services.change(work, "operator")
    return password


def new_password(services: BoxServices, name: str, entry: AuditEntry) -> str:
    """Give an operator a new first password; his sessions and his second factor end.

    Raises NotPossible, StoreDown.
    """
    password, now = operator_password(), services.now()

    def work(root: Root) -> None:
        account = _account(root, name)
        _one_remains(root, name)
        given = msgspec.structs.replace(
            new_account(password, now, role=account.role), enabled=account.enabled
        )
        root.web.set_account(f"operator:{name}", given)
        root.web.sign_out(f"operator:{name}")
        root.web.note(entry)

    services.change(work, "operator password")
    return password


def set_role(services: BoxServices, name: str, role: Role, entry: AuditEntry) -> bool:
    """Give an operator another role and end his sessions; False when it is his already.

    Raises NotPossible, StoreDown.
    """

    def work(root: Root) -> bool:
        account = _account(root, name)
        if account.role is role:
            return False
        _one_remains(root, name)
        _put(root, name, msgspec.structs.replace(account, role=role))
        root.web.note(msgspec.structs.replace(entry, before=f"role: {account.role}", after=f"role: {role}"))
        return True

    return services.change(work, "operator role")


def set_enabled(services: BoxServices, name: str, enabled: bool, entry: AuditEntry) -> None:
    """Let an operator sign in, or no more; raises NotPossible, StoreDown."""

    def work(root: Root) -> None:
        account = _account(root, name)
        if not enabled:
            _one_remains(root, name)
        _put(root, name, msgspec.structs.replace(account, enabled=enabled))
        root.web.note(entry)

    services.change(work, "operator switched")


def sign_out(services: BoxServices, name: str, entry: AuditEntry) -> int:
    """End the sessions of an operator; return how many there were. Raises StoreDown."""

    def work(root: Root) -> int:
        ended = root.web.sign_out(f"operator:{name}")
        root.web.note(entry)
        return ended

    return services.change(work, "operator signed out")


def _account(root: Root, name: str) -> Account:
    found = root.web.account(f"operator:{name}")
    if found is None:
        raise NotPossible(f"There is no operator {name}.", f"没有操作员 {name}。")
    return found


def _put(root: Root, name: str, account: Account) -> None:
    root.web.set_account(f"operator:{name}", account)
    root.web.sign_out(f"operator:{name}")


def _one_remains(root: Root, name: str) -> None:
    """Raise NotPossible unless another admin can sign in; whose first password is unused may never do so."""
    for key in root.web.accounts.keys("operator:", "operator;"):
        account = root.web.account(key)
        assert account is not None
        if (
            key != f"operator:{name}" and account.role is Role.ADMIN
            and account.enabled and not account.credential.first
        ):  # fmt: skip
            return
    raise NotPossible(
        f"{name} is the only administrator who can sign in; another one must have signed in before.",
        f"{name} 是唯一可登录的管理员；须先有另一位管理员登录过，才能这样做。",
    )
