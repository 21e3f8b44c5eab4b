"""Every field of a provisioning file: its check and its words; ``docs/provisioning.md`` shows them all."""

# ruff: noqa: E501 - a table of fields is read and translated row by row

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from domain.acd.configuration import Agent, Queue
from domain.customers.conversation import Mailbox, SmsLine
from domain.features import Feature, ProductEdition
from domain.flow.document import Flow
from domain.money.fees import Agreement, SpendStep
from domain.money.tariff import Edition, Price, Tariff
from domain.notices.template import Template
from domain.notices.ways import Gateway, Recipients, Robot, Webhook
from domain.routing.plan import RoutePlan, Rule, Share
from domain.snapshot import (
    AnswerPolicy,
    BackupPlan,
    BoundNumber,
    CalledHeader,
    CallerHeader,
    ExtensionSnapshot,
    ListenerSnapshot,
    NumberPlan,
    PrefixRule,
    RingStrategy,
    ShownCaller,
    TargetGroup,
    TenantState,
    TrunkKind,
    TrunkSnapshot,
)
from domain.structures import fields_of
from domain.voice.voicemail import Voicemail
from storage.models import OWN_PROMPTS, BoxConfig, OwnAudio, TenantConfig
from storage.models.web import Role
from storage.provisioning import branding, days, routing
from storage.provisioning import checks as c
from storage.provisioning import flow_fields as flows
from storage.provisioning.channel_fields import MAILBOX_FIELDS, SMS_LINE_FIELDS
from storage.provisioning.fields import Field, object_of
from storage.provisioning.notice_fields import (
    GATEWAY_FIELDS,
    RECIPIENTS_FIELDS,
    ROBOT_FIELDS,
    TEMPLATE_FIELDS,
    WEBHOOK_FIELDS,
    email,
    mobile,
)
from storage.provisioning.numbering_fields import NUMBERING_FIELDS
from storage.provisioning.queue_fields import AGENT_FIELDS, QUEUE_FIELDS
from storage.provisioning.targets import BOUND_FIELDS, STRATEGIES, STRATEGIES_ZH, bound_number
from storage.provisioning.tariff_fields import (
    AGREEMENT_FIELDS,
    EDITION_FIELDS,
    LI,
    PRICE_FIELDS,
    SPEND_STEP_FIELDS,
    TARIFF_FIELDS,
)
from storage.provisioning.tree import Node


class Section(NamedTuple):
    """The fields of one kind of object."""

    kind: str
    """``trunk``, ``tenant`` ..., as changes are told."""
    where: str
    """How it stands in a file."""
    type: type[msgspec.Struct]
    key: str
    """Field of the value that comes from the key it stands under; "" for none."""
    fields: tuple[Field, ...]
    plural: str = ""
    """Name under its tenant, for the kinds of ``storage.models.PARTS``."""
    called: c.Check = c.identifier
    """What the key it stands under may be."""

    def field(self, name: str) -> Field | None:
        """Return a field by name, or None."""
        return next((each for each in self.fields if each.name == name), None)

    def default(self, name: str) -> Any:
        """Return what a field is when nobody wrote it; ``msgspec.NODEFAULT`` when there is none."""
        for each in fields_of(self.type):
            if each.name == name:
                if each.default_factory is not msgspec.NODEFAULT:
                    return each.default_factory()
                return each.default
        raise KeyError(name)


_CODECS: Final = ("PCMA", "PCMU", "G722", "G729", "opus", "AMR", "AMR-WB", "iLBC", "GSM", "speex")
_TRANSPORTS: Final = ("udp", "tcp", "tls")

OWN_PROMPT_FIELDS: Final = (
    Field("audio", c.audio, "audio", "What callers hear where prompt:NAME is written; approved at once (docs/prompts.md)", "写有 prompt:NAME 之处播放的音频；即时通过审核（见 docs/prompts.md）"),
)  # fmt: skip

