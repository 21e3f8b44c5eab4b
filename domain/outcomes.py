"""How a call can end: one table for the record, the SIP answer, and the words people read.

Every call ends with exactly one :class:`Outcome`. The SIP status is what the caller's side is told when
nothing was answered yet; ``announcement`` names a system prompt to play first where the trunk allows early
media.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """Why a call ended, as the record keeps it."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    GAVE_UP_WELCOME = "gave-up-welcome"
    GAVE_UP_RINGING = "gave-up-ringing"
    GAVE_UP_EARLY = "gave-up-early"
    GAVE_UP_QUEUE = "gave-up-queue"
    QUEUE_FULL = "queue-full"
    WAITED_TOO_LONG = "waited-too-long"
    NO_AGENTS = "no-agents"
    QUEUE_CLOSED = "queue-closed"
    CALL_BACK_WISHED = "call-back-wished"
    """He left a queue and is to be called back at his turn."""
    AGENT_CODE = "agent-code"
    """An agent dialled a star code: login, logout, pause, resume."""
    PICK_UP_REFUSED = "pick-up-refused"
    """A phone asked to take the place of a leg that it may not have, or that was gone."""
    GAVE_UP_MENU = "gave-up-menu"
    NUMBER_UNKNOWN = "number-unknown"
    NOTHING_BOUND = "nothing-bound"
    SUSPENDED = "suspended"
    NUMBER_IN_ARREARS = "number-in-arrears"
    NUMBER_MISUSED = "number-misused"
    NUMBER_FROZEN = "number-frozen"
    NUMBER_RECLAIMED = "number-reclaimed"
    """Nobody has the number any more."""
    OVER_TENANT_LIMIT = "over-tenant-limit"
    OVER_TRUNK_LIMIT = "over-trunk-limit"
    OVER_BOX_LIMIT = "over-box-limit"
    RUNG_TOO_OFTEN = "rung-too-often"
    TRUNK_DOWN = "trunk-down"
    REFUSED_BY_TARGET = "refused-by-target"
    MEDIA_LOST = "media-lost"
    NO_COMMON_CODEC = "no-common-codec"
    BAD_REQUEST = "bad-request"
    CUT_BY_CRASH = "cut-by-crash"
    CUT_BY_OPERATOR = "cut-by-operator"
    SHUTDOWN = "shutdown"
    INTERNAL_ERROR = "internal-error"
    ANNOUNCED = "announced"
    REJECTED = "rejected"
    BLACKLISTED = "blacklisted"
    AREA_DENIED = "area-denied"
    CAPPED = "capped"
    NO_BALANCE = "no-balance"
    CLOSED = "closed"
    PIN_WRONG = "pin-wrong"
    GAVE_UP_PIN = "gave-up-pin"
    ROUTED_IN_CIRCLES = "routed-in-circles"
    MESSAGE_LEFT = "message-left"
    NO_MESSAGE = "no-message"
    """The caller reached voicemail and left nothing that was kept."""
    MAILBOX_FULL = "mailbox-full"
    AGENT_NOT_REACHED = "agent-not-reached"
    """Of a call-back: the agent's phone, which is rung first, was not answered."""
    AGENT_LEFT = "agent-left"
    """Of a call-back: the agent hung up before the customer answered."""
    NOT_ALLOWED = "not-allowed"
    """Of a call-back: the customer may not be rung, or not so often."""
    MENU_ENDED = "menu-ended"
    MENU_NO_KEY = "menu-no-key"
    MENU_WRONG_KEYS = "menu-wrong-keys"
    MENU_BROKEN = "menu-broken"


class Verdict(NamedTuple):
    """What an outcome means on the wire and in words."""

    sip_status: int
    sip_reason: str
    announcement: str | None
    zh: str
    en: str


