"""A phone's own INVITE, made a leg of a call that is up: to take somebody's place there, or to supervise.

The INVITE is a call with a record of its own, the *line*; its audio is a leg of the call that it joins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from b2bua.calls.authorise import Route
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.negotiation import Negotiation, NoCommonCodec, SdpError, codecs_of_leg, wants_srtp
from b2bua.calls.party import expected_to_end
from b2bua.calls.ports import CallPorts, InboundLeg, MediaEndpoint
from b2bua.calls.refusal import NotPossible
from b2bua.sdp import SessionDescription
from domain.routing.target import BoundNumber, TargetKind
from domain.snapshot import ExtensionSnapshot


async def join(
    line: Call,
    leg: InboundLeg,
    joined: Call,
    phone: ExtensionSnapshot,
    ports: CallPorts,
    still_possible: Callable[[], None],
) -> Callee:
    """Answer a phone and return it as a leg of the call it joins, its media connected.

    ``still_possible`` raises NotPossible when it is not; it is asked before the phone is answered, and again
    where that took time. Raises NotPossible, SdpError and MediaUnavailable.
    """
    offer = leg.invitation.offer
    name = joined.next_leg()
    srtp = wants_srtp(offer)
    endpoint = await line.wait(
        ports.media.open(joined.id, name, leg.invitation.listener, record=joined.records, srtp=srtp)
    )
    try:
        still_possible()
        codecs = codecs_of_leg(joined, phone.codecs, ports.directory)
        negotiation = Negotiation(endpoint, codecs, srtp=srtp, randomness=ports.randomness)
        answer = negotiation.answer(offer)[0] if offer is not None else negotiation.offer("PCMA")
    except (NotPossible, SdpError):
        endpoint.close()
        raise
    callee = _leg_of(joined, name, endpoint, negotiation, phone, leg, ports)
    leg.on_dialog = partial(line.dialog, leg.id)  # a crash ends it as the line's leg, once
    try:
        await _answer(line, leg, callee, answer)
        still_possible()
    except (NotPossible, SdpError):
        callee.leave()
        raise
    callee.picked_up()
    joined.leg_answered(name)
    return callee


def _leg_of(
    joined: Call,
    name: str,
    endpoint: MediaEndpoint,
    negotiation: Negotiation,
    phone: ExtensionSnapshot,
    leg: InboundLeg,
    ports: CallPorts,
) -> Callee:
    route = Route(phone.listener, (), phone.codecs, phone.srtp, plays_early_media=False)
    callee = Callee(joined, name, joined.keep(endpoint, name), negotiation, phone.name, route)
    callee.leg = leg
    callee.attend(leg)
    target = BoundNumber(number=phone.name, kind=TargetKind.EXTENSION)
    callee.hold = ports.live.hold(target.line(phone.tenant), joined.mono())
    callee.dialled = True
    joined.callees.append(callee)
    joined.leg_dialled(name, phone.name, True, None, leg.invitation.listener)
    leg.ended.addCallback(callee.ended_by_peer).addErrback(joined.fault)
    return callee


async def _answer(line: Call, leg: InboundLeg, callee: Callee, description: SessionDescription) -> None:
    """Answer the phone; with a late offer of its, return at its ACK."""
    line.answered()
    line.sip_status = 200
    line.state = CallState.TALKING
    remote = callee.negotiation.remote
    acked = leg.answer(description)
    if remote is not None:
        callee.endpoint.connect(remote)
        acked.addErrback(expected_to_end)
        return
    answer = await line.wait(acked)
    if answer is None:
        raise NoCommonCodec("the phone never described its media")
    callee.accept(answer)