NUMBER_FIELDS: Final = (
    Field("bound", c.list_of(bound_number, unique=False), "list of bound numbers", "Who answers, in order", "绑定号码，按顺序"),
    Field("strategy", c.choice(RingStrategy), STRATEGIES, "How bound numbers are rung", f"振铃方式：{STRATEGIES_ZH}"),
    Field("answer", c.choice(AnswerPolicy), "at-once, on-pickup", "When the caller is answered (and charged)", "何时应答主叫（开始计费）"),
    Field("welcome", c.optional(c.prompt), "audio", "Welcome prompt; implies answering at once", "欢迎词；有欢迎词即立即应答"),
    Field("recording_notice", c.optional(c.prompt), "audio", "Played before connection when calls are recorded", "录音提示音，接通前播放"),
    Field("ringback", c.optional(c.prompt), "audio", "Company audio instead of the ring tone", "企业彩铃"),
    Field("record", c.flag, "true, false", "Whether calls are recorded", "是否录音"),
    Field("no_answer_seconds", c.decimal(5, 300), "5 to 300 s", "How long a bound number rings", "无应答时限（秒）"),
    Field("busy_tone_seconds", c.decimal(0, 60), "0 to 60 s", "How long the caller hears busy tone at the end", "结束前忙音时长（秒）"),
    Field("active", c.flag, "true, false", "Whether the number is in service", "号码是否启用"),
    Field("entry", c.optional(c.destination), "destination", "Where its calls go first; null: to the bound numbers", "来电首先转到哪里；null 表示绑定号码"),
    Field("otherwise", c.optional(c.destination), "destination", "Where a call goes that no bound number answered; null: it ends", "绑定号码均未接听时转到哪里；null 表示结束"),
    Field("pin", routing.pin, "4 to 12 digits", "Digits that callers must key before they are connected; empty: none", "专用密码：主叫须输入正确才能接通；空表示不需要", secret=True),
    Field("routing", c.optional(routing.route_plan), "a route plan", "Who may call, when, and where calls go; it is replaced as a whole", "来电分配方案；整体替换"),
)  # fmt: skip

GROUP_FIELDS: Final = (
    Field("targets", c.list_of(bound_number, unique=False), "list of bound numbers", "Who answers, in order", "成员，按顺序"),
    Field("strategy", c.choice(RingStrategy), STRATEGIES, "How they are rung", f"振铃方式：{STRATEGIES_ZH}"),
    Field("no_answer_seconds", c.decimal(5, 300), "5 to 300 s", "How long each rings", "无应答时限（秒）"),
    Field("ringback", c.optional(c.prompt), "audio", "Company audio meanwhile; null: as the 400 number says", "企业彩铃；null 表示同 400 号码"),
    Field("otherwise", c.optional(c.destination), "destination", "Where a call goes that nobody answered; null: it ends", "无人接听时转到哪里；null 表示结束"),
)  # fmt: skip

VOICEMAIL_FIELDS: Final = (
    Field("greeting", c.optional(c.prompt), "audio", "Said before the tone; null: the shipped words", "提示音前播放的问候语；null 表示自带提示"),
    Field("max_seconds", c.decimal(5, 600), "5 to 600 s", "Longest message", "留言最长时间（秒）"),
    Field("silence_seconds", c.zero_or(2, 60), "0, or 2 to 60 s", "Silence that ends a message; 0: none does", "静音多久结束留言（秒）；0 表示不按静音结束"),
    Field("min_seconds", c.decimal(0, 30), "0 to 30 s", "What is shorter is not kept", "短于此时长的留言不保存（秒）"),
    Field("review", c.flag, "true, false", "Whether the caller may hear his message, say it again or save it when it has ended", "留言后是否允许主叫试听、重录再保存"),
    Field("notify", c.list_of(c.text(120)), "list of mobile numbers and e-mail addresses", "Who is told of each message", "新留言通知的手机号和邮箱"),
    Field("otherwise", c.optional(c.destination), "destination", "Where a call goes when no message can be taken; null: it ends", "信箱已满时转到哪里；null 表示结束"),
)  # fmt: skip

FLOW_FIELDS: Final = (
    Field("title", c.text(80), "text", "What people call it", "名称"),
    Field("start", c.identifier, "id of a node", "Where calls begin", "起始节点"),
    Field("nodes", flows.nodes, "id: node", "The nodes (docs/flows.md); a file name in place of the whole flow names a JSON file", "节点（见 docs/flows.md）；整个导航也可写成 JSON 文件名"),
)  # fmt: skip

