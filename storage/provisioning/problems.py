"""What is wrong in a provisioning file: where, what, and what to do, in English and Chinese."""

# ruff: noqa: E501 - a table of messages is read and translated row by row
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    # the file
    "no-file": ("cannot be read: {why}", "无法读取：{why}"),
    "too-large": ("has {bytes} bytes; split it, {most} is the most", "有 {bytes} 字节；请拆分，最多 {most} 字节"),
    "not-utf8": ("is not UTF-8 here; save the file as UTF-8", "此处不是 UTF-8 编码；请将文件存为 UTF-8"),
    "not-yaml": ("is no YAML: {why}; check indentation, colons and quotes", "不是合法的 YAML：{why}；请检查缩进、冒号和引号"),
    "too-deep": ("is nested too deeply or too large", "嵌套过深或内容过多"),
    "tag": ("has the tag {tag}; write plain values", "含有标签 {tag}；请只写普通值"),
    "key": ("has a key that is no text; write `name: value`", "键不是文本；请写成 `名称: 值`"),
    "twice": ("{key} stands here again (first on line {first}); keep one", "{key} 重复（首次在第 {first} 行）；请只保留一处"),
    # shapes
    "mapping": ("must be `name: value` lines", "应为若干行 `名称: 值`"),
    "list": ("must be a list: [a, b] or lines that begin with `- `", "应为列表：[a, b]，或以 `- ` 开头的若干行"),
    "scalar": ("must be a single value", "应为单个值"),
    "unknown-field": ("is not known here; did you mean {near}? Known: {known}", "不认识此项；是否应为 {near}？可用项：{known}"),
    "empty": ("must not be empty", "不能为空"),
    "absent-and-more": ("is absent: true, so nothing else may stand here", "已写 absent: true，此处不能再有其他内容"),
    # values
    "flag": ("{value!r} is neither true nor false", "{value!r} 不是 true 或 false"),
    "integer": ("{value!r} is no whole number from {low} to {high}", "{value!r} 不是 {low} 到 {high} 的整数"),
    "integer-or-0": ("{value!r} is neither 0 nor a whole number from {low} to {high}", "{value!r} 既不是 0 也不是 {low} 到 {high} 的整数"),
    "number": ("{value!r} is no number from {low} to {high}", "{value!r} 不是 {low} 到 {high} 的数"),
    "choice": ("{value!r} is not one of: {choices}", "{value!r} 不在可选值之中：{choices}"),
    "text": ("has control characters or more than {most} characters", "含有控制字符或超过 {most} 个字"),
    "name": (
        "{value!r} is no name: letters and digits of any script, dot, dash and underscore, up to {most}, beginning with a letter or digit",
        "{value!r} 不是合法名称：汉字、字母、数字、点、横线、下划线，最多 {most} 个，以汉字、字母或数字开头",
    ),
    "name-twice": ("two are called {value}", "有两个都叫 {value}"),
    "identifier": (
        "{value!r} may hold English letters, digits, dot, dash and underscore only, up to {most}, beginning with a letter or digit",
        "{value!r} 只能用英文字母、数字、点、横线、下划线，最多 {most} 个，以字母或数字开头",
    ),
    "host": ("{value!r} is no host name or address", "{value!r} 不是主机名或地址"),
    "host-port": ("{value!r} is no HOST or HOST:PORT, such as 192.0.2.1:5060", "{value!r} 不是 主机 或 主机:端口，例如 192.0.2.1:5060"),
    "address": ("{value!r} is no IP address", "{value!r} 不是 IP 地址"),
    "network": ("{value!r} is no network such as 192.0.2.0/24 or 192.0.2.1", "{value!r} 不是网段，例如 192.0.2.0/24 或 192.0.2.1"),
    "network-bits": ("{value!r} has host bits set; write {right}", "{value!r} 的主机位不为零；请写 {right}"),
    "number-400": ("{value!r} is no 400 number: 10 digits that begin with 400", "{value!r} 不是 400 号码：应为以 400 开头的 10 位数字"),
    "number-prefix": ("{value!r} are no leading digits of 400 numbers, such as 4006", "{value!r} 不是 400 号码的前缀，例如 4006"),
    "number-reserved": ("{number} is reserved; release it first, or open its holder's account by `box400 tenant open`", "{number} 已被预占；请先释放，或用 `box400 tenant open` 为预占人开户"),
    "number-applied": ("{number} is applied for; it opens by `box400 tenant open` once the carrier approved it", "{number} 正在办理中；运营商批准后用 `box400 tenant open` 开通"),
    "number-reclaimed": ("{number} was reclaimed; put it into stock again first: box400 numbers restock {number}", "{number} 已收回；请先重新入库：box400 numbers restock {number}"),
    "vanity-class": ("{value!r} is no name of a class: 1 to 12 letters or digits", "{value!r} 不是分类名称：应为 1 到 12 个字母、数字或汉字"),
    "vanity-pattern": ("{value!r} is no pattern of ten places such as 400K**AABB: digits, * for any digit, letters for equal digits, ABC and CBA for runs", "{value!r} 不是十位号码规则，例如 400K**AABB：数字、* 表示任意数字、字母表示相同数字、ABC 和 CBA 表示顺子"),
    "phone": ("{value!r} is no phone number: 3 to 20 digits, such as 13900001111 or 01061234567", "{value!r} 不是电话号码：3 到 20 位数字，例如 13900001111 或 01061234567"),
    "digits": ("{value!r} may hold digits, +, * and # only", "{value!r} 只能含数字、+、* 和 #"),
    "secret": ("is too weak: at least {least} characters, none of them white space; leave it out to have one made", "密码太弱：至少 {least} 个字符且不含空白；也可省略，由系统生成"),
    "brand-colour": (
        "{value!r} is no colour such as #0b5cab on which white words can be read",
        "{value!r} 不是可衬托白字的颜色，例如 #0b5cab",
    ),
    "brand-logo": ("is no PNG or JPEG of 64 KiB at most", "须为不超过 64 KiB 的 PNG 或 JPEG 图片"),
    "masked": ("is a masked secret; write the real one or leave it out", "是被遮盖的密码；请写真实密码或省略"),
    "file": ("there is no file {value!r}", "没有文件 {value!r}"),
    "prompt": ("{en}", "{zh}"),
    "flow": ("{en}", "{zh}"),
    "web-secret": ("must have 12 to 128 characters, no spaces; leave it empty to sign nothing", "应为 12 到 128 个字符且不含空格；留空表示不签名"),
    "destination": (
        "{value!r} is no destination: bound, hang-up, group:NAME, flow:NAME, queue:NAME, voicemail:NAME, number:400..., extension:NAME or announcement:AUDIO",
        "{value!r} 不是去向：可写 bound、hang-up、group:名称、flow:名称、queue:名称、voicemail:名称、number:400 号码、extension:分机、announcement:音频",
    ),
    "area-code": ("{value!r} is no area code in use, such as {near}", "{value!r} 不是正在使用的区号，例如 {near}"),
    "days": ("{value!r} is no day such as 2027-01-01, nor days such as 2027-02-05..2027-02-11", "{value!r} 不是日期：可写 2027-01-01，或 2027-02-05..2027-02-11"),
    "days-span": ("{value!r} are no days in order, {most} at most", "{value!r} 的起止日期顺序不对，或超过 {most} 天"),
    "entered-day": ("{value!r} is neither holiday nor workday, each with a name after it if you like", "{value!r} 应为 holiday（放假）或 workday（上班），其后可写名称"),
    "schedule": ("{en}", "{zh}"),
    "caller-pattern": (
        "{value!r} means no callers: write a number, a segment such as 1390000*, an area code such as 024, a province (辽宁), a region group (东北) or unknown",
        "{value!r} 不能表示主叫：请写号码、号段（如 1390000*）、区号（如 024）、省份（辽宁）、大区（东北）或 unknown",
    ),
    "merged-area": ("area code {value} was merged into {now}; write {now}", "区号 {value} 已并入 {now}；请写 {now}"),
    "no-place": ("{value!r} is neither a province nor a region group; provinces: {provinces}; groups: {groups}; for a city write its area code", "{value!r} 既不是省份也不是大区；省份：{provinces}；大区：{groups}；城市请写区号"),
    "repository": (
        "{value!r} is no place for encrypted backups: write /DIRECTORY, sftp:USER@HOST:/DIRECTORY or s3:https://HOST/BUCKET",
        "{value!r} 不是加密备份的去处：请写 /目录、sftp:用户@主机:/目录 或 s3:https://主机/桶",
    ),
    "offsite-needs": ("backups to {to} need {value}", "备份到 {to} 须填写 {value}"),
    "pin": ("is no PIN: 4 to 12 digits", "不是合法的专用密码：应为 4 到 12 位数字"),
    "rule-goal": ("needs either `to` or `split`, not both", "须写 to 或 split 其中之一"),
    "share-fields": ("each share needs `to` and `percent`", "每一项都须有 to 和 percent"),
    "shares": ("sums to {sum} %, not to 100 %", "百分比之和为 {sum}%，应为 100%"),
    "too-many-forwards": ("has {count} forward numbers, {most} at most", "有 {count} 个前转号码，最多 {most} 个"),
    "pbx-trunk": ("{value!r} is a pbx and needs a trunk that belongs to tenant {tenant}: name one by `trunk`, and write `tenant: {tenant}` at that trunk", "{value!r} 是 pbx，需要归属租户 {tenant} 的中继：请写 trunk，并在该中继写 tenant: {tenant}"),
    "trunk-of-pbx": ("{value!r} is no pbx, so it has no trunk of its own", "{value!r} 不是 pbx，不能指定 trunk"),
    "foreign-trunk": ("{value!r} leads to the PBX of tenant {other}; nobody else's calls leave by it", "{value!r} 是租户 {other} 的中继线，其他租户不能使用"),
    "no-tenant": ("there is no tenant {value!r}", "没有租户 {value!r}"),
    "shipped": ("there is no shipped prompt {value!r}; there are: {known}", "没有自带提示音 {value!r}；可用：{known}"),
    "prompt-name": ("there is no system prompt {value!r}; did you mean {near}? `box400 prompts words` lists them", "没有系统提示音 {value!r}；是否应为 {near}？可用 `box400 prompts words` 查看"),
    "own-prompt": ("tenant {tenant} has no prompt {value!r}; upload it first: box400 prompts upload {tenant} {value} FILE", "租户 {tenant} 没有提示音 {value!r}；请先上传：box400 prompts upload {tenant} {value} 文件"),
    "no-pack": ("there is no prompt pack {value!r}; import it first: box400 prompts pack import {value} FOLDER", "没有语音包 {value!r}；请先导入：box400 prompts pack import {value} 目录"),
    "prompt-address": ("the prompt {value!r} is not on this box; name an audio file", "本机没有提示音 {value!r}；请写音频文件名"),
    "repeated": ("{value!r} stands twice", "{value!r} 重复"),
    # what must fit together
    "two-tenants": (
        "{number} belongs to tenant {other}; a number has exactly one tenant: take it away there first (absent: true)",
        "{number} 属于租户 {other}；一个号码只能属于一个租户：请先在那里删除（absent: true）",
    ),
    "too-many-bound": (
        "has {count} bound numbers, the tenant may have {most}; the operator can raise bound_limit of the tenant",
        "绑定号码最多 {most} 个，这样有 {count} 个；需要更多请联系代理商调高上限",
    ),
    "no-trunk": ("there is no trunk {value!r}", "没有中继 {value!r}"),
    "no-listener": ("there is no listener {value!r}", "没有监听器 {value!r}"),
    "day": ("{value!r} is no day such as 2026-12-01", "{value!r} 不是日期，例如 2026-12-01"),
    "no-tariff": ("there is no tariff {value!r}", "没有资费 {value!r}"),
    "web-address": ("{value!r} is no web address such as https://HOST/PATH", "{value!r} 不是网址，例如 https://主机/路径"),
    "mobile": ("{value!r} is no mobile number: 11 digits that begin with 13 to 19", "{value!r} 不是手机号码：应为 13 至 19 开头的 11 位数字"),
    "line": ("{value!r} is no number that SMS are sent to", "{value!r} 不是可接收短信的号码"),
    "no-queue": ("tenant {tenant} has no queue {value!r}", "租户 {tenant} 没有队列 {value!r}"),
    "channel-taken": ("{value!r} belongs to tenant {tenant} already", "{value!r} 已属于租户 {tenant}"),
    "sms-400": (
        "SMS reach a 400 number only where it begins with 4001 and is the tenant's own, not {value!r}",
        "只有本企业 4001 开头的 400 号码才能接收短信，{value!r} 不能",
    ),
    "sms-given": (
        "{value!r} is not one of your 4001 numbers; a number of an SMS gateway is given by the operator",
        "{value!r} 不是本企业 4001 开头的 400 号码；短信网关号码由服务商分配，请联系服务商",
    ),
    "email": ("{value!r} is no e-mail address", "{value!r} 不是邮箱地址"),
    "pattern": ("{value!r} is no regular expression: {why}", "{value!r} 不是正则表达式：{why}"),
    "template": ("{en}", "{zh}"),
    "notice-kind": ("is no kind of notice: {known}", "不是通知种类，可用：{known}"),
    "private-address": ("{value} is no public address; give the server's public name, or let the operator add its network to box.web_networks", "{value} 不是公网地址；请填写服务器的公网域名，或请运营商将其网段加入 box.web_networks"),
    "no-robot": ("tenant {tenant} has no robot {value!r}", "租户 {tenant} 没有群机器人 {value!r}"),
    "gateway-needs": ("a gateway of kind {kind} needs {value}", "{kind} 网关须填写 {value}"),
    "never-reached": ("price {price} of the edition {day!r} is never reached: earlier ones take all its calls; put the narrower one first", "版本 {day!r} 的第 {price} 个价格与前面的重叠，永远不会用到；请把范围小的放在前面"),
    "agreement-days": ("the agreement about {number} ends before it begins", "{number} 的协议结束日期早于开始日期"),
    "agreement-twice": ("two agreements about {number} overlap; end the first before the second begins", "{number} 的两个协议日期重叠；请先结束前一个"),
    "same-day": ("two editions begin on {value}", "有两个版本都从 {value} 生效"),
    "no-destination": ("tenant {tenant} has no {value}", "租户 {tenant} 没有 {value}"),
    "no-extension": ("tenant {tenant} has no extension {value!r}", "租户 {tenant} 没有分机 {value!r}"),
    "directory": ("there is no directory {value!r}; write its whole path, beginning with /, and mount it first", "没有目录 {value!r}；请写完整路径（以 / 开头），并先挂载"),
    "time-of-day": ("{value!r} is no time of day such as 02:30", "{value!r} 不是时间；请写成 02:30 的形式"),
    "login-taken": ("extension {other} of tenant {tenant} has the login {value!r}; choose another one", "登录名 {value!r} 已被租户 {tenant} 的分机 {other} 使用；请另选一个"),
    "no-target": ("has no target; write the extension or telephone number that is rung", "没有 target；请写振铃的分机或电话号码"),
    "same-target": ("{value!r} is the phone of agent {other} already", "{value!r} 已是坐席 {other} 的话机"),
    "no-area-code": ("{value!r} lacks its area code, without which no carrier rings it; write it in front: {example}", "固定电话 {value!r} 缺少区号，运营商无法接通；请在前面加上区号，例如 {example}"),
    "kind-needed": ("what {value!r} is cannot be told: a mobile has 11 digits, a landline its area code (02161234567), an extension is made first; for anything else say the kind: landline, mobile, phs, extension or pbx", "无法判断 {value!r} 是什么电话：手机为 11 位，固定电话须带区号（如 02161234567），分机须先建立；其他号码请指明类型（kind: landline、mobile、phs、extension 或 pbx）"),
    "trunk-target": ("takes calls out but has no target; write target: HOST:PORT or outbound: false", "用于呼出但没有 target；请写 target: 主机:端口，或 outbound: false"),
    "trunk-sources": ("takes calls in but has no sources; name the carrier's networks or write inbound: false", "用于呼入但没有 sources；请写运营商网段，或 inbound: false"),
    "trunk-register": ("registers but has no {value}", "是注册型中继但没有 {value}"),
    "same-source": ("{network} is a source of trunk {other} on the same listener too; calls could be of either", "{network} 也是同一监听器上中继 {other} 的来源；无法区分来电属于哪一条"),
    "same-port": ("{place} is used by listener {other} already", "{place} 已被监听器 {other} 使用"),
    "tls-files": ("speaks TLS but has no {value}", "使用 TLS 但没有 {value}"),
    "landing": ("{value!r} is a landing number for {number}, which no tenant owns", "{value!r} 是 {number} 的落地号，但没有租户拥有该号码"),
    "in-use": ("is still used by {users}; change them first", "仍被 {users} 使用；请先修改它们"),
}  # fmt: skip