VERDICTS: dict[Outcome, Verdict] = {
    Outcome.ANSWERED: Verdict(200, "OK", None, "已接通", "Answered"),
    Outcome.BUSY: Verdict(486, "Busy Here", "busy", "全部占线", "All bound numbers busy"),
    Outcome.NO_ANSWER: Verdict(480, "Temporarily Unavailable", "no-answer", "无人接听", "Nobody answered"),
    Outcome.GAVE_UP_WELCOME: Verdict(
        487, "Request Terminated", None, "主叫在欢迎词中挂机", "Caller hung up during the welcome prompt"
    ),
    Outcome.GAVE_UP_RINGING: Verdict(
        487, "Request Terminated", None, "主叫在振铃中挂机", "Caller hung up while phones rang"
    ),
    Outcome.GAVE_UP_EARLY: Verdict(
        487, "Request Terminated", None, "主叫在接续前挂机", "Caller hung up before anything rang"
    ),
    Outcome.GAVE_UP_MENU: Verdict(
        487, "Request Terminated", None, "主叫在语音导航中挂机", "Caller hung up in the voice menu"
    ),
    Outcome.GAVE_UP_QUEUE: Verdict(
        487, "Request Terminated", None, "主叫在排队中挂机", "Caller hung up while waiting in a queue"
    ),
    Outcome.QUEUE_FULL: Verdict(486, "Busy Here", "queue-full", "排队人数已满", "The queue was full"),
    Outcome.WAITED_TOO_LONG: Verdict(
        480, "Temporarily Unavailable", "busy", "排队等待超时", "Waited too long in a queue"
    ),
    Outcome.NO_AGENTS: Verdict(
        480, "Temporarily Unavailable", "no-answer", "无坐席登录", "No agent was logged in"
    ),
    Outcome.QUEUE_CLOSED: Verdict(
        480, "Temporarily Unavailable", "after-hours", "队列非工作时间", "The queue was closed"
    ),
    Outcome.CALL_BACK_WISHED: Verdict(
        480, "Temporarily Unavailable", None, "已登记回拨", "Keeps the place in the queue and is called back"
    ),
    Outcome.AGENT_CODE: Verdict(200, "OK", None, "坐席功能码", "An agent's star code"),
    Outcome.PICK_UP_REFUSED: Verdict(
        403, "Forbidden", None, "代接未获允许", "The call may not be picked up, or not any more"
    ),
    Outcome.NUMBER_UNKNOWN: Verdict(
        404, "Not Found", "number-unknown", "号码未开通", "Number not in service"
    ),
    Outcome.NOTHING_BOUND: Verdict(
        480, "Temporarily Unavailable", "no-answer", "没有可振铃的绑定号码", "No bound number is on"
    ),
    Outcome.SUSPENDED: Verdict(403, "Forbidden", "suspended", "号码已停机", "Tenant or number suspended"),
    Outcome.NUMBER_IN_ARREARS: Verdict(
        403, "Forbidden", "suspended", "欠费停机", "Number suspended for arrears"
    ),
    Outcome.NUMBER_MISUSED: Verdict(403, "Forbidden", "suspended", "违规停机", "Number suspended for misuse"),
    Outcome.NUMBER_FROZEN: Verdict(403, "Forbidden", "suspended", "号码已冻结", "Number frozen"),
    Outcome.NUMBER_RECLAIMED: Verdict(410, "Gone", "number-unknown", "号码已收回", "Number reclaimed"),
    Outcome.OVER_TENANT_LIMIT: Verdict(
        486, "Busy Here", "busy", "超过企业并发上限", "Over the tenant's concurrent calls"
    ),
    Outcome.OVER_TRUNK_LIMIT: Verdict(
        503, "Service Unavailable", None, "超过中继并发或速率上限", "Over the trunk's channels or call rate"
    ),
    Outcome.OVER_BOX_LIMIT: Verdict(
        503, "Service Unavailable", None, "超过本机并发上限", "Over the box's concurrent calls"
    ),
    Outcome.RUNG_TOO_OFTEN: Verdict(
        486, "Busy Here", "busy", "超过振铃频率上限", "Over the limit of how often numbers may be rung"
    ),
    Outcome.TRUNK_DOWN: Verdict(
        503, "Service Unavailable", "trunk-down", "出局中继不可用", "No outbound trunk available"
    ),
    Outcome.REFUSED_BY_TARGET: Verdict(
        480,
        "Temporarily Unavailable",
        "no-answer",
        "绑定号码拒接或不可达",
        "Bound numbers refused or unreachable",
    ),
    Outcome.MEDIA_LOST: Verdict(480, "Temporarily Unavailable", None, "语音中断", "Audio was lost"),
    Outcome.NO_COMMON_CODEC: Verdict(
        488, "Not Acceptable Here", None, "语音编码不匹配", "No codec in common"
    ),
    Outcome.BAD_REQUEST: Verdict(400, "Bad Request", None, "呼叫信令有误", "The call request was wrong"),
    Outcome.CUT_BY_CRASH: Verdict(500, "Server Internal Error", None, "系统故障中断", "Cut by a crash"),
    Outcome.CUT_BY_OPERATOR: Verdict(
        480, "Temporarily Unavailable", None, "管理员拆线", "Taken down by an operator"
    ),
    Outcome.SHUTDOWN: Verdict(503, "Service Unavailable", None, "系统停机", "The box was shut down"),
    Outcome.ANNOUNCED: Verdict(
        480, "Temporarily Unavailable", None, "播放提示音后结束", "Ended after an announcement, as configured"
    ),
    Outcome.REJECTED: Verdict(603, "Decline", None, "按路由规则挂断", "Hung up by the routing rules"),
    Outcome.BLACKLISTED: Verdict(603, "Decline", "caller-barred", "黑名单拦截", "The caller is blacklisted"),
    Outcome.AREA_DENIED: Verdict(
        603, "Decline", "area-barred", "呼叫阻截（地区限制）", "The caller's area is barred"
    ),
    Outcome.CAPPED: Verdict(
        480, "Temporarily Unavailable", "cap-reached", "费用控制达到上限", "The month's cap is reached"
    ),
    Outcome.NO_BALANCE: Verdict(403, "Forbidden", "suspended", "余额不足", "The tenant's balance is used up"),
    Outcome.CLOSED: Verdict(
        480, "Temporarily Unavailable", "after-hours", "非营业时间", "Called outside opening hours"
    ),
    Outcome.PIN_WRONG: Verdict(403, "Forbidden", "pin-refused", "专用密码错误", "The PIN was wrong"),
    Outcome.GAVE_UP_PIN: Verdict(
        487, "Request Terminated", None, "主叫在输入专用密码时挂机", "Caller hung up while the PIN was asked"
    ),
    Outcome.ROUTED_IN_CIRCLES: Verdict(
        482, "Loop Detected", "no-answer", "路由循环", "Its destinations led in a circle"
    ),
    Outcome.MESSAGE_LEFT: Verdict(480, "Temporarily Unavailable", None, "已留言", "Left a message"),
    Outcome.NO_MESSAGE: Verdict(
        480, "Temporarily Unavailable", None, "进入留言但未留言", "Reached voicemail, left no message"
    ),
    Outcome.MAILBOX_FULL: Verdict(
        480, "Temporarily Unavailable", "mailbox-full", "留言信箱已满", "The mailbox is full"
    ),
    Outcome.AGENT_NOT_REACHED: Verdict(
        480, "Temporarily Unavailable", None, "回拨时座席未接听", "The agent did not answer the call-back"
    ),
    Outcome.AGENT_LEFT: Verdict(
        487, "Request Terminated", None, "回拨时座席先挂机", "The agent hung up before the customer answered"
    ),
    Outcome.NOT_ALLOWED: Verdict(403, "Forbidden", None, "不允许回拨", "The call-back is not allowed"),
    Outcome.MENU_ENDED: Verdict(
        480, "Temporarily Unavailable", None, "语音导航结束", "Ended by the voice menu, as configured"
    ),
    Outcome.MENU_NO_KEY: Verdict(
        480, "Temporarily Unavailable", "goodbye", "语音导航中无按键", "No key was pressed in the voice menu"
    ),
    Outcome.MENU_WRONG_KEYS: Verdict(
        480,
        "Temporarily Unavailable",
        "goodbye",
        "语音导航中按键错误次数过多",
        "Too many wrong keys in the menu",
    ),
    Outcome.MENU_BROKEN: Verdict(
        480, "Temporarily Unavailable", "no-answer", "语音导航配置有误", "The voice menu is misconfigured"
    ),
    Outcome.INTERNAL_ERROR: Verdict(500, "Server Internal Error", None, "系统内部错误", "Internal error"),
}


