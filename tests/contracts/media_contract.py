"""What every ``MediaRelay`` promises; run on the twin in memory and on real workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import pytest
from twisted.internet.defer import CancelledError, Deferred

from b2bua.calls.ports import MediaEndpoint, MediaRelay, MediaStats, Remote

Fired = TypeVar("Fired")
REMOTE = Remote("127.0.0.1", 9, "PCMA", 8)


class Stage(Protocol):
    """Where a relay is put to the test."""

    relay: MediaRelay
    prompt: str
    """A prompt of a fraction of a second."""

    def wait(self, fired: Deferred[Fired]) -> Awaitable[Fired]:
        """Let time pass until it fires."""


async def opened(stage: Stage, leg: str = "a", *, srtp: bool = False) -> MediaEndpoint:
    """Open an endpoint of one call, with a peer."""
    endpoint = await stage.wait(stage.relay.open("01CALL", leg, "carrier", record=False, srtp=srtp))
    endpoint.connect(REMOTE)
    return endpoint


async def ends(stage: Stage, *endpoints: MediaEndpoint) -> None:
    """Close endpoints."""
    for endpoint in endpoints:
        await stage.wait(endpoint.close())


async def each_endpoint_has_an_even_port_of_its_own(stage: Stage) -> None:
    """On the listener's address, with one above it for RTCP."""
    first, second = await opened(stage), await opened(stage, "b1")
    assert first.host == second.host == "127.0.0.1"
    assert first.port % 2 == second.port % 2 == 0
    assert first.port != second.port
    await ends(stage, first, second)


async def a_key_is_made_for_srtp_only(stage: Stage) -> None:
    """30 octets: master key and salt."""
    plain, encrypted = await opened(stage), await opened(stage, "b1", srtp=True)
    assert plain.srtp_key == b""
    assert len(encrypted.srtp_key) == 30
    await ends(stage, plain, encrypted)


async def a_prompt_ends_by_itself(stage: Stage) -> None:
    """The Deferred fires with None at the end."""
    endpoint = await opened(stage)
    assert await stage.wait(endpoint.play((stage.prompt, stage.prompt))) is None
    await ends(stage, endpoint)


async def a_cancelled_prompt_is_over_at_once(stage: Stage) -> None:
    """It fails with CancelledError; the next one plays."""
    endpoint = await opened(stage)
    playing = endpoint.play((stage.prompt,), repeat=True)
    playing.cancel()
    with pytest.raises(CancelledError):
        await playing
    await stage.wait(endpoint.play((stage.prompt,)))
    await ends(stage, endpoint)


async def another_prompt_takes_the_place_of_the_first(stage: Stage) -> None:
    """Who waited for the first one goes on."""
    endpoint = await opened(stage)
    first = endpoint.play((stage.prompt,), repeat=True)
    second = endpoint.play((stage.prompt,))
    assert first.called
    assert not second.called
    await stage.wait(second)
    await ends(stage, endpoint)


async def a_bridge_takes_the_place_of_what_both_hear(stage: Stage) -> None:
    """Ringback on one side, a prompt on the other."""
    first, second = await opened(stage), await opened(stage, "b1")
    tone, prompt = first.tone("ringback"), second.play((stage.prompt,), repeat=True)
    first.bridge(second)
    assert tone.called
    assert prompt.called
    await ends(stage, first, second)


async def a_prompt_can_be_played_into_a_bridge(stage: Stage) -> None:
    """It ends by itself and leaves the bridge as it was."""
    first, second = await opened(stage), await opened(stage, "b1")
    first.bridge(second)
    await stage.wait(first.play((stage.prompt,)))
    first.unbridge()
    first.bridge(second)
    await ends(stage, first, second)


async def one_leg_can_be_bridged_to_another_after_the_first(stage: Stage) -> None:
    """A transfer: the caller stays, the callee changes."""
    legs = [await opened(stage, leg) for leg in ("a", "b1", "b2")]
    legs[0].bridge(legs[1])
    legs[0].bridge(legs[2])
    await ends(stage, legs[1])
    legs[2].unbridge()
    await ends(stage, legs[0], legs[2])


async def a_conference_can_be_heard(stage: Stage) -> None:
    """Three legs, each hearing the others; who leaves is heard no longer; then a bridge again."""
    legs = [await opened(stage, leg) for leg in ("a", "b1", "b2")]
    legs[0].bridge(legs[1])
    legs[0].hear(legs[1], legs[2])
    legs[1].hear(legs[0], legs[2])
    legs[2].hear(legs[0], legs[1])
    await stage.wait(legs[0].play((stage.prompt,)))
    await ends(stage, legs[2])
    legs[0].hear()
    legs[1].hear()
    await ends(stage, *legs[:2])


