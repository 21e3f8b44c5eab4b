"""Company audio instead of the ring tone (企业彩铃): of the number, a group, a target, an extension."""

from __future__ import annotations

import msgspec

from domain.outcomes import Outcome
from domain.routing.destination import Destination
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup, TargetKind
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, TenantSnapshot, TrunkSnapshot
from tests.twins.stage import TARGETS, Stage, a_plan

MAIN, SALES, HIS = ("a1" * 32, "b2" * 32, "c3" * 32)


def hears(stage: Stage) -> tuple[str, ...]:
    """Return what the caller hears now."""
    return stage.endpoint("a").playing


def test_a_targets_own_audio_is_heard_while_it_rings_alone() -> None:
    """The next target, which has none, brings back that of the number; all in one early-media answer."""
    plan = a_plan(TARGETS[0], TARGETS[1], ringback=MAIN)
    own = msgspec.structs.replace(plan.bound[0], ringback=HIS)
    stage = Stage(msgspec.structs.replace(plan, bound=(own, plan.bound[1])))
    caller = stage.call()
    assert hears(stage) == (HIS,)
    stage.leg("b1").peer_refuses(486, "Busy Here")
    assert hears(stage) == (MAIN,)
    assert stage.sent().count("a 183") == 1
    caller.peer_cancels()
    assert stage.end().outcome == Outcome.GAVE_UP_RINGING


def test_targets_rung_at_once_share_the_numbers_audio() -> None:
    """Nobody could say whose would be heard."""
    plan = a_plan(TARGETS[0], TARGETS[1], ringback=MAIN, strategy=RingStrategy.SIMULTANEOUS)
    bound = tuple(msgspec.structs.replace(each, ringback=HIS) for each in plan.bound)
    stage = Stage(msgspec.structs.replace(plan, bound=bound))
    caller = stage.call()
    assert hears(stage) == (MAIN,)
    caller.peer_cancels()
    stage.end()


def test_a_groups_audio_goes_before_the_numbers() -> None:
    """Sales sounds like sales."""
    plan = a_plan(ringback=MAIN, entry=Destination.parse("group:sales"))
    group = TargetGroup("sales", (BoundNumber(number=TARGETS[1]),), ringback=SALES)
    stage = Stage(plan, tenant=TenantSnapshot("acme", "Acme", numbers=(plan,), groups=(group,)))
    caller = stage.call()
    assert hears(stage) == (SALES,)
    caller.peer_cancels()
    stage.end()


def test_an_extension_has_its_own_wherever_it_is_rung() -> None:
    """As a bound number or dialled by the caller; an extension of another tenant changes nothing."""
    box = BoxSnapshot(
        trunks=(TrunkSnapshot(name="carrier-a"),),
        extensions=(
            ExtensionSnapshot(name="8001", tenant="rival", secret="s", ringback=SALES),
            ExtensionSnapshot(name="8001", tenant="acme", secret="s", ringback=HIS),
        ),
    )
    phone = BoundNumber(number="8001", kind=TargetKind.EXTENSION)
    for plan in (
        msgspec.structs.replace(a_plan(ringback=MAIN), bound=(phone,)),
        a_plan(ringback=MAIN, entry=Destination.parse("extension:8001")),
    ):
        stage = Stage(plan, box=box)
        caller = stage.call()
        assert hears(stage) == (HIS,)
        caller.peer_cancels()
        stage.end()


def test_without_company_audio_the_network_sounds() -> None:
    """180, no early media; but who hears early media already hears our tone when the audio of one is over."""
    plan = a_plan(TARGETS[0], TARGETS[1])
    stage = Stage(plan)
    caller = stage.call()
    assert hears(stage) == ()
    caller.peer_cancels()
    stage.end()
    own = msgspec.structs.replace(plan.bound[0], ringback=HIS)
    stage = Stage(msgspec.structs.replace(plan, bound=(own, plan.bound[1])))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486, "Busy Here")
    assert hears(stage) == ("ringback",)
    caller.peer_cancels()
    stage.end()