EXTENSION_FIELDS: Final = (
    Field("secret", c.secret, "12 characters or more", "Password; made when left out", "密码；省略则由系统生成", secret=True),
    Field("login", c.or_empty(c.identifier), "text", "User name that phones register by, beside NAME.TENANT; when left out NAME, or NAME.TENANT if another tenant has NAME", "话机注册用户名（“分机名.租户”始终可用）；省略时为分机名，若已被其他租户占用则为“分机名.租户”"),
    Field("listener", c.identifier, "name of a listener", "Where the phone registers", "注册到哪个监听器"),
    Field("ringback", c.optional(c.prompt), "audio", "Company audio while it is rung alone; null: as its group or number says", "单独振铃时的企业彩铃；null 表示同所属组或号码"),
    Field("max_bindings", c.integer(1, 20), "1 to 20", "Devices at a time", "同时注册的设备数"),
    Field("codecs", c.list_of(c.choice(_CODECS)), "list", "Codecs, preferred first", "编码，按优先顺序"),
    Field("srtp", c.flag, "true, false", "Encrypt audio (SDES)", "语音加密（SDES）"),
    Field("supervisor", c.flag, "true, false", "May listen (*55), whisper (*56) and barge in (*57) by dialling the code and a job number", "班长权限：拨 *55、*56、*57 加工号可监听、耳语、强插"),
)  # fmt: skip

TENANT_FIELDS: Final = (
    Field("name", c.text(), "text", "Name of the enterprise; the tenant's id when left out", "企业名称；省略时为租户标识"),
    Field("state", c.choice(TenantState), "active, suspended", "Whether calls are connected", "正常或停机"),
    Field("max_calls", c.optional(c.integer(1, 10_000)), "1 to 10000, or null", "Concurrent calls; null: no limit", "并发上限；null 表示不限"),
    Field("rings_per_second", c.optional(c.decimal(0.1, 1000)), "0.1 to 1000, or null", "Bound numbers rung per second; null: as the box says", "每秒最多振铃次数；null 表示同整机设置"),
    Field("outbound_trunks", c.list_of(c.identifier), "list of trunks", "Ways out, preferred first; empty: every trunk that takes calls out", "呼出中继，按优先顺序；空表示所有可呼出的中继"),
    Field("days", days.entered_days, "day: holiday or workday, with a name", "The tenant's own days off and on; they win over the box's and the published ones", "企业自定义的放假和上班日；优先于系统和国家安排"),
    Field("hold_music", c.optional(c.prompt), "audio", "What a party on hold hears; null: the box's hold-music", "通话保持音乐；null 表示用系统保持音乐"),
    Field("message_quota", c.integer(0, 100_000), "0 to 100000", "Messages kept in all its voicemail boxes", "所有留言信箱最多保存的留言数"),
    Field("record_months", c.integer(1, 240), "1 to 240", "How many months back the tenant sees its calls; their records are kept 13 months at least", "企业可查询最近几个月的通话清单；话单至少保存 13 个月"),
    Field("recording_months", c.integer(1, 240), "1 to 240", "How long recordings, messages and files of e-mails are kept; never under 10 working days", "录音、留言和邮件附件保存月数；不少于 10 个工作日"),
    Field("recording_days", c.integer(0, 3660), "0 to 3660", "The same in days, instead of months; 0: by months", "按天数保存，代替月数；0 表示按月"),
    Field("recording_mebibytes", c.optional(c.integer(1, 100_000_000)), "1 to 100000000, or null", "What its recordings may take (MiB): above it the oldest go first, never before 10 working days; null: no limit", "录音空间上限（MiB）：超出后先删最早的录音，但不早于 10 个工作日；null 表示不限"),
    Field("blacklist", routing.blacklist, "caller: note", "Callers whom none of the tenant's numbers takes", "全部号码的黑名单"),
    Field("vip", routing.vip, "number: note", "VIP callers of all the tenant's numbers", "全部号码的 VIP 名单"),
    Field("web_secret", c.or_empty(flows.signing_secret), "12 characters or more, or empty", "Signs what voice menus send to the tenant's web servers (docs/flows.md); empty: unsigned", "语音导航向企业网站发送请求时的签名密钥（见 docs/flows.md）；空表示不签名", secret=True),
    Field("edition", c.choice(ProductEdition), "basic, network", "Product edition: network has the call centre", "产品版本：basic 基本版，network 网络版（含网络呼叫中心）"),
    Field("features", c.table_of(c.choice(Feature), c.flag), "feature: true or false", "What the tenant has whatever its edition says: recording, menus, voicemail, ringback, call-centre, reports, api", "单独开通或关闭的功能：recording、menus、voicemail、ringback、call-centre、reports、api"),
    Field("bound_limit", c.integer(1, 1000), "1 to 1000", "Bound numbers a 400 number may have", "每个号码的绑定号码上限"),
    Field("prompt_pack", c.or_empty(c.identifier), "name of a pack", "Voice of the system prompts its callers hear; empty: the box's", "其来电者听到的系统提示音语音包；空表示同系统"),
    Field("prompt_mebibytes", c.integer(1, 10_000), "1 to 10000", "What its own prompts may take, as uploaded, all versions (MiB)", "自有提示音上传文件总量上限，含所有版本（MiB）"),
    Field("prompt_minutes", c.integer(1, 10_000), "1 to 10000", "How long its own prompts may be, all versions (minutes)", "自有提示音总时长上限，含所有版本（分钟）"),
    Field("tariff", c.or_empty(c.identifier), "name of a tariff", "What its calls cost; empty: they are not charged", "资费；空表示不计费"),
    Field("area_code", c.or_empty(c.dialled), "area code", "Where it is: which calls are local ones", "所在地区号，用于判断市话"),
    Field("credit_li", c.optional(LI), "厘, or null", "How far below zero its balance may go; 0: prepaid; null: no limit", "信用额度（厘）；0 表示预付费，null 表示不限"),
    Field("monthly_cap_li", c.optional(LI), "厘, or null", "What its calls of a month may cost; null: no limit", "每月通话费上限（厘）；null 表示不限"),
    Field("monthly_cap_calls", c.optional(c.integer(0, 10**9)), "number, or null", "Calls it may get in a month; null: no limit", "每月通话次数上限；null 表示不限"),
    Field("agreements", c.list_of(object_of(AGREEMENT_FIELDS), unique=False), "list of agreements", "What was agreed for its numbers: fees and minimum spend", "号码协议：选号费、月租、最低消费"),
)  # fmt: skip

