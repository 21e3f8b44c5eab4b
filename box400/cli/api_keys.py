"""``box400 api-key``: the keys by which programs use the box (docs/api.md)."""

from __future__ import annotations

import getpass
import time

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.models.web import ApiKey
from webui.services.accounts import audited
from webui.services.api_keys import MOST_KEYS, OPERATORS_ONLY, Scope, TooMany, listed, make, revoke


@click.group()
def api_key() -> None:
    """Let programs use the box by its REST API.

    \b
    Exit status: see the commands.
    """


@api_key.command()
@click.argument("name")
@click.option("--tenant", default="", metavar="TENANT", help="Whose things it reaches; left out: all.")
@click.option(
    "--scope", "scopes", type=click.Choice([each.value for each in Scope]), multiple=True, required=True,
    help="What it may do; several times.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good.  [default: always]")
@data_option
def add(name: str, tenant: str, scopes: tuple[str, ...], days: int | None, data: DataDirectory) -> None:
    """Make a key; NAME says what it is for. It is printed once.

    \b
    Exit status: 0 made; 1 there is no such tenant, or it has 50 keys; 2 a scope that only the operator's
    keys have; 3 the store is not running.

    \b
    Example:
      box400 api-key add crm --tenant demo --scope calls:read --scope recordings:read
    """
    foreign = sorted(OPERATORS_ONLY.intersection(Scope(each) for each in scopes)) if tenant else []
    if foreign:
        told = ", ".join(foreign)
        complain(
            f"Only the operator's keys have the scope {told}.", f"只有运营者的密钥可以有权限 {told}。", 2
        )
    now, who = time.time(), f"command line:{getpass.getuser()}"
    key = ApiKey(
        name[:60],
        tenant,
        tuple(dict.fromkeys(scopes)),
        now,
        who,
        None if days is None else now + days * 86400,
    )

    def work(root: Root) -> str | None:
        if tenant and tenant not in root.tenants:
            return None
        root.web.note(
            audited(now, who, "api-key-added", f"{key.name}: {' '.join(key.scopes)}", tenant=tenant)
        )
        return make(root, key)

    with main_database(data) as database:
        try:
            token = database.transact(work, note="api key")
        except TooMany:
            complain(
                f"There are {MOST_KEYS} keys already: revoke one.",
                f"密钥已达 {MOST_KEYS} 个，请先吊销不用的。",
            )
    if token is None:
        complain(f"There is no tenant {tenant}.", f"没有租户 {tenant}。")
    click.echo(token)


@api_key.command(name="list")
@click.option("--tenant", default=None, metavar="TENANT", help="Only those of a tenant.")
@data_option
@json_option
def list_(tenant: str | None, data: DataDirectory, as_json: bool) -> None:
    """List the keys; what they are made of is not kept.

    \b
    Exit status: 0 shown; 3 the store is not running.
    """
    with main_database(data) as database:
        found = database.read(lambda root: listed(root, tenant))
    if as_json:
        shown = [{"id": each.id, **msgspec.structs.asdict(each.key)} for each in found]
        click.echo(msgspec.json.encode(shown))
        return
    head = words(
        ("id", "for", "tenant", "scopes", "made", "good until"),
        ("编号", "用途", "租户", "权限", "创建时间", "有效期至"),
    )
    rows = [
        (
            each.id, each.key.name, each.key.tenant or words("operator", "运营者"), " ".join(each.key.scopes),
            beijing(each.key.made_at), beijing(each.key.ends_at) if each.key.ends_at else "",
        )
        for each in found
    ]  # fmt: skip
    click.echo(table(head, rows))


@api_key.command(name="revoke")
@click.argument("key", metavar="ID")
@data_option
def revoke_(key: str, data: DataDirectory) -> None:
    """Take a key back; the next request with it is refused.

    \b
    Exit status: 0 done; 1 there is no such key; 3 the store is not running.
    """
    now, who = time.time(), f"command line:{getpass.getuser()}"

    def work(root: Root) -> ApiKey | None:
        found = revoke(root, key)
        if found is not None:
            root.web.note(audited(now, who, "api-key-revoked", found.name, tenant=found.tenant))
        return found

    with main_database(data) as database:
        if database.transact(work, note="api key") is None:
            complain(f"There is no key {key}.", f"没有密钥 {key}。")
