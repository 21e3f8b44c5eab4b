"""The kinds of notices, the variables each may name, and the words that ship."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class NoticeKind(StrEnum):
    """What people are told of."""

    MISSED_CALL = "missed-call"
    VOICEMAIL = "voicemail"
    RECHARGE = "recharge"
    LOW_BALANCE = "low-balance"
    ARREARS = "arrears"
    RENEWAL = "renewal"
    EXPIRY = "expiry"
    RECORDINGS_EXPIRE = "recordings-expire"
    RECORDINGS_QUOTA = "recordings-quota"
    PASSWORD_CODE = "password-code"  # noqa: S105 - a name
    TEST = "test"


class Variable(NamedTuple):
    """A name that a template may write in braces."""

    most: int
    """Characters of its value that are sent: carriers review templates by the length of their variables."""
    zh: str


_COMMON: Final = {
    "tenant": Variable(20, "企业名称"),
    "number": Variable(12, "400 号码"),
    "time": Variable(20, "时间"),
}
_BALANCE: Final = _COMMON | {"balance": Variable(16, "余额（元）")}
_DATED: Final = _COMMON | {"date": Variable(10, "日期"), "days": Variable(5, "剩余天数")}

VARIABLES: Final[dict[NoticeKind, dict[str, Variable]]] = {
    NoticeKind.MISSED_CALL: _COMMON
    | {
        "caller": Variable(20, "主叫号码"),
        "place": Variable(20, "归属地"),
        "reason": Variable(20, "未接原因"),
        "count": Variable(5, "来电次数"),
    },
    NoticeKind.VOICEMAIL: _COMMON
    | {"caller": Variable(20, "主叫号码"), "box": Variable(20, "信箱"), "count": Variable(5, "留言数")},
    NoticeKind.RECHARGE: _BALANCE | {"amount": Variable(16, "充值金额（元）")},
    NoticeKind.LOW_BALANCE: _BALANCE | {"days": Variable(5, "预计可用天数")},
    NoticeKind.ARREARS: _BALANCE,
    NoticeKind.RENEWAL: _DATED,
    NoticeKind.EXPIRY: _DATED,
    NoticeKind.RECORDINGS_EXPIRE: _DATED | {"count": Variable(8, "录音数")},
    NoticeKind.RECORDINGS_QUOTA: _COMMON | {"percent": Variable(5, "已用百分比")},
    NoticeKind.PASSWORD_CODE: _COMMON | {"code": Variable(6, "验证码")},
    NoticeKind.TEST: _COMMON,
}


class Words(NamedTuple):
    """What is said unless the operator wrote something else."""

    title: str
    text: str


SHIPPED: Final[dict[NoticeKind, Words]] = {
    NoticeKind.MISSED_CALL: Words(
        "未接来电提醒", "您的{number}有未接来电：{caller}，{time}，共{count}次，请及时回电。"
    ),
    NoticeKind.VOICEMAIL: Words("新留言提醒", "您的{number}收到{caller}的留言，{time}，请登录平台收听。"),
    NoticeKind.RECHARGE: Words("充值成功", "{tenant}：已充值{amount}元，当前余额{balance}元。"),
    NoticeKind.LOW_BALANCE: Words(
        "余额不足提醒", "{tenant}：余额{balance}元，约可使用{days}天，请及时充值。"
    ),
    NoticeKind.ARREARS: Words("欠费提醒", "{tenant}：余额{balance}元，已欠费，来电将无法接通，请尽快充值。"),
    NoticeKind.RENEWAL: Words("续费提醒", "{tenant}：号码{number}将于{date}到期，还有{days}天，请及时续费。"),
    NoticeKind.EXPIRY: Words("到期提醒", "{tenant}：号码{number}已于{date}到期。"),
    NoticeKind.RECORDINGS_EXPIRE: Words(
        "录音即将删除", "{tenant}：{count}条录音将于{date}起到期删除，请及时下载归档。"
    ),
    NoticeKind.RECORDINGS_QUOTA: Words(
        "录音空间提醒", "{tenant}：录音空间已用{percent}%，用满后最早的录音将先行删除。"
    ),
    NoticeKind.PASSWORD_CODE: Words(
        "重置密码验证码", "您正在重置{number}的登录密码，验证码{code}，5分钟内有效，请勿告诉他人。"
    ),
    NoticeKind.TEST: Words("测试消息", "这是一条测试消息，{time}。"),
}

CHARGED: Final = frozenset({NoticeKind.MISSED_CALL, NoticeKind.VOICEMAIL})
"""Kinds whose SMS the tenant pays; all others are the operator's own."""

PRIVATE: Final = frozenset({NoticeKind.PASSWORD_CODE})
"""Kinds for those alone who are named for them: never for ``all``, never for a group's robot."""

VALID_SECONDS: Final[dict[NoticeKind, float]] = {
    NoticeKind.MISSED_CALL: 2 * 3600.0,
    NoticeKind.VOICEMAIL: 12 * 3600.0,
    NoticeKind.PASSWORD_CODE: 300.0,
    NoticeKind.TEST: 600.0,
}
"""A notice is worth sending so long; :data:`DAY` for the others."""
DAY: Final = 86400.0