LISTENER_FIELDS: Final = (
    Field("bind", c.address, "address", "Address SIP is spoken on", "SIP 监听地址"),
    Field("port", c.integer(1, 65535), "1 to 65535", "Port of UDP and TCP", "UDP 和 TCP 端口"),
    Field("transports", c.list_of(c.choice(_TRANSPORTS)), "udp, tcp, tls", "Transports to open", "启用的传输方式"),
    Field("tls_port", c.integer(1, 65535), "1 to 65535", "Port of TLS", "TLS 端口"),
    Field("tls_certificate", c.file, "PEM file", "Certificate chain", "证书链文件"),
    Field("tls_key", c.file, "PEM file", "Private key", "私钥文件"),
    Field("tls_client_authorities", c.file, "PEM file", "Authorities whose certificates TLS peers must show; empty: none asked", "要求对端出示由这些机构签发的证书；空表示不要求"),
    Field("advertise", c.or_empty(c.host), "host", "Host written into Via and Contact; empty: bind", "写入 Via 和 Contact 的主机；空表示同 bind"),
    Field("rtp_bind", c.or_empty(c.address), "address", "Address of audio; empty: bind", "语音地址；空表示同 bind"),
    Field("rtp_advertise", c.or_empty(c.address), "address", "Address written into SDP", "写入 SDP 的地址"),
)  # fmt: skip

_PREFIX_FIELDS: Final = (
    Field("match", c.dialled, "digits", "Leading digits", "匹配的前缀"),
    Field("replace", c.dialled, "digits", "What takes their place", "替换为"),
)
_prefixes: Final = c.list_of(object_of(_PREFIX_FIELDS), unique=False)

