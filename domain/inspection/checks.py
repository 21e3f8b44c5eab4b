"""The checks by name, and what a point's checks come to. Each check is a pure judgement over facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from domain.inspection import box_checks, host_checks, safety_checks
from domain.inspection.facts import Facts
from domain.inspection.verdict import Result

Check = Callable[[Facts], Result]

CHECKS: Final[dict[str, Check]] = {
    check.__name__: check
    for check in (
        host_checks.clock,
        host_checks.disk_space,
        host_checks.disk_health,
        host_checks.memory,
        host_checks.load,
        host_checks.temperature,
        host_checks.network_address,
        host_checks.failed_units,
        safety_checks.certificates,
        safety_checks.firewall,
        safety_checks.open_ports,
        safety_checks.ssh_keys,
        safety_checks.system_accounts,
        safety_checks.superusers,
        safety_checks.updates,
        safety_checks.hardening,
        safety_checks.logs_kept,
        safety_checks.guessing,
        box_checks.operators,
        box_checks.idle_operators,
        box_checks.processes,
        box_checks.critical_alarms,
        box_checks.trunks,
        box_checks.backup,
        box_checks.restore_drill,
        box_checks.journal,
        box_checks.books,
        box_checks.recordings,
    )
}


def judge(names: Iterable[str], facts: Facts) -> tuple[Result, ...]:
    """Return the results of some checks."""
    return tuple(CHECKS[name](facts) for name in names)
