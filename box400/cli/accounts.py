"""``box400 operator`` and ``box400 tenant``: who may sign in to the web pages; opening tenants."""

from __future__ import annotations

import getpass
import time
from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.money import Yuan
from box400.cli.options import complain, data_option, json_option
from box400.cli.services import box_services, entry_of, say_in_force
from box400.cli.words import words
from domain.features import ProductEdition
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.models.web import Role
from webui.services.accounts import audited, give_first_password
from webui.services.opening import Further, Opening, add_number, open_tenant
from webui.services.operators import NAME, put_operator
from webui.services.passwords import first_password, operator_password
from webui.services.provisioning import Stale


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
    if NAME.fullmatch(name) is None:
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
        put_operator(root, name, role, password, now)
        root.web.note(audited(now, who, "operator-added", f"{name} ({role})"))

    database.transact(work, note="operator")
    return password


@click.group()
def tenant() -> None:
    """Open tenants, and help them to sign in to the web pages.

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


@tenant.command("open")
@click.argument("name", metavar="TENANT")
@click.option("--company", required=True, help="Name of the enterprise.")
@click.option("--number", required=True, metavar="400...", help="Its first 400 number; also the login.")
@click.option("--bound", default="", help="The first phone that answers.")
@click.option("--tariff", default="", help="Name of its tariff; without one calls are free.")
@click.option("--area-code", default="", help="Where it is: which calls are local ones.")
@click.option("--fee-instead", is_flag=True, help="A picking fee instead of minimum and term, where offered.")
@click.option("--paid", "paid_li", type=Yuan(), default=0, help="Paid in now, in yuan; booked as a recharge.")
@click.option("--credit", "credit_li", type=Yuan(), help="Credit in yuan; 0: prepaid; by default no limit.")
@click.option("--monthly-cap", "monthly_cap_li", type=Yuan(), help="What calls of a month may cost, in yuan.")
@click.option("--monthly-cap-calls", type=click.IntRange(0), help="Calls it may get in a month.")
@click.option("--max-calls", type=click.IntRange(1, 10_000), help="Concurrent calls.")
@click.option("--bound-limit", type=click.IntRange(1, 1000), help="Bound numbers a number may have.")
@click.option("--edition", type=click.Choice([*ProductEdition]), help="Product edition; by default network.")
@data_option
@json_option
def open_(name: str, company: str, number: str, data: DataDirectory, as_json: bool, **given: Any) -> None:
    """Open TENANT in one step: number, account, first password of 6 digits, tariff, limits.

    A number of the inventory is activated with its terms (`box400 numbers show`); the ledger charges them.

    \b
    Exit status:
      0  open and in force; the password is printed once
      1  refused: standard error says why, nothing was changed
      3  the store is not running
      4  stored, but not in force yet

    \b
    Example:
      box400 tenant open acme --company 示例公司 --number 4001003721 --bound 13900001111 --tariff standard
    """
    if given["paid_li"] < 0:
        complain("The amount paid in must not be negative.", "预存金额不能为负数。", 2)
    given["edition"] = ProductEdition(given["edition"]) if given["edition"] else None
    opening = Opening(name, company, number, **given)
    with box_services(data) as services:
        try:
            opened = open_tenant(services, opening, entry_of("tenant-opened", number, name))
        except Stale:
            complain(f"There is a tenant {name} already.", f"已有租户 {name}。")
    if as_json:
        told = {
            "tenant": name,
            "login": number,
            "password": opened.password,
            "in_force": not opened.done.why_not,
        }
        click.echo(msgspec.json.encode(told))
    else:
        click.echo(
            words(
                f"first password of {name} (login {number}): {opened.password}",
                f"{name} 的初始密码（登录名 {number}）：{opened.password}",
            )
        )
    say_in_force(opened.done.why_not)


@tenant.command("add-number")
@click.argument("name", metavar="TENANT")
@click.argument("number", metavar="400...")
@click.option("--bound", default="", help="The first phone that answers.")
@click.option("--fee-instead", is_flag=True, help="A picking fee instead of minimum and term, where offered.")
@click.option("--paid", "paid_li", type=Yuan(), default=0, help="Paid in now, in yuan; booked as a recharge.")
@data_option
def add_number_(name: str, number: str, data: DataDirectory, **given: Any) -> None:
    """Give TENANT, who is there already, one more 400 number, with its terms (`box400 numbers show`).

    \b
    Exit status:
      0  given and in force
      1  refused: standard error says why, nothing was changed
      3  the store is not running
      4  stored, but not in force yet

    \b
    Example:
      box400 tenant add-number acme 4001003722 --bound 13900001111 --paid 500
    """
    if given["paid_li"] < 0:
        complain("The amount paid in must not be negative.", "预存金额不能为负数。", 2)
    with box_services(data) as services:
        try:
            done = add_number(
                services, Further(name, number, **given), entry_of("number-given", number, name)
            )
        except Stale:
            complain(f"There is no tenant {name}.", f"没有租户 {name}。")
    say_in_force(done.why_not)
