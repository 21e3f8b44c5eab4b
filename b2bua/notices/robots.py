"""Robots of WeCom (企业微信) and DingTalk (钉钉) groups: text messages to their webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from b2bua.calls.web import WebRequest
from b2bua.notices.sending import SendFailed, Web, ask
from domain.notices.ways import Robot, RobotKind

SECONDS: Final = 10.0
_TOO_OFTEN: Final = (45009, 130101)
"""What WeCom and DingTalk answer when a robot speaks too often."""
_BUSY: Final = (-1, *_TOO_OFTEN)


async def say(robot: Robot, tenant: str, text: str, web: Web, now: float) -> str:
    """Let a robot say a text; raises SendFailed."""
    body = msgspec.json.encode({"msgtype": "text", "text": {"content": text}})
    reply = await ask(web, WebRequest(tenant, address(robot, now), body, "", SECONDS))
    try:
        said: Any = msgspec.json.decode(reply.body)
    except msgspec.DecodeError as error:
        raise SendFailed("answer is no JSON", again=True) from error
    code = said.get("errcode") if isinstance(said, dict) else None
    if code != 0:
        why = said.get("errmsg", "") if isinstance(said, dict) else ""
        raise SendFailed(f"{code} {why}", again=code in _BUSY)
    return ""


def address(robot: Robot, now: float) -> str:
    """Return where a robot is reached; DingTalk's 加签 signs the time (UTC POSIX seconds)."""
    if robot.kind is not RobotKind.DINGTALK or not robot.secret:
        return robot.url
    moment = str(int(now * 1000))
    digest = hmac.new(robot.secret.encode(), f"{moment}\n{robot.secret}".encode(), hashlib.sha256).digest()
    joint = "&" if "?" in robot.url else "?"
    return f"{robot.url}{joint}timestamp={moment}&sign={quote_plus(base64.b64encode(digest))}"