WORDS: Final[dict[str, tuple[str, str]]] = {
    "added": ("added", "新增"),
    "changed": ("changed", "修改"),
    "removed": ("removed", "删除"),
    "nothing": ("nothing to change", "没有变化"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that must be put right."""

    file: str
    line: int
    path: str
    """Such as ``tenants.demo.numbers.4001003721.bound[2]``."""
    code: str
    facts: dict[str, object] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return ``file:line: field: what is wrong; what to do``. ``language``: ``en`` or ``zh``."""
        place = f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"
        return f"{place}: {self.words(language)}"

    def words(self, language: str = "en") -> str:
        """Return what is wrong and what to do, without the place."""
        facts = {name: _shown(value) for name, value in self.facts.items()}
        return MESSAGES[self.code][language == "zh"].format(**facts)


def _shown(value: object) -> object:
    """Cut what somebody typed, and leave nothing in it that moves the cursor."""
    if not isinstance(value, str):
        return value
    clean = "".join(char if char.isprintable() else "?" for char in value)
    return clean if len(clean) <= 400 else clean[:400] + "..."


class ProvisioningError(Exception):
    """Files that cannot be applied; nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.text() for problem in problems))
        self.problems = problems

    def text(self, language: str = "en") -> str:
        """Return one line for each problem, in the order of files and lines."""
        ordered = sorted(self.problems, key=lambda problem: (problem.file, problem.line))
        return "\n".join(problem.text(language) for problem in ordered)
