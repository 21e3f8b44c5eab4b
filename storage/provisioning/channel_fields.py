"""The fields of mailboxes and SMS lines."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

import re
from typing import Final

from domain.notices.ways import Encryption
from storage.provisioning import checks as c
from storage.provisioning import days
from storage.provisioning.fields import Field
from storage.provisioning.notice_fields import email

_line: Final = c.matching(re.compile(r"[0-9]{3,21}", re.ASCII), "line")
_COMMON: Final = (
    Field("enabled", c.flag, "true, false", "Whether it is used", "是否启用"),
    Field("queue", c.or_empty(c.name), "name of a queue, or empty", "Whose agents see to it; empty: all", "由哪个队列的坐席处理；空表示全部坐席"),
    Field("hours", days.schedule, "list of bands", "When somebody is there; none: always", "服务时间；不填表示全天"),
    Field("closed_text", c.text(500), "text", "Sent back out of hours; empty: nothing", "非服务时间自动回复；空表示不回复"),
)  # fmt: skip

MAILBOX_FIELDS: Final = (
    Field("address", c.or_empty(email), "e-mail address", "What customers write to", "客户写信的邮箱地址"),
    Field("label", c.text(40), "text", "Name beside the address", "发件人名称"),
    Field("imap_host", c.or_empty(c.host), "host", "Where e-mails are fetched", "收信服务器（IMAP）"),
    Field("imap_port", c.zero_or(1, 65535), "0, or 1 to 65535", "0: 993 with TLS, else 143", "收信端口；0 表示默认"),
    Field("imap_encryption", c.choice(Encryption), "none, starttls, tls", "TLS of IMAP", "收信加密方式"),
    Field("username", c.text(), "text", "Account; empty: the address", "账号；空表示与邮箱地址相同"),
    Field("password", c.given_secret, "text", "Its password, or authorisation code", "密码或授权码", secret=True),
    Field("folder", c.text(100), "text", "Folder of new e-mails", "收信文件夹"),
    Field("smtp_host", c.or_empty(c.host), "host", "Where e-mails are handed over; empty: nothing is sent", "发信服务器（SMTP）；空表示不发信"),
    Field("smtp_port", c.zero_or(1, 65535), "0, or 1 to 65535", "0: the usual one", "发信端口；0 表示默认"),
    Field("smtp_encryption", c.choice(Encryption), "none, starttls, tls", "TLS of SMTP", "发信加密方式"),
    Field("poll_seconds", c.decimal(5, 3600), "5 to 3600 s", "How often it is looked into", "收信间隔（秒）"),
    Field("rating", c.flag, "true, false", "Whether customers are asked to rate when their conversation is closed: by a link to the tenant's public page", "会话关闭时邀请客户评价：发送公开页面（线上客服）的链接"),
    Field("signature", c.text(500), "text", "Below each answer", "回复签名"),
    *_COMMON,
)  # fmt: skip

SMS_LINE_FIELDS: Final = (
    Field("number", c.or_empty(_line), "digits", "What customers write to: a number of the gateway, or the tenant's own 4001 number", "客户发短信的号码：网关号码，或本企业 4001 开头的 400 号码"),
    *_COMMON,
)  # fmt: skip
