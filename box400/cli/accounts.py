"""``box400 operator`` and ``box400 tenant``: who may sign in to the web pages."""

from __future__ import annotations

import getpass
import re
import time

import click

from box400.cli.database import main_database
from box400.cli.options import complain, data_option
from box400.cli.words import words
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.models.web import Role
from webui.services.accounts import audited, give_first_password, new_account
from webui.services.passwords import first_password, operator_password

_NAME = re.compile(r"[a-z][a-z0-9._]{1,30}", re.ASCII)


@click.group()
def operator() -> None:
    """Make those who run the box known to the web pages.

    \b
    Exit status: see the commands.
    """


@operator.command("add")
@click.argument("name")
@data_option
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="What he may do."
)
def add_operator(name: str, data: DataDirectory, role: str) -> None:
    """Add an operator, or give NAME a new password; it is printed once and changed at the first sign-in.

    \b
    Exit status: 0 added; 2 no user name; 3 the store is not running.

    \b
    Example:
      box400 operator add anna --role support
    """
    if _NAME.fullmatch(name) is None:
        complain(
            "A name has 2 to 31 small letters, digits, dots and underscores, and begins with a letter.",
            "用户名应为 2 到 31 个小写字母、数字、点或下划线，以字母开头。",
            2,
        )
    with main_database(data) as database:
        password = make_operator(database, name, Role(role))
    click.echo(words(f"password of {name}: {password}", f"{name} 的密码：{password}"))


def make_operator(database: MainDatabase, name: str, role: Role) -> str:
    """Store an operator and return the password that was made."""
    password, now = operator_password(), time.time()
    who = f"command line:{getpass.getuser()}"

    def work(root: Root) -> None:
        key = f"operator:{name}"
        root.web.set_account(key, new_account(password, now, role=role))
        root.web.sign_out(key)
        root.web.note(audited(now, who, "operator-added", f"{name} ({role})"))

    database.transact(work, note="operator")
    return password


@click.group()
def tenant() -> None:
    """Help tenants to sign in to the web pages.

    \b
    Exit status: see the commands.
    """


@tenant.command("password")
@click.argument("name", metavar="TENANT")
@data_option
def tenant_password(name: str, data: DataDirectory) -> None:
    """Make a new first password of 6 digits for TENANT, printed once.

    It holds for 72 hours and must be changed at the first sign-in; his sessions and his second factor end.

    \b
    Exit status: 0 made; 1 there is no such tenant; 3 the store is not running.

    \b
    Example:
      box400 tenant password demo
    """
    password, now = first_password(), time.time()
    who = f"command line:{getpass.getuser()}"

    def work(root: Root) -> str | None:
        if name not in root.tenants:
            return None
        give_first_password(root, name, password, now)
        root.web.note(audited(now, who, "tenant-password", name, tenant=name))
        return next(iter(root.tenants[name].numbers), "-")

    with main_database(data) as database:
        login = database.transact(work, note="tenant password")
        if login is None:
            complain(f"There is no tenant {name}.", f"没有租户 {name}。")
    click.echo(
        words(
            f"first password of {name} (login {login}): {password}",
            f"{name} 的初始密码（登录名 {login}）：{password}",
        )
    )
