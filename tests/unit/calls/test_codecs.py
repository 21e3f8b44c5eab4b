"""Which codecs the legs of a call may speak: G.711 where it is recorded or may become a conference."""

from __future__ import annotations

import pytest

from b2bua.sdp import G722, PCMA, SessionDescription
from domain.acd.configuration import Agent
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, TenantSnapshot, TrunkSnapshot
from tests.twins.stage import Stage, a_plan, sdp
from tests.unit.calls.test_pick_up import take

WIDE = ("G722", "PCMA", "PCMU")
BOTH = sdp(40000, G722, PCMA)


def a_stage(
    *,
    record: bool = False,
    extension: tuple[str, ...] = (),
    agents: bool = False,
    trunk: tuple[str, ...] = WIDE,
) -> Stage:
    """Set a box up whose trunk, and whose extension if it has one, like G.722 best."""
    phones = (
        (ExtensionSnapshot(name="8001", tenant="acme", secret="s", codecs=extension),) if extension else ()
    )
    plan = a_plan(record=record)
    return Stage(
        plan,
        tenant=TenantSnapshot(
            id="acme", name="Acme", numbers=(plan,), agents=(Agent("8001", target="1"),) if agents else ()
        ),
        box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", codecs=trunk),), extensions=phones),
    )


def names(description: SessionDescription) -> list[str]:
    """Return the codecs of a description, events aside."""
    assert description.audio is not None
    return [codec.name for codec in description.audio.codecs if codec.name != "telephone-event"]


@pytest.mark.parametrize(
    "stage",
    [a_stage(record=True), a_stage(extension=WIDE), a_stage(agents=True)],
    ids=["recorded", "has phones", "has agents"],
)
def test_only_g711_is_agreed_where_audio_must_be_understood(stage: Stage) -> None:
    """With the caller, though he likes G.722 best, and with whoever is rung."""
    caller = stage.call(offer=BOTH)
    assert names(stage.leg("b1").offer) == ["PCMA", "PCMU"]
    stage.leg("b1").peer_answers(sdp(41000, PCMA))
    assert names(caller.descriptions[-1]) == ["PCMA"]
    caller.peer_hangs_up()


def test_other_codecs_pass_where_nobody_needs_to_understand_them() -> None:
    """Not recorded, and a tenant without phones or agents: both legs speak what they like best."""
    stage = a_stage()
    caller = stage.call(offer=BOTH)
    assert names(stage.leg("b1").offer) == ["G722"]
    stage.leg("b1").peer_answers(sdp(41000, G722))
    assert names(caller.descriptions[-1]) == ["G722"]
    caller.peer_hangs_up()


def test_who_is_configured_without_g711_keeps_what_he_has() -> None:
    """His calls are passed through rather than refused."""
    stage = a_stage(record=True, trunk=("G722",))
    caller = stage.call(offer=BOTH)
    assert names(stage.leg("b1").offer) == ["G722"]
    caller.peer_cancels()


def test_a_caller_with_g722_only_is_refused_where_he_must_be_recorded() -> None:
    """488 says so at once, instead of a recording that nobody can hear."""
    caller = a_stage(record=True).call(offer=sdp(40000, G722))
    assert caller.final is not None
    assert caller.final[0] == 488


def test_a_phone_that_picks_up_speaks_g711() -> None:
    """As who was rung."""
    stage = a_stage(record=True, extension=WIDE)
    caller = stage.call(offer=BOTH)
    phone = take(stage, stage.leg("b1"), "8001", offer=BOTH)
    assert names(phone.descriptions[-1]) == ["PCMA"]
    caller.peer_hangs_up()
