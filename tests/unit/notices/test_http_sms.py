"""SMS by HTTP: what is asked, what answers mean; the clouds' signatures against published examples."""

from __future__ import annotations

from collections.abc import Awaitable
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from twisted.internet.defer import Deferred

from b2bua.calls.web import WebRequest
from b2bua.notices.http_sms import (
    aliyun_request,
    aliyun_signature,
    request_of,
    send_by_aliyun,
    send_by_template,
    send_by_tencent,
    tencent_authorization,
    tencent_request,
)
from b2bua.notices.robots import address, say
from b2bua.notices.sending import Message, SendFailed
from domain.notices.template import Template
from domain.notices.ways import BodyForm, GatewayKind, Robot, RobotKind
from tests.twins.web import MemoryWeb
from tests.unit.notices.messages import NOW, a_message

HTTP, ALIYUN, TENCENT = GatewayKind.HTTP, GatewayKind.ALIYUN, GatewayKind.TENCENT


def came_of(sending: Awaitable[str], web: MemoryWeb, status: int, body: str) -> str:
    """Answer what is asked; return the note, or why it failed with ``again`` or ``never``."""
    told: list[str] = []

    async def watch() -> None:
        try:
            told.append(f"sent {await sending}")
        except SendFailed as failure:
            told.append(f"{'again' if failure.again else 'never'} {failure.why}")

    Deferred.fromCoroutine(watch())
    if web.waiting:
        web.answer(status, body.encode())
    return told[0]


def test_variables_are_written_as_their_place_needs() -> None:
    """Percent-encoded in the URL and in forms, escaped in JSON; a text cannot add parameters of its own."""
    text = 'a&to=1"\\'
    url = "https://sms.example.cn/send?to={mobile}&text={text}&key={password}"
    request = request_of(a_message(HTTP, text, url=url, password="p w"), NOW)
    assert (request.method, request.body) == ("GET", b"")
    asked = parse_qs(urlsplit(request.url).query)
    assert asked == {"to": ["13900001111"], "text": [f"【示例】{text}"], "key": ["p w"]}
    form = request_of(a_message(HTTP, text, url="https://x.cn/", body="t={text}&u={mobile}"), NOW)
    assert parse_qs(form.body.decode()) == {"t": [f"【示例】{text}"], "u": ["13900001111"]}
    body = '{"to": "{mobile}", "text": "{text}"}'
    sent = request_of(a_message(HTTP, text, url="https://x.cn/", body=body, form=BodyForm.JSON), NOW)
    assert msgspec.json.decode(sent.body) == {"to": "13900001111", "text": f"【示例】{text}"}


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, '{"code":0,"id":"7"}', 'sent {"code":0,"id":"7"}'),
        (200, '{"code":12,"msg":"余额不足"}', 'never refused: {"code":12,"msg":"余额不足"}'),
        (503, "later", "again HTTP 503 later"),
        (404, "", "never HTTP 404"),
        (302, "", "never HTTP 302"),
        (429, "", "again HTTP 429"),
    ],
)
def test_what_answers_of_a_gateway_mean(status: int, body: str, told: str) -> None:
    """Only what matches is good; a redirect is not followed; a server's trouble is worth another try."""
    web = MemoryWeb()
    message = a_message(HTTP, url="https://sms.example.cn/", success='"code":0')
    assert came_of(send_by_template(message, web, NOW), web, status, body) == told