class HungUpBy(StrEnum):
    """Who ended the call."""

    CALLER = "caller"
    ANSWERER = "answerer"
    BOX = "box"


_BUSY = frozenset({486, 600})
_SILENT = frozenset({408, 480, 487})
_WRONG_MEDIA = frozenset({415, 488, 606})
_WEIGHT = (
    Outcome.NO_ANSWER,
    Outcome.BUSY,
    Outcome.REFUSED_BY_TARGET,
    Outcome.NO_COMMON_CODEC,
    Outcome.RUNG_TOO_OFTEN,
    Outcome.OVER_TRUNK_LIMIT,
    Outcome.TRUNK_DOWN,
)


def outcome_of_status(status: int) -> Outcome:
    """Say what a final SIP status (300-699) of a dialled leg means for the record."""
    if status in _BUSY:
        return Outcome.BUSY
    if status in _SILENT:
        return Outcome.NO_ANSWER
    if status in _WRONG_MEDIA:
        return Outcome.NO_COMMON_CODEC
    if 500 <= status < 600:
        return Outcome.TRUNK_DOWN
    return Outcome.REFUSED_BY_TARGET


def outcome_of_all(failures: Iterable[Outcome]) -> Outcome:
    """Say how a call ended whose legs all failed, each in its way.

    Busy only when nobody could have answered but was busy; a phone that rang in vain outweighs a busy one,
    and anything a phone said outweighs the trunk. Without failures nothing was there to ring.
    """
    seen = set(failures)
    for outcome in _WEIGHT:
        if outcome in seen:
            return outcome
    return min(seen, default=Outcome.NOTHING_BOUND)
