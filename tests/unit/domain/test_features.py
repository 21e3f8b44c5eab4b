"""Editions and features: what a tenant has, and what calls are served by without the rest."""

from __future__ import annotations

import pytest

from domain.features import Feature, ProductEdition, features_of, served
from domain.routing.destination import Destination
from domain.routing.plan import RoutePlan, Rule
from domain.routing.target import TargetGroup
from domain.snapshot import NumberPlan, TenantSnapshot
from domain.voice.voicemail import Voicemail
from tests.unit.calls.test_menu import a_flow

ALL = frozenset(Feature)


def a_tenant() -> TenantSnapshot:
    """Return one who has everything."""
    plan = NumberPlan(
        number="4001003721", record=True, ringback="0" * 64, entry=Destination.parse("flow:main"),
        otherwise=Destination.parse("voicemail:box"),
        routing=RoutePlan(rules=(Rule(name="all", to=Destination.parse("queue:service")),)),
    )  # fmt: skip
    return TenantSnapshot(
        id="acme", name="Acme", numbers=(plan,), flows=(a_flow(),), voicemails=(Voicemail("box"),),
        groups=(TargetGroup("sales", ringback="1" * 64, otherwise=Destination.parse("flow:main")),),
    )  # fmt: skip


def test_the_basic_edition_has_no_call_centre() -> None:
    """And what was switched by hand wins over the edition, either way."""
    assert ALL - features_of(ProductEdition.BASIC, {}) == {Feature.CALL_CENTRE}
    assert features_of(ProductEdition.NETWORK, {}) == ALL
    switched = {Feature.CALL_CENTRE: True, Feature.RECORDING: False}
    assert features_of(ProductEdition.BASIC, switched) == ALL - {Feature.RECORDING}


def test_who_has_everything_is_served_as_configured() -> None:
    """The very same."""
    tenant = a_tenant()
    assert served(tenant, ALL) is tenant


@pytest.mark.parametrize(
    ("feature", "gone"),
    [(Feature.MENUS, "flow"), (Feature.VOICEMAIL, "voicemail"), (Feature.CALL_CENTRE, "queue")],
)
def test_calls_go_to_the_bound_numbers_instead(feature: Feature, gone: str) -> None:
    """Whatever led to what the tenant has not; all else stays."""
    tenant = served(a_tenant(), ALL - {feature})
    (plan,), (group,) = tenant.numbers, tenant.groups
    assert plan.routing is not None
    led = [plan.entry, plan.otherwise, plan.routing.rules[0].to, group.otherwise]
    was = ["flow", "voicemail", "queue", "flow"]
    assert [str(each.kind) for each in led if each] == ["bound" if kind == gone else kind for kind in was]
    assert (plan.record, bool(plan.ringback)) == (True, True)
    assert bool(tenant.flows) is (feature is not Feature.MENUS)
    assert bool(tenant.voicemails) is (feature is not Feature.VOICEMAIL)


def test_nothing_is_recorded_or_played_that_is_switched_off() -> None:
    """Neither the number's ringback nor a group's."""
    tenant = served(a_tenant(), ALL - {Feature.RECORDING, Feature.RINGBACK})
    (plan,), (group,) = tenant.numbers, tenant.groups
    assert (plan.record, plan.ringback, group.ringback) == (False, None, None)
    assert str(plan.entry) == "flow:main"
