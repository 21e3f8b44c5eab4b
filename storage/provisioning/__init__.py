"""Declarative, idempotent provisioning: a YAML file says what should be there (docs/provisioning.md)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from storage.connection import MainDatabase, StoreDown
from storage.models import OWN_PROMPTS, PromptInfo, Root
from storage.provisioning.changes import Change, FieldChange
from storage.provisioning.checks import PromptRejected, Prompts
from storage.provisioning.export import box_object, export, tenant_object
from storage.provisioning.planning import Plan, make_plan
from storage.provisioning.problems import WORDS, Problem, ProvisioningError
from storage.provisioning.reading import Wishes, read_wishes
from storage.provisioning.state import (
    Configuration,
    OwnPromptRefused,
    read_configuration,
    write_configuration,
)

__all__ = [
    "WORDS",
    "Applied",
    "Change",
    "Configuration",
    "FieldChange",
    "Plan",
    "Problem",
    "PromptInfo",
    "PromptRejected",
    "Prompts",
    "ProvisioningError",
    "apply_file",
    "apply_wishes",
    "box_object",
    "export",
    "export_database",
    "make_plan",
    "read_configuration",
    "read_file",
    "tenant_object",
    "write_configuration",
]


class Applied(NamedTuple):
    """What applying a file did, or with ``dry_run`` would do."""

    changes: tuple[Change, ...]
    generated: dict[str, str]
    """Login of an extension -> the password that was made for it; told once, here."""
    version: int
    """What b2bua acknowledges once it has this in force; 0: nothing changed."""


def make_secret() -> str:
    """Return a password for a phone: 24 characters that survive being typed on one."""
    alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(secrets.choice(alphabet) for _ in range(24))


def read_file(path: Path, prompts: Prompts) -> Wishes:
    """Read a provisioning file and its audio; raises :class:`ProvisioningError` when there is no such file.

    What is wrong in it is among its ``faults``, to be told with what does not fit together.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise ProvisioningError([Problem(str(path), 0, "", "no-file", {"why": why})]) from error
    return read_wishes(data, str(path), path.parent, prompts)


def apply_wishes(
    database: MainDatabase,
    wishes: Wishes,
    *,
    prune: bool = False,
    dry_run: bool = False,
    make_secret: Callable[[], str] = make_secret,
) -> Applied:
    """Make the database hold what is wished for; raises :class:`ProvisioningError` when it does not fit."""

    def work(root: Root) -> Applied:
        plan = make_plan(wishes, read_configuration(root), prune=prune, make_secret=make_secret)
        if plan.problems:
            raise ProvisioningError(plan.problems)
        try:
            version = 0 if dry_run else write_configuration(root, plan.after)
        except OwnPromptRefused as refused:
            raise ProvisioningError([_problem_at(wishes, refused)]) from refused
        return Applied(plan.changes, plan.generated, version)

    if dry_run:
        return database.read(work)
    return database.transact(work, note=f"apply {wishes.file}"[:200])


def _problem_at(wishes: Wishes, refused: OwnPromptRefused) -> Problem:
    """Return what is wrong with a tenant's prompt, where the file names it."""
    facts = {"en": refused.fault.en, "zh": refused.fault.zh}
    for wish in wishes.parts[OWN_PROMPTS]:
        if (wish.tenant, wish.key) == (refused.tenant, refused.name):
            return wish.problem("prompt", "audio", **facts)
    return Problem(wishes.file, 1, f"tenants.{refused.tenant}.prompts.{refused.name}", "prompt", dict(facts))


def apply_file(
    database: MainDatabase, path: Path, prompts: Prompts, *, prune: bool = False, dry_run: bool = False
) -> Applied:
    """Read and apply one file. All errors at once, and with any of them nothing is changed.

    Raises ProvisioningError; StoreDown, where the file alone has no fault.
    """
    wishes = read_file(path, prompts)
    try:
        return apply_wishes(database, wishes, prune=prune, dry_run=dry_run)
    except StoreDown:
        if wishes.faults:
            raise ProvisioningError(wishes.faults) from None
        raise


def export_database(database: MainDatabase, *, secrets: bool = True) -> str:
    """Return the whole configuration as a provisioning file."""
    return export(database.read(read_configuration), secrets=secrets)
