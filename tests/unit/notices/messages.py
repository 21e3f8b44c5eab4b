"""Messages of tests."""

from __future__ import annotations

from typing import Any

from b2bua.notices.sending import Message
from domain.notices.delivery import Channel, Delivery
from domain.notices.template import Template
from domain.notices.ways import Gateway, GatewayKind

NOW = 1_795_399_200.0


def a_message(kind: GatewayKind, text: str = "未接来电：13800138000", **gateway: Any) -> Message:
    """Make an SMS, or an e-mail, by a gateway of a kind."""
    channel = Channel.EMAIL if kind.mails else Channel.SMS
    to = "boss@acme.cn" if kind.mails else "13900001111"
    delivery = Delivery(
        "01M8172EV8WM5RPGMQH3500BQN", "missed:1", "acme", "missed-call", channel, to, text, NOW, NOW,
        NOW + 60, "未接来电提醒", {"caller": "13800138000", "number": "4001003721"},
    )  # fmt: skip
    template = Template("missed-call", sms="{number}未接{caller}", codes={"gw": "SMS_1"})
    return Message(delivery, Gateway(**{"name": "gw", "kind": kind, "sign": "示例", **gateway}), template)
