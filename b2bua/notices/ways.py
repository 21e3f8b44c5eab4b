"""Every way out, behind one face: what kind of gateway it is decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from b2bua.look_ups import LookUps
from b2bua.notices import robots
from b2bua.notices.desk import Work
from b2bua.notices.http_sms import send_by_aliyun, send_by_template, send_by_tencent
from b2bua.notices.mail import send_mail
from b2bua.notices.sending import Message, Web
from b2bua.notices.sessions import Sessions
from b2bua.notices.webhook import post_event
from domain.notices.delivery import Receipt
from domain.notices.ways import GatewayKind

LOOK_UPS: Final = 4
"""Names of e-mail servers looked up at a time, apart from those that tenants make us ask for."""


class EveryWay:
    """``dispatch.Ways`` on the network."""

    def __init__(
        self,
        reactor: Any,
        utc: Callable[[], float],
        gateways: Web,
        tenants: Web,
        reported: Callable[[Receipt], None],
    ) -> None:
        """``gateways`` asks the operator's web servers wherever they are, ``tenants`` public ones only.

        ``reported`` is told carriers' reports on SMS that were sent.
        """
        self._reactor = reactor
        self._utc = utc
        self._gateways = gateways
        self._tenants = tenants
        self._look_ups = LookUps(reactor, LOOK_UPS)
        self.sessions = Sessions(reactor, utc, reported)

    def send(self, work: Work) -> Awaitable[str]:
        """Send an SMS or an e-mail by its gateway, or an event to a web server."""
        if work.message is not None:
            return self._by_gateway(work.message)
        assert work.webhook is not None
        return post_event(work.webhook, work.delivery, self._tenants)

    def say(self, work: Work, text: str) -> Awaitable[str]:
        """Let a robot say a text."""
        assert work.robot is not None
        return robots.say(work.robot, work.delivery.tenant, text, self._tenants, self._utc())

    def end(self) -> None:
        """End the sessions that are up, and the threads of look-ups."""
        self.sessions.end()
        self._look_ups.end()

    def _by_gateway(self, message: Message) -> Awaitable[str]:
        now = self._utc()
        match message.gateway.kind:
            case GatewayKind.HTTP:
                return send_by_template(message, self._gateways, now)
            case GatewayKind.ALIYUN:
                return send_by_aliyun(message, self._gateways, now)
            case GatewayKind.TENCENT:
                return send_by_tencent(message, self._gateways, now)
            case GatewayKind.SMTP:
                return send_mail(message, self._reactor, now, self._look_ups)
            case _:
                return self.sessions.send(message)
