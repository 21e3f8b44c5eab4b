"""Places outbound legs (:class:`b2bua.calls.ports.Dialler`)."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.calls.ports import Dialling, OnDialled
from b2bua.sdp import SessionDescription
from b2bua.stack.driver import Driver
from b2bua.stack.legs_outbound import SipOutboundLeg
from b2bua.stack.next_hop import NextHops

_log = Logger()


class SipDialler:
    """Rings targets by the next hops that trunks and registrar name."""

    def __init__(self, driver: Driver, hops: NextHops) -> None:
        self._driver = driver
        self._hops = hops

    def dial(
        self, dialling: Dialling, offer: Callable[[str], SessionDescription], on_dialled: OnDialled
    ) -> SipOutboundLeg:
        """Ring one target; see the port."""
        leg = SipOutboundLeg(self._driver, self._hops, dialling, offer, on_dialled)

        def lost(failure: Failure) -> None:
            _log.failure("no next hops for {leg} of {call}", failure, leg=dialling.leg, call=dialling.call)
            leg.dial(())

        self._hops.targets(dialling).addErrback(lost).addCallback(lambda hops: leg.dial(hops or ()))
        return leg