async def only_the_call_is_heard(stage: Stage) -> None:
    """Neither oneself, nor another call, nor who has left."""
    endpoint, gone = await opened(stage), await opened(stage, "b1")
    stranger = await stage.wait(stage.relay.open("01OTHER", "a", "carrier", record=False))
    await ends(stage, gone)
    for other in (endpoint, stranger, gone):
        with pytest.raises((ValueError, AssertionError)):
            endpoint.hear(other)
    await ends(stage, endpoint, stranger)


async def keys_can_be_withheld(stage: Stage) -> None:
    """With and without listening for tones."""
    endpoint = await opened(stage)
    endpoint.listen_for_keys(True, withhold=True)
    endpoint.listen_for_keys(False)
    await ends(stage, endpoint)


async def closing_ends_what_is_played_and_gives_the_figures(stage: Stage) -> None:
    """Twice the same, when asked twice."""
    endpoint = await opened(stage)
    tone = endpoint.tone("busy")
    figures = await stage.wait(endpoint.close())
    assert tone.called
    assert isinstance(figures, MediaStats)
    assert await stage.wait(endpoint.close()) == figures


async def closing_twice_at_once_is_closing_once(stage: Stage) -> None:
    """Two parts of a call may give up at the same time."""
    endpoint = await opened(stage)
    first, second = endpoint.close(), endpoint.close()
    assert await stage.wait(first) == await stage.wait(second)


async def a_closed_endpoint_takes_no_more_wishes(stage: Stage) -> None:
    """That is a mistake of ours, and loud."""
    endpoint = await opened(stage)
    await ends(stage, endpoint)
    for wish in (endpoint.unbridge, lambda: endpoint.tone("busy"), lambda: endpoint.connect(REMOTE)):
        with pytest.raises((ValueError, AssertionError)):
            wish()


async def wrong_tones_keys_and_partners_are_mistakes(stage: Stage) -> None:
    """Each is refused before anything is sent."""
    endpoint = await opened(stage)
    stranger = await stage.wait(stage.relay.open("01OTHER", "a", "carrier", record=False))
    wishes: list[Callable[[], object]] = [
        lambda: endpoint.tone("dial"),
        lambda: endpoint.send_keys("12x"),
        lambda: endpoint.bridge(endpoint),
        lambda: endpoint.bridge(stranger),
    ]
    for wish in wishes:
        with pytest.raises((ValueError, AssertionError)):
            wish()
    await ends(stage, endpoint, stranger)


async def keys_are_taken(stage: Stage) -> None:
    """Listening may be turned on and off; all sixteen keys can be sent."""
    endpoint = await opened(stage)
    endpoint.listen_for_keys(True)
    endpoint.send_keys("0123456789*#ABCD")
    endpoint.listen_for_keys(False)
    await ends(stage, endpoint)


async def a_message_can_be_recorded(stage: Stage) -> None:
    """Of a leg that is not recorded otherwise; asking twice does no harm."""
    endpoint = await opened(stage)
    endpoint.record()
    endpoint.record()
    endpoint.hear_speech(True, 5.0)
    endpoint.hear_speech(False)
    await ends(stage, endpoint)


async def a_message_can_be_heard(stage: Stage) -> None:
    """What was kept is played, at once or never over: the Deferred fires, or can be cancelled."""
    endpoint = await opened(stage)
    endpoint.hear_speech(True, 5.0, 0.1)
    endpoint.hear_speech(False)
    assert await stage.wait(endpoint.play_back(0.1)) is None
    playing = endpoint.play_back(0.1)
    await stage.wait(endpoint.play((stage.prompt,)))
    assert playing.called
    await ends(stage, endpoint)


async def a_recording_can_be_stopped(stage: Stage) -> None:
    """Of any leg, recorded or not, once or twice, and just before its end."""
    endpoint = await opened(stage)
    endpoint.stop_recording()
    endpoint.record()
    endpoint.stop_recording()
    endpoint.stop_recording()
    await ends(stage, endpoint)


CONTRACT = [
    each_endpoint_has_an_even_port_of_its_own,
    a_key_is_made_for_srtp_only,
    a_prompt_ends_by_itself,
    a_cancelled_prompt_is_over_at_once,
    another_prompt_takes_the_place_of_the_first,
    a_bridge_takes_the_place_of_what_both_hear,
    a_prompt_can_be_played_into_a_bridge,
    one_leg_can_be_bridged_to_another_after_the_first,
    closing_ends_what_is_played_and_gives_the_figures,
    closing_twice_at_once_is_closing_once,
    a_closed_endpoint_takes_no_more_wishes,
    wrong_tones_keys_and_partners_are_mistakes,
    keys_are_taken,
    a_conference_can_be_heard,
    only_the_call_is_heard,
    keys_can_be_withheld,
    a_message_can_be_recorded,
    a_message_can_be_heard,
    a_recording_can_be_stopped,
]