TRUNK_FIELDS: Final = (
    Field("kind", c.choice(TrunkKind), "ip, register", "How the carrier knows the box: by address, or by registration", "对接方式：IP 或注册"),
    Field("enabled", c.flag, "true, false", "Whether the trunk is used", "是否启用"),
    Field("sources", c.list_of(c.network), "list of networks", "From where its calls arrive; any port", "来电来源网段；端口不限"),
    Field("target", c.or_empty(c.host_port), "host or host:port", "Where calls leave to", "呼出目标"),
    Field("transport", c.choice(_TRANSPORTS), "udp, tcp, tls", "Transport of calls out", "呼出传输方式"),
    Field("listener", c.identifier, "name of a listener", "Which listener it uses", "使用的监听器"),
    Field("tls_authorities", c.file, "PEM file", "Who vouches for the carrier's certificate; empty: the system's authorities", "信任的证书机构；空表示系统默认"),
    Field("inbound", c.flag, "true, false", "Takes calls in", "允许呼入"),
    Field("outbound", c.flag, "true, false", "Takes calls out", "允许呼出"),
    Field("username", c.text(), "text", "Account at the carrier", "运营商账号"),
    Field("password", c.given_secret, "text", "Its password", "账号密码", secret=True),
    Field("realm", c.text(), "text", "Realm the password is for; empty: any", "认证域；空表示任意"),
    Field("domain", c.or_empty(c.host), "host", "From and To domain and registrar; empty: the target's host", "域名和注册服务器；空表示目标主机"),
    Field("outbound_proxy", c.or_empty(c.host_port), "host or host:port", "Where requests are sent instead", "出局代理"),
    Field("register_seconds", c.integer(60, 86400), "60 to 86400", "Registration wished for", "注册有效期（秒）"),
    Field("options_seconds", c.decimal(0, 3600), "0 to 3600 s", "Between health probes; 0: none", "健康探测间隔（秒）；0 表示不探测"),
    Field("failover_seconds", c.decimal(0.5, 30), "0.5 to 30 s", "Silence after which the next trunk is tried", "无响应多久后换下一条中继（秒）"),
    Field("channels", c.optional(c.integer(1, 10_000)), "1 to 10000, or null", "Concurrent calls; null: no limit", "并发路数；null 表示不限"),
    Field("calls_per_second", c.optional(c.decimal(0.1, 1000)), "0.1 to 1000, or null", "Rate of new calls; null: no limit", "每秒新呼叫数；null 表示不限"),
    Field("early_media_seconds", c.decimal(0, 600), "0 to 600 s", "Longest early media", "早期媒体最长时间（秒）"),
    Field("caller_header", c.choice(CallerHeader), "From, P-Asserted-Identity, Remote-Party-ID", "Header that names the caller", "主叫号码所在头域"),
    Field("caller_prefixes", _prefixes, "list of match, replace", "Rules for the caller's leading digits", "主叫前缀规则"),
    Field("restore_zero", c.flag, "true, false", "The carrier drops the 0 of area codes", "运营商去掉了区号前的 0"),
    Field("caller_area_code", c.or_empty(days.area_code), "area code", "Area code of callers that come without one", "主叫不带区号时所属的区号"),
    Field("called_header", c.choice(CalledHeader), "Request-URI, To, P-Called-Party-ID, Diversion, History-Info", "Header that names the called number", "被叫号码所在头域"),
    Field("called_prefixes", _prefixes, "list of match, replace", "Rules for the called number's leading digits", "被叫前缀规则"),
    Field("landing_numbers", c.table_of(c.dialled, c.number_400), "landing number: 400 number", "Landing numbers that stand for 400 numbers", "落地号与 400 号码对照表"),
    Field("dialled_prefixes", _prefixes, "list of match, replace", "Rules for numbers dialled out", "外呼号码前缀规则"),
    Field("shown_caller", c.choice(ShownCaller), "caller, 400, trunk", "Number shown on calls out", "外显号码"),
    Field("trunk_number", c.or_empty(c.dialled), "digits", "The trunk's own number", "中继自身号码"),
    Field("tel_uri", c.flag, "true, false", "Write tel: URIs", "使用 tel: URI"),
    Field("tenant", c.or_empty(c.identifier), "tenant", "Whose PBX or call centre it leads to; nobody else's calls leave by it; empty: a carrier's", "归属租户（企业中继线、呼叫中心）；其他租户不能使用；空表示运营商中继"),
    Field("codecs", c.list_of(c.choice(_CODECS)), "list", "Codecs, preferred first", "编码，按优先顺序"),
    Field("srtp", c.flag, "true, false", "Encrypt audio (SDES)", "语音加密（SDES）"),
    Field("play_early_media", c.flag, "true, false", "Let the caller hear a single target's announcements", "让主叫听到单个目标的早期媒体"),
    Field("reliable_provisional", c.flag, "true, false", "Offer 100rel", "启用 100rel"),
    Field("session_seconds", c.zero_or(90, 86400), "0, or 90 to 86400", "Session timer offered; 0: none", "会话定时器（秒）；0 表示不用"),
)  # fmt: skip

