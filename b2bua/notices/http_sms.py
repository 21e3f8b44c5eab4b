"""SMS by HTTP: a template of URL and body that fits most gateways, Aliyun and Tencent Cloud.

Aliyun: RPC signature 1.0 (HMAC-SHA1) and SendSms of 2017-05-25. Tencent Cloud: TC3-HMAC-SHA256 and SendSms of
2021-01-11. Both as their public API references describe them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from b2bua.calls.web import WebRequest
from b2bua.notices.sending import Message, SendFailed, Web, ask, text_of
from domain.notices.ways import BodyForm, Gateway

ALIYUN_URL: Final = "https://dysmsapi.aliyuncs.com/"
TENCENT_HOST: Final = "sms.tencentcloudapi.com"
_PLACE = re.compile(r"\{(mobile|text|id|sign|username|password|time)\}")
_BUSY: Final = ("Throttling", "SYSTEM_ERROR", "InternalError", "RequestLimitExceeded", "LimitExceeded.")


async def send_by_template(message: Message, web: Web, now: float) -> str:
    """Send by a gateway whose URL and body the operator wrote."""
    gateway = message.gateway
    request = request_of(message, now)
    reply = await ask(web, request)
    said = text_of(reply)
    if gateway.success and re.search(gateway.success, said) is None:
        raise SendFailed(f"refused: {said[:120]}", again=False)
    return said[:60]


def request_of(message: Message, now: float) -> WebRequest:
    """Return what a gateway is sent: variables in the URL are percent-encoded, in JSON escaped."""
    gateway, delivery = message.gateway, message.delivery
    values = {
        "mobile": delivery.to,
        "text": gateway.signed(delivery.text),
        "id": delivery.id,
        "sign": gateway.sign,
        "username": gateway.username,
        "password": gateway.password,
        "time": str(int(now)),
    }
    url = _filled(gateway.url, values, _percent)
    if not gateway.body:
        return _request(gateway, url, b"", {}, "GET")
    json = gateway.form is BodyForm.JSON
    body = _filled(gateway.body, values, _in_json if json else _percent)
    kind = "application/json" if json else "application/x-www-form-urlencoded"
    return _request(gateway, url, body.encode(), {"Content-Type": f"{kind}; charset=utf-8", "Accept": "*/*"})


def _filled(text: str, values: Mapping[str, str], written: Any) -> str:
    return _PLACE.sub(lambda found: written(values[found[1]]), text)


def _percent(text: str) -> str:
    return quote(text, safe="-_.~")


def _in_json(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


def _request(
    gateway: Gateway, url: str, body: bytes, headers: dict[str, str], method: str = "POST"
) -> WebRequest:
    return WebRequest(f"gateway:{gateway.name}", url, body, "", gateway.seconds, method, headers)


# Aliyun


async def send_by_aliyun(message: Message, web: Web, now: float) -> str:
    """Send by Aliyun; the template's code for this gateway is needed."""
    reply = await ask(web, aliyun_request(message, now))
    said = _json(reply.body)
    if said.get("Code") != "OK":
        code = str(said.get("Code", "?"))
        raise SendFailed(
            f"{code} {said.get('Message', '')}", again=code.endswith(_BUSY) or "Throttling" in code
        )
    return str(said.get("BizId", ""))


def aliyun_request(message: Message, now: float) -> WebRequest:
    """Return the signed request; raises SendFailed without a template code."""
    gateway, delivery = message.gateway, message.delivery
    variables = {name: delivery.values.get(name, "") for name in message.template.ordered}
    parameters = {
        "AccessKeyId": gateway.username,
        "Action": "SendSms",
        "Format": "JSON",
        "OutId": delivery.id,
        "PhoneNumbers": delivery.to,
        "RegionId": gateway.region or "cn-hangzhou",
        "SignName": gateway.sign,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": f"{delivery.id}-{delivery.tries}",
        "SignatureVersion": "1.0",
        "TemplateCode": _code(message),
        "TemplateParam": msgspec.json.encode(variables).decode(),
        "Timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Version": "2017-05-25",
    }
    parameters["Signature"] = aliyun_signature("POST", parameters, gateway.password)
    body = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in parameters.items())
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _request(gateway, gateway.url or ALIYUN_URL, body.encode(), headers)


def aliyun_signature(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature 1.0 of an RPC request."""
    query = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in sorted(parameters.items()))
    to_sign = f"{method}&%2F&{_percent(query)}"
    digest = hmac.new(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _code(message: Message) -> str:
    code = message.template.codes.get(message.gateway.name, "")
    if not code:
        raise SendFailed(f"template {message.template.name} has no code for this gateway", again=False)
    return code


# Tencent Cloud


async def send_by_tencent(message: Message, web: Web, now: float) -> str:
    """Send by Tencent Cloud; the template's code for this gateway is needed."""
    reply = await ask(web, tencent_request(message, now))
    response = _json(reply.body).get("Response", {})
    error = response.get("Error")
    status = (response.get("SendStatusSet") or [{}])[0]
    code = str(error["Code"] if error else status.get("Code", "?"))
    if code.lower() != "ok":
        why = (error or status).get("Message", "")
        raise SendFailed(f"{code} {why}", again=code.startswith(_BUSY))
    return str(status.get("SerialNo", ""))


def tencent_request(message: Message, now: float) -> WebRequest:
    """Return the signed request; raises SendFailed without a template code."""
    gateway, delivery = message.gateway, message.delivery
    body = msgspec.json.encode(
        {
            "PhoneNumberSet": [f"+86{delivery.to}"],
            "SmsSdkAppId": gateway.app_id,
            "SignName": gateway.sign,
            "TemplateId": _code(message),
            "TemplateParamSet": [delivery.values.get(name, "") for name in message.template.ordered],
            "SessionContext": delivery.id,
        }
    )
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Authorization": tencent_authorization(
            TENCENT_HOST, "sms", gateway.username, gateway.password, int(now), body
        ),
        "Host": TENCENT_HOST,
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(int(now)),
        "X-TC-Region": gateway.region or "ap-guangzhou",
    }
    return _request(gateway, gateway.url or f"https://{TENCENT_HOST}/", body, headers)


def tencent_authorization(host: str, service: str, name: str, secret: str, now: int, body: bytes) -> str:
    """Return the Authorization header of TC3-HMAC-SHA256; ``now``: UTC POSIX seconds."""
    rows = f"content-type:application/json; charset=utf-8\nhost:{host}\n"
    whole = f"POST\n/\n\n{rows}\ncontent-type;host\n{hashlib.sha256(body).hexdigest()}"
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"TC3-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(whole.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return (
        f"TC3-HMAC-SHA256 Credential={name}/{scope}, SignedHeaders=content-type;host, Signature={signature}"
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise SendFailed("answer is no JSON", again=True) from error
    if not isinstance(found, dict):
        raise SendFailed("answer is no JSON object", again=True)
    return found
