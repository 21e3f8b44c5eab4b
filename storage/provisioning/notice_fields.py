"""The fields of gateways, templates, recipients, robots and webhooks."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

import re
from typing import Any, Final

from domain.flow.checker import is_web_address
from domain.notices.kinds import FREE_TEXT, NoticeKind
from domain.notices.template import TemplateState
from domain.notices.ways import BodyForm, CallEvent, Encryption, GatewayKind, RobotKind
from domain.recipient import EMAIL, MOBILE
from storage.provisioning import checks as c
from storage.provisioning.fields import Field
from storage.provisioning.flow_fields import signing_secret
from storage.provisioning.tree import Node

mobile: Final = c.matching(MOBILE, "mobile")
email: Final = c.matching(EMAIL, "email")


def web_address(node: Node, path: str, reading: c.Reading) -> Any:
    """The address of a web server, which may hold variables in braces."""
    value = c.text(1000)(node, path, reading)
    if value is not c.INVALID and not is_web_address(re.sub(r"\{[a-z_]+\}", "x", value)):
        return reading.wrong(node, path, "web-address", value=value)
    return value


def _pattern(node: Node, path: str, reading: c.Reading) -> Any:
    value = c.text(200)(node, path, reading)
    if value is c.INVALID:
        return value
    try:
        re.compile(value)
    except re.error as error:
        return reading.wrong(node, path, "pattern", value=value, why=error)
    return value


GATEWAY_FIELDS: Final = (
    Field("kind", c.choice(GatewayKind), ", ".join(GatewayKind), "How it is spoken to; smtp takes e-mail, all others SMS", "网关类型；smtp 发邮件，其余发短信"),
    Field("enabled", c.flag, "true, false", "Whether it is used", "是否启用"),
    Field("rank", c.integer(0, 1000), "0 to 1000", "Lower ones are used first; the next one after a failure", "优先级，小者优先；失败后换下一个"),
    Field("url", c.or_empty(web_address), "https://HOST/PATH", "Of http, with {mobile} {text} {id} {sign} {username} {password} {time} where they belong", "http 网关地址，可含 {mobile} {text} {id} {sign} {username} {password} {time}", has_keys=True),
    Field("body", c.text(2000), "text", "Of http: what is posted, with the same variables; empty: a GET", "http 网关的请求体，变量同上；空表示 GET", has_keys=True),
    Field("form", c.choice(BodyForm), "form, json", "How variables in the body are written", "请求体格式"),
    Field("success", _pattern, "regular expression", "Of http: what good answers match; empty: any 2xx", "http 网关成功应答须匹配的正则；空表示任意 2xx"),
    Field("host", c.or_empty(c.host), "host", "Of smtp, smpp and cmpp", "smtp、smpp、cmpp 主机"),
    Field("port", c.zero_or(1, 65535), "0, or 1 to 65535", "0: the usual one", "端口；0 表示默认"),
    Field("username", c.text(), "text", "Account: AccessKeyId, SecretId, system_id, SP code, mailbox", "账号：AccessKeyId、SecretId、system_id、企业代码、邮箱"),
    Field("password", c.given_secret, "text", "Its password or secret key", "密码或密钥", secret=True),
    Field("sign", c.text(20), "text", "Signature of SMS, without brackets", "短信签名，不含方括号"),
    Field("sender", c.text(100), "text", "From address of e-mail; source number of smpp and cmpp", "发件人地址；smpp、cmpp 的源号码（接入号）"),
    Field("app_id", c.text(40), "text", "SdkAppId of tencent; service id of cmpp; system type of smpp", "腾讯云 SdkAppId；cmpp 业务代码；smpp 系统类型"),
    Field("region", c.text(40), "text", "Region of aliyun and tencent; empty: cn-hangzhou, ap-guangzhou", "阿里云、腾讯云地域；空表示 cn-hangzhou、ap-guangzhou"),
    Field("encryption", c.choice(Encryption), "none, starttls, tls", "TLS of smtp", "smtp 加密方式"),
    Field("seconds", c.decimal(1, 60), "1 to 60 s", "How long an answer is waited for", "等待应答的时间（秒）"),
    Field("per_second", c.decimal(0.1, 1000), "0.1 to 1000", "Messages a second", "每秒最多发送条数"),
    Field("receives", c.flag, "true, false", "Of smpp and cmpp: whether SMS come in by it, so that its session is always up", "smpp、cmpp：是否接收上行短信（会话常在线）"),
)  # fmt: skip

TEMPLATE_FIELDS: Final = (
    Field("sms", c.text(500), "text with {variables}", "The SMS; empty: as it ships (docs/notices.md)", "短信正文；空表示自带文字（见 docs/notices.md）"),
    Field("title", c.text(60), "text with {variables}", "Subject of e-mails, first line in groups", "邮件主题、群消息首行"),
    Field("text", c.text(1000), "text with {variables}", "What e-mails and robots say", "邮件和群消息正文"),
    Field("state", c.choice(TemplateState), "draft, submitted, approved, rejected", "Review of the SMS text; only approved ones are sent", "短信模板审核状态；仅 approved 才会发送"),
    Field("codes", c.table_of(c.identifier, c.text(40)), "gateway: code", "What aliyun and tencent call the template", "阿里云、腾讯云的模板编号"),
    Field("order", c.list_of(c.text(20)), "list of variables", "How tencent numbers them; empty: as in the text", "腾讯云模板变量顺序；空表示按正文顺序"),
)  # fmt: skip

RECIPIENTS_FIELDS: Final = (
    Field("mobiles", c.list_of(mobile, most=10), "list of mobile numbers", "Who gets an SMS", "接收短信的手机号"),
    Field("emails", c.list_of(email, most=10), "list of e-mail addresses", "Who gets an e-mail", "接收邮件的邮箱"),
    Field("robots", c.list_of(c.name, most=10), "list of robots", "Groups that are told", "接收消息的群机器人"),
)  # fmt: skip

ROBOT_FIELDS: Final = (
    Field("kind", c.choice(RobotKind), "wecom, dingtalk", "Whose group it speaks in", "企业微信或钉钉"),
    Field("url", web_address, "https://HOST/PATH", "Its webhook, with the key", "机器人 Webhook 地址", secret=True),
    Field("secret", c.given_secret, "text", "DingTalk's signing secret (加签); empty: unsigned", "钉钉加签密钥；空表示不加签", secret=True),
    Field("per_minute", c.integer(1, 20), "1 to 20", "Messages a minute; what comes faster is merged", "每分钟最多消息数，超出合并"),
)  # fmt: skip

WEBHOOK_FIELDS: Final = (
    Field("url", web_address, "https://HOST/PATH", "Where events of calls are posted", "通话事件推送地址"),
    Field("secret", c.or_empty(signing_secret), "12 characters or more, or empty", "Signs them; empty: unsigned", "签名密钥；空表示不签名", secret=True),
    Field("events", c.list_of(c.choice(CallEvent)), ", ".join(CallEvent), "Which are told", "推送哪些事件"),
    Field("enabled", c.flag, "true, false", "Whether it is told", "是否启用"),
)  # fmt: skip

KINDS: Final = (
    "all",
    *(
        kind
        for kind in NoticeKind
        if kind not in FREE_TEXT and kind not in (NoticeKind.ALARM, NoticeKind.REPORT)
    ),
)
"""Names that recipients may have."""
