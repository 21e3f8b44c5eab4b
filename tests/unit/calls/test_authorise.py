"""Nothing but a tenant's registered targets can ever be dialled."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import b2bua.calls
from b2bua.calls.authorise import NotAllowed, Payer, authorise
from domain.snapshot import BoundNumber, NumberPlan, TargetGroup, TargetKind, TenantSnapshot, TenantState
from tests.twins.stage import NUMBER, TARGETS, Stage, a_plan

ACME = Payer(tenant="acme", number=NUMBER)


def test_a_bound_number_may_be_rung() -> None:
    """At its tenant's expense."""
    stage = Stage()
    allowed = authorise(stage.switchboard.ports, TARGETS[0], ACME)
    assert allowed.target.number == TARGETS[0]
    assert [route.trunks for route in allowed.routes] == [("carrier-a", "carrier-b")]


def test_targets_of_groups_and_own_extensions_may_be_rung() -> None:
    """What a tenant has registered, whatever leads to it: a menu, a queue, a transfer."""
    group = TargetGroup("sales", (BoundNumber(number=TARGETS[2]),))
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(a_plan(),), groups=(group,))
    ports = Stage(tenant=tenant).switchboard.ports
    assert authorise(ports, TARGETS[2], ACME).target.number == TARGETS[2]
    assert authorise(ports, "8001", ACME).is_extension


@pytest.mark.parametrize("destination", ["13912345678", "", "9001", f"{TARGETS[0]}0", f" {TARGETS[0]}"])
def test_nothing_else_may(destination: str) -> None:
    """Not even a number that begins like a bound one, or the extension of another tenant."""
    with pytest.raises(NotAllowed):
        authorise(Stage().switchboard.ports, destination, ACME)


def test_not_at_the_expense_of_another_tenant() -> None:
    """The payer must own the number that the target is bound to."""
    with pytest.raises(NotAllowed):
        authorise(Stage().switchboard.ports, TARGETS[0], Payer(tenant="rival", number=NUMBER))


def test_not_for_a_number_that_does_not_exist() -> None:
    """Nobody pays."""
    with pytest.raises(NotAllowed):
        authorise(Stage().switchboard.ports, TARGETS[0], Payer(tenant="acme", number="4000000000"))


def test_not_a_target_that_is_switched_off() -> None:
    """It is registered but not in use."""
    stage = Stage(NumberPlan(number=NUMBER, bound=(BoundNumber(number=TARGETS[0], enabled=False),)))
    with pytest.raises(NotAllowed):
        authorise(stage.switchboard.ports, TARGETS[0], ACME)


def test_not_for_a_suspended_tenant() -> None:
    """停机 means that nobody is rung."""
    plan = a_plan()
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), state=TenantState.SUSPENDED)
    with pytest.raises(NotAllowed):
        authorise(Stage(plan, tenant=tenant).switchboard.ports, TARGETS[0], ACME)


def test_another_tenants_extension_has_no_way_out_even_when_bound() -> None:
    """A number plan cannot borrow a phone of somebody else."""
    stage = Stage(NumberPlan(number=NUMBER, bound=(BoundNumber(number="9001", kind=TargetKind.EXTENSION),)))
    assert authorise(stage.switchboard.ports, "9001", ACME).routes == ()
    assert stage.call().final == (480, "Temporarily Unavailable")
    assert not stage.dialler.dialled


def test_the_dialler_is_reached_from_authorise_alone() -> None:
    """No other module of the call services mentions it."""
    (folder,) = b2bua.calls.__path__
    users = {
        path.name
        for path in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "dialler"
    }
    assert users == {"authorise.py"}
