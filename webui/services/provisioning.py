"""What people change in pages goes the way of ``box400 apply``: one set of rules, one set of refusals.

A page's wish is written as the small file that a technician would write, read and planned by
``storage.provisioning``, stored, and put in force; the audit log keeps what changed, field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from b2bua.in_force import change_in_force
from b2bua.recorder import voice
from storage.models import PromptInfo, Root
from storage.models.web import AuditEntry
from storage.provisioning import (
    Change,
    Problem,
    PromptRejected,
    ProvisioningError,
    make_plan,
    read_configuration,
    write_configuration,
)
from storage.provisioning import make_secret as new_secret
from storage.provisioning.reading import read_wishes
from webui.services.box import BoxServices

FILE: Final = "web"
_NO_AMOUNT: Final = (
    "an amount in yuan such as 100 or 12.50, or nothing", "请填写金额（元），例如 100 或 12.50，或留空"
)  # fmt: skip


class Stale(Exception):
    """What the page showed has changed meanwhile; nothing was done."""


class Refused(Exception):
    """The wish breaks a rule; nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.text() for problem in problems))
        self.problems = problems

    def by_field(self, language: str) -> dict[str, str]:
        """Return last part of each problem's path (``number``, ``label`` ...) -> what is wrong."""
        return {
            each.path.rpartition(".")[2].partition("[")[0]: said(each, language) for each in self.problems
        }


def said(problem: Problem, language: str) -> str:
    """Return what is wrong, as a page says it: it takes yuan where files take 厘."""
    if problem.code == "integer" and problem.path.endswith("_li"):
        return _NO_AMOUNT[language == "zh"]
    return problem.words(language)


class Done(NamedTuple):
    """What a wish did."""

    changed: bool
    why_not: str
    """Why calls are not served by it yet; empty: they are."""


class KnownPrompts:
    """Pages name no audio files, only what is on the box already."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def ingest(self, path: Path) -> PromptInfo:
        raise PromptRejected(
            "names a file; upload the audio and name it prompt:NAME", "不能写文件名；请先上传语音再选择"
        )

    def known(self, address: str) -> PromptInfo | None:
        found = self._root.prompts.get(address)
        return None if found is None else found.value

    def shipped(self) -> dict[str, Path]:
        return {name: voice.source(name) for name in voice.WORDS}


def wish(
    services: BoxServices,
    document: Callable[[Root], dict[str, Any]],
    entry: AuditEntry,
    also: Callable[[Root], None] = lambda root: None,
) -> Done:
    """Make the box hold what a document says, note it in the audit log, and put it in force.

    ``document`` gives the wish as provisioning files are written, from what is there now; it may raise
    :class:`Stale`. ``also`` runs in the same transaction. Raises Refused, StoreDown.
    """

    def work(root: Root) -> bool:
        data = msgspec.json.encode(document(root))
        wishes = read_wishes(data, FILE, Path("/nonexistent"), KnownPrompts(root))
        plan = make_plan(wishes, read_configuration(root), prune=False, make_secret=new_secret)
        if plan.problems:
            raise Refused(plan.problems)
        changed = bool(write_configuration(root, plan.after))
        also(root)
        if plan.changes:
            before, after = _sides(plan.changes)
            root.web.note(msgspec.structs.replace(entry, before=before, after=after))
        return changed

    try:
        changed, why_not = change_in_force(services.data, services.database, work, f"web {entry.action}")
    except ProvisioningError as error:
        raise Refused(error.problems) from error
    return Done(changed, why_not)


def _sides(changes: tuple[Change, ...]) -> tuple[str, str]:
    """Return before and after, a line for each field."""
    before, after = [], []
    for change in changes:
        for each in change.fields:
            if each.old is not None:
                before.append(f"{each.field}: {each.old}")
            if each.new is not None:
                after.append(f"{each.field}: {each.new}")
    return "\n".join(before)[:2000], "\n".join(after)[:2000]