BACKUP_FIELDS: Final = (
    Field("to", c.directory, "directory", "Where backups go: another disk, better another machine; must be there", "备份目录：应在另一块磁盘上，最好在另一台机器上；须已存在"),
    Field("at", c.time_of_day, "HH:MM", "When, Beijing time", "备份时间（北京时间）"),
    Field("keep", c.integer(1, 1000), "1 to 1000", "Generations to keep", "保留的代数"),
)  # fmt: skip


def _backup(node: Node, path: str, reading: c.Reading) -> Any:
    """A plan of backups; it goes nowhere without ``to``."""
    found = object_of(BACKUP_FIELDS)(node, path, reading)
    if found is not c.INVALID and "to" not in found:
        return reading.wrong(node, f"{path}.to", "empty")
    return found


OFFSITE_FIELDS: Final = (
    Field("offsite_to", c.or_empty(c.repository), "/DIR, sftp:USER@HOST:/DIR or s3:https://HOST/BUCKET", "Where encrypted backups go; empty: nowhere", "加密备份的去处：目录、SFTP 或 S3；空表示不备份"),
    Field("offsite_password", c.or_empty(c.secret), "12 characters or more", "Encrypts them: keep it elsewhere, nothing can be restored without it", "备份加密密码：请另行保存，丢失则无法恢复", secret=True),
    Field("offsite_minutes", c.integer(5, 1440), "5 to 1440", "Minutes from one to the next; what is younger is lost with the box", "备份间隔（分钟）；整机损坏时最多丢失这段时间的数据"),
    Field("offsite_keep_days", c.integer(1, 3650), "1 to 3650", "All of two days are kept, then one a day for so long", "保留天数：近两天全部保留，之后每天保留一份"),
    Field("offsite_access_key", c.or_empty(c.text(128)), "text", "Access key of S3", "S3 访问密钥 ID"),
    Field("offsite_secret_key", c.given_secret, "text", "Secret key of S3", "S3 访问密钥", secret=True),
    Field("offsite_host_key", c.or_empty(c.text(1000)), "HOST ssh-ed25519 KEY", "Line of known_hosts of the SFTP server; `box400 backup key` prints the box's own key for it", "SFTP 服务器的 known_hosts 行；本机公钥见 box400 backup key"),
)  # fmt: skip

