"""The fields of queues and agents in a provisioning file."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

import re
from typing import Any, Final

from domain.acd.configuration import Strategy
from domain.names import IDENTIFIER
from storage.provisioning import checks as c
from storage.provisioning import days
from storage.provisioning.fields import Field, object_of
from storage.provisioning.tree import Node, Scalar

_key: Final = c.matching(re.compile("[0-9*#]", re.ASCII), "choice", choices="0-9, *, #")

QUEUE_FIELDS: Final = (
    Field("label", c.text(60), "text", "Its name for people", "队列名称"),
    Field("strategy", c.choice(Strategy), "longest-idle, rotating, fewest-calls, skills, ring-all, sticky, ordered", "Which free agent is offered the next call", "分配策略：最长空闲、轮循、最少接听、技能优先、全部振铃、熟客优先、固定顺序"),
    Field("ring_seconds", c.decimal(5, 120), "5 to 120 s", "How long an agent is rung", "坐席振铃时限（秒）"),
    Field("wrap_up_seconds", c.decimal(0, 3600), "0 to 3600 s", "Time for wrap-up after each call", "话后整理时长（秒）"),
    Field("missed_limit", c.integer(0, 100), "0 to 100", "Missed calls in a row after which an agent is paused; 0: never", "连续漏接几次后自动示忙；0 表示不自动示忙"),
    Field("sticky_seconds", c.decimal(0, 600), "0 to 600 s", "How long sticky waits for the caller's last agent", "熟客优先时等候上次坐席的时长（秒）"),
    Field("vip_seconds", c.decimal(0, 3600), "0 to 3600 s", "Head start of VIP callers", "VIP 客户提前量（秒）"),
    Field("max_waiting", c.integer(1, 1000), "1 to 1000", "Callers who may wait", "最大排队人数"),
    Field("max_wait_seconds", c.decimal(10, 7200), "10 to 7200 s", "Longest wait", "最长等待时间（秒）"),
    Field("overflow", c.optional(c.destination), "destination", "Where a call goes that finds the queue full or has waited too long; null: it ends with an announcement", "队列已满或等待超时转到哪里；null 表示播放提示后结束"),
    Field("no_agents", c.optional(c.destination), "destination", "Where it goes when no agent is logged in; null: it ends with an announcement", "无坐席登录时转到哪里；null 表示播放提示后结束"),
    Field("no_agents_seconds", c.decimal(0, 600), "0 to 600 s", "How long callers wait on after the last agent has logged out", "最后一个坐席退出后继续等待的时长（秒）"),
    Field("closed", c.optional(c.destination), "destination", "Where it goes out of hours, at closing time too; null: it ends with an announcement", "非工作时间转到哪里（下班时仍在排队的来电同样处理）；null 表示播放提示后结束"),
    Field("hours", c.optional(days.schedule), "schedule", "When it is open; null: always", "开放时间；null 表示全天"),
    Field("music", c.optional(c.prompt), "audio", "What waiting callers hear; null: the shipped music", "等待音乐；null 表示自带音乐"),
    Field("comfort", c.optional(c.prompt), "audio", "Message to waiting callers; null: the shipped one", "安抚提示音；null 表示自带提示音"),
    Field("announce_seconds", c.zero_or(10, 600), "0, or 10 to 600", "Between two messages to a waiting caller; 0: none", "播报间隔（秒）；0 表示不播报"),
    Field("announce_position", c.flag, "true, false", "Tell his position", "是否播报排队位置"),
    Field("announce_wait", c.flag, "true, false", "Tell the expected wait", "是否播报预计等待时间"),
    Field("handling_seconds", c.decimal(10, 3600), "10 to 3600 s", "What a call is thought to take until the queue has seen some", "初始平均处理时长（秒），用于预计等待时间"),
    Field("source", c.optional(c.prompt), "audio", "What the agent hears after 400来电: the queue's name, say", "来源播报：接在“400来电”之后，例如队列名称"),
    Field("announce_agent", c.flag, "true, false", "Tell the caller who serves him", "是否工号播报"),
    Field("rating", c.flag, "true, false", "Ask the caller to rate the service when the agent has hung up", "是否服务评分"),
    Field("keys", c.table_of(_key, c.destination), "key: destination", "Where a waiting caller goes who presses a key", "等待中按键转到哪里"),
    Field("call_back_key", c.or_empty(_key), "0-9, *, #", "Key by which he keeps his place and is called back; empty: none", "登记回拨（保留排队位置）的按键；空表示无"),
)  # fmt: skip

_MEMBERSHIP_FIELDS: Final = (
    Field("queue", c.name, "name of a queue", "Queue he serves", "所属队列"),
    Field("level", c.integer(1, 10), "1 to 10", "Skill; 10 is the best", "技能等级，10 最高"),
    Field("priority", c.integer(0, 10), "0 to 10", "Which queue he serves first; a point is worth a minute of waiting", "队列优先级，每级相当于多等一分钟"),
)  # fmt: skip


def _membership(node: Node, path: str, reading: c.Reading) -> Any:
    """A queue's name alone, or a mapping."""
    if isinstance(node, Scalar):
        queue = c.name(node, path, reading)
        return c.INVALID if queue is c.INVALID else {"queue": queue}
    found = object_of(_MEMBERSHIP_FIELDS)(node, path, reading)
    if found is not c.INVALID and "queue" not in found:
        return reading.wrong(node, f"{path}.queue", "empty")
    return found


AGENT_FIELDS: Final = (
    Field("label", c.text(60), "text", "The person's name", "姓名"),
    Field("target", c.matching(IDENTIFIER, "phone"), "digits or extension", "Where he is rung: an extension of the tenant, or a telephone number", "振铃号码：企业的分机，或电话号码"),
    Field("queues", c.list_of(_membership, unique=False), "list of queues, or of queue, level, priority", "Queues he serves", "所属队列，可带技能等级和优先级"),
    Field("wrap_up_seconds", c.optional(c.decimal(0, 3600)), "0 to 3600 s, or null", "Time for wrap-up; null: as the queue says", "话后整理时长（秒）；null 表示按队列设置"),
    Field("logged_in", c.flag, "true, false", "Whether he is logged in before he ever logged in or out", "首次是否即为登录状态"),
)  # fmt: skip