def test_aliyuns_signature_is_that_of_its_documentation() -> None:
    """Signature 1.0, the worked example of Aliyun's page on signing RPC calls (DescribeRegions)."""
    parameters = {
        "Timestamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    assert aliyun_signature("GET", parameters, "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_tencents_signature_is_that_of_its_documentation() -> None:
    """TC3-HMAC-SHA256, the worked example of Tencent Cloud's page on signature v3 (DescribeInstances)."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    found = tencent_authorization(
        "cvm.tencentcloudapi.com", "cvm", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", 1551113065, body,
    )  # fmt: skip
    assert found == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_aliyun_is_asked_with_code_and_variables() -> None:
    """SendSms with the delivery's id, so that a second request for it can be told."""
    request = aliyun_request(a_message(ALIYUN, username="ak", password="sk"), NOW)
    asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    signature = asked.pop("Signature")
    assert signature == aliyun_signature("POST", asked, "sk")
    assert (asked["TemplateCode"], asked["SignName"], asked["PhoneNumbers"]) == (
        "SMS_1",
        "示例",
        "13900001111",
    )
    assert msgspec.json.decode(asked["TemplateParam"]) == {"number": "4001003721", "caller": "13800138000"}
    assert asked["OutId"] == "01M8172EV8WM5RPGMQH3500BQN"
    assert request.url == "https://dysmsapi.aliyuncs.com/"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"Code":"OK","BizId":"9006"}', "sent 9006"),
        ('{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"x"}', "never isv.MOBILE_NUMBER_ILLEGAL x"),
        ('{"Code":"isp.SYSTEM_ERROR","Message":"x"}', "again isp.SYSTEM_ERROR x"),
        ('{"Code":"Throttling.User","Message":"x"}', "again Throttling.User x"),
        ("<html>", "again answer is no JSON"),
    ],
)
def test_what_aliyun_answers(body: str, told: str) -> None:
    """Its own trouble is worth another try, a wrong number is not."""
    web = MemoryWeb()
    message = a_message(ALIYUN, username="ak", password="sk")
    assert came_of(send_by_aliyun(message, web, NOW), web, 200, body) == told


def test_tencent_is_asked_with_variables_in_order() -> None:
    """Numbered as the text has them, with +86 before the number."""
    request = tencent_request(a_message(TENCENT, username="id", password="key", app_id="1400"), NOW)
    asked = msgspec.json.decode(request.body)
    assert asked["TemplateParamSet"] == ["4001003721", "13800138000"]
    assert (asked["PhoneNumberSet"], asked["SmsSdkAppId"], asked["TemplateId"]) == (
        ["+8613900001111"], "1400", "SMS_1",
    )  # fmt: skip
    assert request.headers["X-TC-Timestamp"] == str(int(NOW))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"Response":{"SendStatusSet":[{"Code":"Ok","SerialNo":"5:1"}]}}', "sent 5:1"),
        (
            '{"Response":{"SendStatusSet":[{"Code":"FailedOperation.PhoneNumberInBlacklist","Message":"b"}]}}',
            "never FailedOperation.PhoneNumberInBlacklist b",
        ),
        ('{"Response":{"Error":{"Code":"InternalError","Message":"t"}}}', "again InternalError t"),
        ('{"Response":{"Error":{"Code":"AuthFailure","Message":"s"}}}', "never AuthFailure s"),
    ],
)
def test_what_tencent_answers(body: str, told: str) -> None:
    """Whether one number or the whole request was refused."""
    web = MemoryWeb()
    message = a_message(TENCENT, username="id", password="key", app_id="1400")
    assert came_of(send_by_tencent(message, web, NOW), web, 200, body) == told


def test_without_a_code_a_cloud_is_not_asked() -> None:
    """The log says what to write."""
    whole = a_message(ALIYUN, username="ak", password="sk")
    web = MemoryWeb()
    told = came_of(
        send_by_aliyun(Message(whole.delivery, whole.gateway, Template("test")), web, NOW), web, 200, ""
    )
    assert told == "never template test has no code for this gateway"
    assert web.requests == []


def test_robots_are_told_in_json_and_dingtalk_is_signed() -> None:
    """DingTalk's 加签: HMAC-SHA-256 of time and secret, Base64, in the URL."""
    web = MemoryWeb()
    robot = Robot("ops", RobotKind.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=1", "SEC1")
    assert came_of(say(robot, "acme", "你好", web, NOW), web, 200, '{"errcode":0,"errmsg":"ok"}') == "sent "
    (request,) = web.requests
    assert isinstance(request, WebRequest)
    assert msgspec.json.decode(request.body) == {"msgtype": "text", "text": {"content": "你好"}}
    asked = parse_qs(urlsplit(request.url).query)
    assert asked["timestamp"] == [str(int(NOW * 1000))]
    assert len(asked["sign"][0]) == 44
    assert address(Robot("w", RobotKind.WECOM, "https://qy/x?key=1", "ignored"), NOW) == "https://qy/x?key=1"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"errcode":45009,"errmsg":"freq"}', "again 45009 freq"),
        ('{"errcode":93000,"errmsg":"invalid webhook"}', "never 93000 invalid webhook"),
        ("[]", "never None "),
    ],
)
def test_what_robots_answer(body: str, told: str) -> None:
    """Too often is worth another try, a key that is gone is not."""
    web = MemoryWeb()
    assert came_of(say(Robot("ops", url="https://q/"), "acme", "x", web, NOW), web, 200, body) == told