BOX_FIELDS: Final = (
    Field("masked_roles", c.list_of(c.choice(Role)), "list of admin, finance, support", "Operators of these roles see callers' numbers masked (138****8000)", "这些角色的操作员看到的主叫号码隐藏中间四位"),
    Field("brand_name", c.text(40), "text", "Name of the reseller on the pages; empty: box400", "页面上显示的服务商名称；空表示 box400"),
    Field("brand_colour", c.or_empty(branding.colour), "#RRGGBB", "Main colour of the pages, dark enough for white words; empty: the product's own", "页面主色，须能衬托白字；空表示默认"),
    Field("brand_logo", c.or_empty(branding.logo), "base64", "Logo on the pages: PNG or JPEG in base64, 64 KiB at most; empty: the product's own", "页面标志：base64 编码的 PNG 或 JPEG，最大 64 KiB；空表示默认"),
    Field("realm", c.text(60), "text", "Realm that phones authenticate to", "话机认证域"),
    Field("phone_domain", c.or_empty(c.host), "host", "Domain of the phones: TENANT.domain stands for a tenant; empty: none", "话机域名：“租户.域名”代表该租户；空表示不用"),
    Field("max_calls", c.integer(1, 10_000), "1 to 10000", "Calls up at a time", "最大并发呼叫"),
    Field("tenant_rings_per_second", c.decimal(0.1, 1000), "0.1 to 1000", "Bound numbers that one tenant may ring per second (four seconds' worth at once, at least 40)", "每个租户每秒最多振铃次数（可一次用掉 4 秒的量，至少 40 次）"),
    Field("number_rings_per_minute", c.integer(1, 100_000), "1 to 100000", "How often one number may be rung within a minute by all calls", "同一号码每分钟最多被振铃次数（所有来电合计）"),
    Field("backup", c.optional(_backup), "to, at, keep; or null", "A backup each night, verified; null: none", "每晚备份并验证；null 表示不备份"),
    *OFFSITE_FIELDS,
    Field("stranger_status", c.zero_or(400, 699), "0, or 400 to 699", "SIP status that the first INVITE of a strange host gets; 0: silence", "陌生主机首个 INVITE 的应答码；0 表示不应答"),
    Field("announcements", c.flag, "true, false", "Whether callers who are not connected hear why, in early media; false: only by what system_prompts names", "未接通时是否以早期媒体播放原因；false 表示仅播放 system_prompts 中列出的"),
    Field("prompt_pack", c.or_empty(c.identifier), "name of a pack", "Voice of the system prompts; empty: the one that ships", "系统提示音使用的语音包；空表示自带语音"),
    Field("system_prompts", c.table_of(c.prompt_name, c.audio), "name: audio", "Other recordings instead of the shipped ones: busy, no-answer, welcome ... (docs/prompts.md)", "替换自带提示音：busy、no-answer、welcome 等（见 docs/prompts.md）"),
    Field("calendar", days.entered_days, "day: holiday or workday, with a name", "Public holidays and worked weekends (调休); they win over the published ones", "节假日和调休上班日；优先于内置的国家安排"),
    Field("alarm_mobiles", c.list_of(mobile, most=10), "list of mobile numbers", "Who gets alarms by SMS", "接收告警短信的手机号"),
    Field("alarm_emails", c.list_of(email, most=10), "list of e-mail addresses", "Who gets alarms by e-mail", "接收告警邮件的邮箱"),
    Field("alarm_warnings", c.flag, "true, false", "Whether they are told of warnings too; false: of critical alarms only", "是否也通知一般告警；false 表示仅通知严重告警"),
    Field("web_networks", c.list_of(c.network), "list of networks", "Private networks in which voice menus may ask web servers; others must be public", "语音导航可访问的内网网段；其余只允许公网地址"),
    Field("region_groups", c.table_of(days.province, c.text(20)), "province: group", "Provinces that belong to another region group than the shipped one", "调整省份所属大区"),
    *NUMBERING_FIELDS,
)  # fmt: skip

