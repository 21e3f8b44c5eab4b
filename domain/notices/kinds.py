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
    TICKET = "ticket"
    TICKET_LATE = "ticket-late"
    TICKET_ANSWER = "ticket-answer"
    TICKET_REMINDER = "ticket-reminder"
    TICKET_CLOSED = "ticket-closed"
    FOLLOW_UP = "follow-up"
    REPORT = "report"
    CONVERSATION = "conversation"
    """A text that an agent writes to who wrote to him; no template, no recipients."""
    PASSWORD_CODE = "password-code"  # noqa: S105 - a name
    ALARM = "alarm"
    TEST = "test"


class Variable(NamedTuple):
    """A name that a template may write in braces."""

    most: int
    """Characters of its value that are sent: carriers review templates by the length of their variables."""
    zh: str
    link: bool = False
    """The box itself made it, so it may be a link."""


_COMMON: Final = {
    "tenant": Variable(20, "企业名称"),
    "number": Variable(12, "400 号码"),
    "time": Variable(20, "时间"),
}
_BALANCE: Final = _COMMON | {"balance": Variable(16, "余额（元）")}
_TICKET: Final = {
    "tenant": Variable(20, "企业名称"),
    "time": Variable(20, "时间"),
    "ticket": Variable(12, "工单号"),
    "subject": Variable(40, "标题"),
    "from": Variable(20, "提交人"),
    "answer": Variable(200, "内容摘要"),
}
_TO_ASKER: Final = _TICKET | {
    "code": Variable(14, "查询码"),
    "link": Variable(200, "查看链接", link=True),
}
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
    NoticeKind.TICKET: _TICKET,
    NoticeKind.TICKET_LATE: _TICKET,
    NoticeKind.TICKET_ANSWER: _TO_ASKER,
    NoticeKind.TICKET_REMINDER: _TO_ASKER,
    NoticeKind.TICKET_CLOSED: _TO_ASKER,
    NoticeKind.FOLLOW_UP: _COMMON
    | {
        "customer": Variable(20, "客户"),
        "about": Variable(40, "回访事项"),
        "agent": Variable(12, "负责人工号"),
    },
    NoticeKind.PASSWORD_CODE: _COMMON | {"code": Variable(6, "验证码")},
    NoticeKind.ALARM: _COMMON
    | {"state": Variable(4, "告警级别，或“恢复”"), "alarm": Variable(60, "告警内容")},
    NoticeKind.REPORT: _COMMON,
    NoticeKind.CONVERSATION: _COMMON,
    NoticeKind.TEST: _COMMON,
}


class Words(NamedTuple):
    """What is said unless the operator wrote something else."""

    title: str
    text: str
    sms: str = ""
    """Empty: the same."""


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
    NoticeKind.TICKET: Words(
        "工单待答复：{subject}",
        "工单{ticket}“{subject}”等待答复，提交人：{from}，{time}。{answer}",
        "工单{ticket}“{subject}”等待答复，提交人{from}，请登录平台处理。",
    ),
    NoticeKind.TICKET_LATE: Words(
        "工单超时：{subject}", "工单{ticket}“{subject}”已超过答复时限，请尽快处理。"
    ),
    NoticeKind.TICKET_ANSWER: Words(
        "工单已答复：{subject}",
        "您的工单{ticket}“{subject}”已有答复：{answer}\n查询码：{code}\n{link}\n请查看并确认问题是否解决。",
        "您的工单{ticket}已有答复，请凭查询码{code}在线查看并确认。",
    ),
    NoticeKind.TICKET_REMINDER: Words(
        "请确认工单：{subject}",
        "您的工单{ticket}“{subject}”已答复，请确认问题是否解决；逾期未回复将自动关闭。\n查询码：{code}\n{link}",
        "您的工单{ticket}已答复，请凭查询码{code}确认是否解决，逾期未回复将自动关闭。",
    ),
    NoticeKind.TICKET_CLOSED: Words(
        "工单已关闭：{subject}",
        "您的工单{ticket}“{subject}”已关闭，欢迎评价本次服务。\n查询码：{code}\n{link}",
        "您的工单{ticket}已关闭，欢迎凭查询码{code}在线评价本次服务。",
    ),
    NoticeKind.FOLLOW_UP: Words(
        "客户回访提醒", "客户{customer}的回访时间到了（{time}）：{about}。负责人：{agent}。"
    ),
    NoticeKind.PASSWORD_CODE: Words(
        "重置密码验证码", "您正在重置{number}的登录密码，验证码{code}，5分钟内有效，请勿告诉他人。"
    ),
    NoticeKind.ALARM: Words("系统告警", "[{state}] {alarm}，{time}。"),
    NoticeKind.REPORT: Words("呼叫分析报表", "{tenant}：呼叫分析报表见附件。"),
    NoticeKind.CONVERSATION: Words("会话", "{tenant}"),
    NoticeKind.TEST: Words("测试消息", "这是一条测试消息，{time}。"),
}

CHARGED: Final = frozenset(
    {
        NoticeKind.MISSED_CALL,
        NoticeKind.VOICEMAIL,
        NoticeKind.FOLLOW_UP,
        NoticeKind.CONVERSATION,
        NoticeKind.TICKET,
        NoticeKind.TICKET_LATE,
        NoticeKind.TICKET_ANSWER,
        NoticeKind.TICKET_REMINDER,
        NoticeKind.TICKET_CLOSED,
    }
)
"""Kinds whose SMS the tenant pays; all others are the operator's own, as is what has no tenant."""

FREE_TEXT: Final = frozenset({NoticeKind.TEST, NoticeKind.CONVERSATION})
"""Kinds whose SMS follow no template that carriers review: tests, and answers to who wrote first."""

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
