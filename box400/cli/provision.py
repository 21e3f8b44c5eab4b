"""``box400 apply`` and ``export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.options import complain, data_option, json_option
from box400.cli.words import language, words
from box400.in_force import Outcome, put_in_force
from storage.data_directory import DataDirectory
from storage.provisioning import ProvisioningError, export_database

NOT_IN_FORCE = 4


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.yaml")
@data_option
@json_option
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--prune", is_flag=True, help="Also remove what the file's sections do not name.")
def apply(file: Path, data: DataDirectory, as_json: bool, dry_run: bool, prune: bool) -> None:
    """Make the box's configuration what FILE.yaml says, and put it in force.

    The file says what should be there: trunks, tenants, numbers, bound numbers, extensions, prompts. What it
    does not name stays as it is; applying it twice changes nothing. With an error in it nothing is changed.
    Prints what changes, and passwords that were made, once.

    \b
    Exit status:
      0  in force (or, with --dry-run, could be)
      1  the file is wrong: each line on standard error names file, line, field and remedy
      3  the store is not running
      4  stored, but not in force yet: the b2bua is not running or refuses it

    \b
    Examples:
      box400 apply customers.yaml --dry-run
      box400 apply customers.yaml
      box400 export > all.yaml; edit all.yaml; box400 apply all.yaml --prune
    """
    with main_database(data) as database:
        try:
            outcome = put_in_force(data, database, file, prune=prune, dry_run=dry_run)
        except ProvisioningError as error:
            if as_json:
                click.echo(msgspec.json.encode({"problems": [_problem(each) for each in error.problems]}))
            complain(error.text("en"), error.text("zh"))
    if as_json:
        click.echo(msgspec.json.encode(_as_object(outcome, dry_run)))
    else:
        click.echo(_text(outcome, dry_run))
    if not dry_run and not outcome.in_force:
        complain(
            f"Stored, but not in force: {outcome.why_not}.",
            f"已保存，尚未生效：{outcome.why_not}。",
            NOT_IN_FORCE,
        )


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "file": problem.file, "line": problem.line, "field": problem.path, "code": problem.code,
        "text": problem.text(language()),
    }  # fmt: skip


def _text(outcome: Outcome, dry_run: bool) -> str:
    applied = outcome.applied
    lines = [change.text(language()) for change in applied.changes]
    for extension, secret in applied.generated.items():
        lines.append(
            words(f"password of extension {extension}: {secret}", f"分机 {extension} 的密码：{secret}")
        )
    if not lines:
        lines.append(words("Nothing to change.", "没有变化。"))
    if dry_run:
        lines.append(words("Nothing was changed (--dry-run).", "未做任何修改（--dry-run）。"))
    elif outcome.in_force:
        lines.append(words("In force.", "已生效。"))
    return "\n".join(lines)


def _as_object(outcome: Outcome, dry_run: bool) -> dict[str, Any]:
    applied = outcome.applied
    return {
        "changes": [
            {
                "what": change.what, "kind": change.kind, "key": change.key, "tenant": change.tenant,
                "fields": [{"field": each.field, "old": each.old, "new": each.new} for each in change.fields],
            }
            for change in applied.changes
        ],
        "generated": applied.generated, "version": applied.version, "dry_run": dry_run,
        "in_force": outcome.in_force, "why_not": outcome.why_not,
    }  # fmt: skip


@click.command()
@data_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.yaml",
              help="Write here, readable by you alone, instead of to standard output.")  # fmt: skip
@click.option("--no-secrets", is_flag=True, help="Mask passwords.")
def export(data: DataDirectory, output: Path | None, no_secrets: bool) -> None:
    """Write the whole configuration as a file that `box400 apply` takes.

    It holds the passwords of trunks and extensions unless --no-secrets masks them. Prompts are named by
    their address on this box; their audio is in the backup, not in the export.

    \b
    Exit status: 0 written; 3 the store is not running.

    \b
    Example:
      box400 export -o all.yaml
    """
    with main_database(data) as database:
        text = export_database(database, secrets=not no_secrets)
    if output is None:
        sys.stdout.write(text)
        return
    output.touch(mode=0o600)
    output.write_text(text, encoding="utf-8")