BOX: Final = Section("box", "box", BoxConfig, "", BOX_FIELDS)
BACKUP: Final = Section("backup", "box.backup", BackupPlan, "", BACKUP_FIELDS)
LISTENER: Final = Section("listener", "listeners.NAME", ListenerSnapshot, "name", LISTENER_FIELDS)
TRUNK: Final = Section("trunk", "trunks.NAME", TrunkSnapshot, "name", TRUNK_FIELDS)
TARIFF: Final = Section("tariff", "tariffs.NAME", Tariff, "name", TARIFF_FIELDS)
GATEWAY: Final = Section("gateway", "gateways.NAME", Gateway, "name", GATEWAY_FIELDS)
TEMPLATE: Final = Section("template", "templates.KIND", Template, "name", TEMPLATE_FIELDS)
EDITION: Final = Section("edition", "tariffs.NAME.editions[]", Edition, "", EDITION_FIELDS)
PRICE: Final = Section("price", "tariffs.NAME.editions[].prices[]", Price, "", PRICE_FIELDS)
AGREEMENT: Final = Section("agreement", "tenants.ID.agreements[]", Agreement, "", AGREEMENT_FIELDS)
SPEND_STEP: Final = Section("spend step", "tenants.ID.agreements[].steps[]", SpendStep, "", SPEND_STEP_FIELDS)
TENANT: Final = Section("tenant", "tenants.ID", TenantConfig, "id", TENANT_FIELDS)
NUMBER: Final = Section(
    "number", "tenants.ID.numbers.400NUMBER", NumberPlan, "number", NUMBER_FIELDS, called=c.number_400
)
EXTENSION: Final = Section(
    "extension", "tenants.ID.extensions.NAME", ExtensionSnapshot, "name", EXTENSION_FIELDS
)
BOUND: Final = Section("bound number", "tenants.ID.numbers.400NUMBER.bound[]", BoundNumber, "", BOUND_FIELDS)
ROUTING: Final = Section(
    "routing", "tenants.ID.numbers.400NUMBER.routing", RoutePlan, "", routing.ROUTE_FIELDS
)
RULE: Final = Section("rule", "tenants.ID.numbers.400NUMBER.routing.rules[]", Rule, "", routing.RULE_FIELDS)
SHARE: Final = Section(
    "share", "tenants.ID.numbers.400NUMBER.routing.rules[].split[]", Share, "", routing.SHARE_FIELDS
)
PREFIX: Final = Section("prefix rule", "trunks.NAME.caller_prefixes[]", PrefixRule, "", _PREFIX_FIELDS)
GROUP: Final = Section("group", "tenants.ID.groups.NAME", TargetGroup, "name", GROUP_FIELDS, "groups", c.name)
FLOW: Final = Section("flow", "tenants.ID.flows.NAME", Flow, "name", FLOW_FIELDS, "flows", c.name)
QUEUE: Final = Section("queue", "tenants.ID.queues.NAME", Queue, "name", QUEUE_FIELDS, "queues", c.name)
AGENT: Final = Section("agent", "tenants.ID.agents.JOB_NUMBER", Agent, "name", AGENT_FIELDS, "agents")
VOICEMAIL: Final = Section(
    "voicemail", "tenants.ID.voicemails.NAME", Voicemail, "name", VOICEMAIL_FIELDS, "voicemails", c.name
)
OWN_PROMPT: Final = Section(
    "prompt", "tenants.ID.prompts.NAME", OwnAudio, "name", OWN_PROMPT_FIELDS, OWN_PROMPTS, c.name
)
RECIPIENTS: Final = Section(
    "recipients", "tenants.ID.notices.KIND", Recipients, "name", RECIPIENTS_FIELDS, "notices"
)
ROBOT: Final = Section("robot", "tenants.ID.robots.NAME", Robot, "name", ROBOT_FIELDS, "robots", c.name)
WEBHOOK: Final = Section(
    "webhook", "tenants.ID.webhooks.NAME", Webhook, "name", WEBHOOK_FIELDS, "webhooks", c.name
)
MAILBOX: Final = Section(
    "mailbox", "tenants.ID.mailboxes.NAME", Mailbox, "name", MAILBOX_FIELDS, "mailboxes", c.name
)
SMS_LINE: Final = Section(
    "sms-line", "tenants.ID.sms_lines.NAME", SmsLine, "name", SMS_LINE_FIELDS, "sms_lines", c.name
)
PARTS: Final = (
    OWN_PROMPT,
    GROUP,
    FLOW,
    VOICEMAIL,
    QUEUE,
    AGENT,
    RECIPIENTS,
    ROBOT,
    WEBHOOK,
    MAILBOX,
    SMS_LINE,
)
SECTIONS: Final = (
    BOX, BACKUP, LISTENER, TRUNK, GATEWAY, TEMPLATE, TARIFF, EDITION, PRICE, TENANT, AGREEMENT, SPEND_STEP,
    NUMBER, BOUND, ROUTING, RULE, SHARE, *PARTS, EXTENSION, PREFIX
)  # fmt: skip
