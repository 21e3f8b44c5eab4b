"""The fields of tariffs, their editions and prices, and of agreements about numbers."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

from typing import Final

from domain.money.amounts import MOST_LI
from domain.money.tariff import CallKind, ChargedFrom
from storage.provisioning import checks as c
from storage.provisioning import days
from storage.provisioning.fields import Field, object_of

LI: Final = c.integer(0, MOST_LI)

PRICE_FIELDS: Final = (
    Field("kinds", c.list_of(c.choice(CallKind)), "local, long-distance, mobile, international, other", "Kinds of calls it holds for; empty: all", "适用的呼叫类别；空表示全部"),
    Field("hours", c.optional(days.schedule), "schedule", "When it holds; null: always", "适用时段；null 表示全天"),
    Field("first_seconds", c.integer(1, 86400), "1 to 86400", "Length of the first block", "首段时长（秒）"),
    Field("first_li", LI, "厘", "Price of the first block, in 0.001 yuan", "首段价格（厘）"),
    Field("step_seconds", c.integer(1, 86400), "1 to 86400", "Length of each further block", "后续计费单元（秒）"),
    Field("step_li", LI, "厘", "Price of each further block", "后续每单元价格（厘）"),
    Field("minimum_li", LI, "厘", "Least charge of a call", "每次通话最低收费（厘）"),
)  # fmt: skip

EDITION_FIELDS: Final = (
    Field("valid_from", c.or_empty(c.day), "YYYY-MM-DD", "First day it holds (Beijing); empty: since ever", "生效日期（北京时间）；空表示一直有效"),
    Field("charged_from", c.choice(ChargedFrom), "box, answerer", "When the charged time begins", "计费起点：平台应答或坐席应答"),
    Field("prices", c.list_of(object_of(PRICE_FIELDS), unique=False), "list of prices", "The first that fits a call holds", "价格，按顺序取第一个适用的"),
    Field("included_seconds", c.integer(0, 10**9), "0 to 1000000000", "Seconds a month that are not charged", "每月免费时长（秒）"),
    Field("monthly_li", LI, "厘", "Monthly fee", "月租（厘）"),
    Field("message_li", LI, "厘", "Price of an SMS", "每条短信价格（厘）"),
    Field("storage_li", LI, "厘", "Price of one GiB of recordings a month", "录音存储每 GiB 每月价格（厘）"),
)  # fmt: skip

TARIFF_FIELDS: Final = (
    Field("editions", c.list_of(object_of(EDITION_FIELDS), unique=False), "list of editions", "What it charges from which day on", "各版本及生效日期"),
)  # fmt: skip

SPEND_STEP_FIELDS: Final = (
    Field("from_month", c.integer(1, 1200), "1 to 1200", "Natural month after the month of activation", "开通后第几个自然月起（开通当月为 0）"),
    Field("minimum_li", LI, "厘", "Minimum from that month on", "自该月起的最低消费（厘）"),
)  # fmt: skip

AGREEMENT_FIELDS: Final = (
    Field("number", c.number_400, "400 number", "The number it is about", "400 号码"),
    Field("since", c.day, "YYYY-MM-DD", "Day of activation", "开通日期"),
    Field("until", c.or_empty(c.day), "YYYY-MM-DD", "Last day; empty: it goes on", "最后一天；空表示继续有效"),
    Field("picking_li", LI, "厘", "选号费: once, in the month of activation", "选号费（厘），开通当月一次性收取"),
    Field("monthly_li", LI, "厘", "Fee of the number a month; by days in the first and last month", "号码月租（厘）；首末月按天折算"),
    Field("minimum_li", LI, "厘", "最低消费 a month; by days in the first and last month", "每月最低消费（厘）；首末月按天折算"),
    Field("steps", c.list_of(object_of(SPEND_STEP_FIELDS), unique=False), "list of steps", "Other minimums from a month on", "从第几个月起改为其他最低消费"),
)  # fmt: skip
