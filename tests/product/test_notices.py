"""Notices of a running box: a missed call reaches the tenant's mobile, is charged, and is in the log."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.product.box import Box, Place
from tests.product.gateway import WebGateway
from tests.product.waiting import wait_until

CONFIGURATION = """
box: {web_networks: ["@NETWORK@.0/24"]}
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tariffs: {std: {editions: [{message_li: 80}]}}
gateways:
  sms:
    url: "SMS/send?to={mobile}&text={text}&id={id}"
    success: '"code":"ok"'
    sign: 示例公司
templates:
  missed-call: {sms: "{number}有{caller}（{place}）的未接来电，{time}", state: approved}
tenants:
  acme:
    name: 示例企业
    tariff: std
    robots: {ops: {url: "SMS/robot?key=1"}}
    webhooks: {crm: {url: "SMS/hook", secret: top-secret-key}}
    notices:
      missed-call: {mobiles: "13900009999", robots: ops}
    numbers:
      "4001003761": {}
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[WebGateway]:
    """A gateway on the box's network."""
    with WebGateway(PLACE.gateway) as running:
        yield running


PLACE = Place()


@pytest.fixture(scope="module")
def noticing_box(gateway: WebGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with a tenant who wants to know."""
    data: Path = tmp_path_factory.mktemp("box") / "data"
    with Box(data, PLACE, CONFIGURATION.replace("SMS/", f"{gateway.url}/")).running() as running:
        yield running


def test_a_missed_call_reaches_the_mobile_within_five_seconds(noticing_box: Box, gateway: WebGateway) -> None:
    """By SMS with the approved words and the signature, and in the group; charged once; in the log."""
    noticing_box.call("4001003761", status=1)
    ended = time.monotonic()
    (sms,) = wait_until(lambda: gateway.asked("/send"), "the SMS")
    assert sms.at - ended <= 5.0
    asked = parse_qs(urlsplit(sms.path).query)
    assert asked["to"] == ["13900009999"]
    assert asked["text"][0].startswith("【示例公司】4001003761有13800138000（北京）的未接来电，")
    (robot,) = wait_until(lambda: gateway.asked("/robot"), "the robot's message")
    assert "13800138000" in robot.body.decode()

    def posted() -> bool:
        return bool(noticing_box.json("money", "entries", "acme"))

    wait_until(posted, "the charge")
    (entry,) = noticing_box.json("money", "entries", "acme")
    log = noticing_box.json("notices", "list", "--tenant", "acme")
    log = [each for each in log if each["channel"] != "webhook"]
    assert {(each["channel"], each["state"]) for each in log} == {("sms", "sent"), ("robot", "sent")}
    (delivery,) = (each for each in log if each["channel"] == "sms")
    assert (entry["cause"], entry["li"]) == (f"sms:{delivery['id']}", -80)
    assert delivery["id"] == asked["id"][0]


def test_a_tenants_server_is_told_of_calls(noticing_box: Box, gateway: WebGateway) -> None:
    """Of its beginning and its end, signed; a server in trouble is asked again, as the log says."""
    noticing_box.call("4001003761", status=1)

    def told() -> list[dict[str, Any]] | None:
        events = [json.loads(each.body) for each in gateway.asked("/hook")]
        return events if len({each["call"] for each in events}) >= 2 and len(events) >= 4 else None

    started, ended = wait_until(told, "both events of both calls")[-2:]
    assert (started["event"], ended["event"]) == ("call.started", "call.ended")
    assert started["call"] == ended["call"]
    assert (ended["number"], ended["tenant"], ended["outcome"]) == ("4001003761", "acme", "nothing-bound")
    request = gateway.asked("/hook")[-1]
    signed = f"{request.headers['X-Box400-Timestamp']}.".encode() + request.body
    digest = hmac.new(b"top-secret-key", signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Box400-Signature"] == f"sha256={digest}"
    gateway.status = lambda request: 500
    noticing_box.call("4001003761", status=1)

    def tried() -> bool:
        log = noticing_box.json("notices", "list", "--channel", "webhook", "--state", "waiting")
        return len(log) == 2 and all(each["due"] - each["at"] == 60.0 for each in log)

    wait_until(tried, "both are to be tried again in a minute")
    gateway.status = lambda request: 200


def test_a_way_can_be_tested_and_tried_again(noticing_box: Box, gateway: WebGateway) -> None:
    """A refused test says why; after the repair it goes by `retry`."""
    gateway.says = b'{"code":"no-money"}'
    refused = noticing_box.try_cli("notices", "send-test", "acme", "sms", "13900008888")
    assert (refused.returncode, "no-money" in refused.stderr) == (1, True)
    gateway.says = b'{"code":"ok"}'
    (failed,) = noticing_box.json("notices", "list", "--state", "failed")
    noticing_box.cli("notices", "retry", failed["id"])

    def sent() -> bool:
        return not noticing_box.json("notices", "list", "--state", "failed", "--to", "13900008888")

    wait_until(sent, "it is sent")
    assert noticing_box.try_cli("notices", "retry", "01M8172EV8WM5RPGMQH3500BQN").returncode == 1
    assert noticing_box.try_cli("notices", "send-test", "nobody", "sms", "13900008888").returncode == 1
