"""备份: how it stands, one at once, the restore drill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from domain.calling.masking import veiled
from domain.refusal import NotPossible
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, query
from webui.api.numbers import impossible
from webui.services import backups


class AskWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    kind: Literal["nightly", "offsite", "drill"]


def show(caller: Caller) -> Mapping[str, Any]:
    """Return what is set, and what became of it."""
    query(caller, NoQuery)
    return _told(caller)


def ask(caller: Caller) -> Mapping[str, Any]:
    """Ask for one at once; 409 where it cannot be made."""
    query(caller, NoQuery)
    kind = body(caller, AskWish).kind
    try:
        backups.ask(caller.services, kind, caller.entry("backup-asked", kind))
    except NotPossible as error:
        raise impossible(error) from error
    return _told(caller)


def _told(caller: Caller) -> Mapping[str, Any]:
    now = backups.look(caller.services)
    plan, offsite = now.plan, now.offsite_plan
    return {
        "nightly": plan and {"to": plan.to, "at": plan.at, "keep": plan.keep, "state": now.nightly},
        "offsite": offsite and {
            "to": veiled(offsite.to), "minutes": offsite.minutes, "keep_days": offsite.keep_days,
            "state": now.offsite and {**msgspec.structs.asdict(now.offsite), "to": veiled(now.offsite.to)},
        },
        "waiting": sorted(now.waiting),
    }  # fmt: skip
