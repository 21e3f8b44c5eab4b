"""What happened in a call, moment by moment, in the words of people who read records (中文 and English).

A record keeps what happened as short words of ours, the same in every language; this gives them words.
"""

from __future__ import annotations

import re
from typing import Final

from domain.flow.words import step_words
from domain.outcomes import VERDICTS, Outcome
from domain.routing.reasons import Reason, explain, read_reasons

EXPLAINED: Final = frozenset({"routed", "ring-order", "forward"})
"""Steps that say why a call was led so, as reasons."""

MOMENTS: Final[dict[str, tuple[str, str]]] = {
    "start": ("call arrives", "来电"),
    "step": ("", ""),
    "dial": ("rings", "呼叫"),
    "prog": ("progress", "振铃进展"),
    "leg-ans": ("answers", "应答"),
    "leg-end": ("ends", "线路结束"),
    "answer": ("caller answered", "应答主叫"),
    "bridge": ("connected", "接通"),
    "unbridge": ("apart", "断开"),
    "part": ("takes part", "参与方式"),
    "key": ("key", "按键"),
    "msg": ("message begins", "开始留言"),
    "msg-end": ("message ends", "留言结束"),
    "queue": ("queues", "进入排队"),
    "unqueue": ("leaves queue", "离开排队"),
    "rate": ("rates", "服务评分"),
    "end": ("call ends", "呼叫结束"),
}
"""By ``storage.records.record.Moment.what``."""

STEPS: Final[dict[str, tuple[str, str]]] = {
    "welcome": ("welcome prompt", "播放欢迎词"),
    "notice": ("recording notice", "播放录音提示"),
    "announce": ("announcement {}", "播放提示音 {}"),
    "no-announcement": ("no announcement {}", "未能播放提示音 {}"),
    "ringback": ("ringback is heard", "播放回铃音"),
    "early-media": ("early media of {}", "听到 {} 的早期媒体"),
    "to": ("to {}", "转到{}"),
    "routed": ("route: {}", "路由：{}"),
    "ring-order": ("ring order: {}", "振铃顺序：{}"),
    "forward": ("forward: {}", "前转：{}"),
    "not-reached": ("not reached: {}", "未接通：{}"),
    "busy-meanwhile": ("{} became busy", "{} 已占线"),
    "rung-too-often": ("rung too often: {}", "振铃过于频繁：{}"),
    "not-allowed": ("not allowed: {}", "不允许：{}"),
    "no-way-out": ("no way out for {}", "没有可用线路：{}"),
    "no-such-number": ("no 400 number {}", "没有 400 号码 {}"),
    "no-such-queue": ("no queue {}", "没有队列 {}"),
    "no-such-voicemail": ("no voicemail box {}", "没有留言信箱 {}"),
    "asked-to-accept": ("{} is asked to press 1", "请 {} 按 1 接听"),
    "accepted": ("{} accepted", "{} 已按 1 接听"),
    "not-accepted": ("{} did not accept", "{} 未按 1 接听"),
    "pin": ("PIN: {}", "专用密码：{}"),
    "offered": ("offered to agent {}", "分配给坐席 {}"),
    "withdrawn": ("offer to agent {} withdrawn", "撤回对坐席 {} 的分配"),
    "missed": ("agent {} missed it", "坐席 {} 未接"),
    "agent-gone": ("agent {} left before being connected", "坐席 {} 接通前离开"),
    "position": ("position announced: {}", "播报排队位置：{}"),
    "call-back-wished": ("call-back wished, queue {}", "登记回拨，队列 {}"),
    "call-back": ("call-back: {}", "回拨：{}"),
    "test": ("test call: {}", "测试呼叫：{}"),
    "no-call-back": ("cannot be called back: {}", "无法回拨：{}"),
    "agent-code": ("agent's star code: {}", "坐席功能码：{}"),
    "hold": ("hold {}", "保持 {}"),
    "resume": ("resume {}", "取回 {}"),
    "transfer": ("transfer to {}", "转接 {}"),
    "transferred": ("transferred to {}", "已转给 {}"),
    "transfer-failed": ("transfer failed: {}", "转接失败：{}"),
    "ring-back": ("rings back {}", "回呼 {}"),
    "consult": ("consults {}", "咨询 {}"),
    "consult-failed": ("consultation failed: {}", "咨询失败：{}"),
    "consults-for": ("consults for call {}", "为呼叫 {} 咨询"),
    "back": ("back to the caller {}", "返回主叫 {}"),
    "three-way": ("three-way call with {}", "三方通话 {}"),
    "picks-up": ("picks up {}", "代接 {}"),
    "picked-up": ("picked up: {}", "被代接：{}"),
    "supervise": ("supervision: {}", "班长监控：{}"),
    "supervises": ("supervises: {}", "监控：{}"),
    "supervise-failed": ("supervisor not reached: {}", "班长未接通：{}"),
    "take-down": ("taken down {}", "强拆 {}"),
    "hang-up": ("hung up {}", "拆线 {}"),
    "refused": ("refused: {}", "未执行：{}"),
    "rate": ("asked to rate agent {}", "请主叫为坐席 {} 评分"),
    "audio-lost": ("no audio from {}", "{} 没有语音"),
    "mailbox-full": ("mailbox full: {}", "留言信箱已满：{}"),
    "no-message-codec": ("no message in codec {}", "编码 {} 无法留言"),
    "message-heard": ("message heard", "试听留言"),
    "message-again": ("message said again", "重录留言"),
    "recording-stopped": ("recording stopped: {}", "停止录音：{}"),
    "warned": ("warned: {}", "已提醒：{}"),
    "balance-warning": ("balance warning", "余额提醒"),
}
"""Steps by name; those of voice menus are in ``domain.flow.words``."""

NAMED: Final = frozenset(
    {
        "announce",
        "no-announcement",
        "to",
        "no-such-queue",
        "no-such-voicemail",
        "call-back-wished",
        "mailbox-full",
    }
)
"""Steps whose detail is a name that somebody gave, whatever word of ours it is like."""

DETAILS: Final = {
    "talk": "通话", "hold": "保持", "consult": "咨询", "listen": "监听", "whisper": "耳语", "barge": "强插",
    "asked": "请求", "begins": "开始", "ends": "结束", "right": "正确", "wrong": "错误",
    "nothing keyed": "未输入", "login": "签入", "logout": "签出", "pause": "示忙", "resume": "示闲",
    "silence": "静音", "full": "已达最长", "again": "重录", "hung-up": "挂机", "key": "按键",
    "by the phone of": "话机", "extension": "分机", "disk": "磁盘将满", "blind": "盲转", "ask": "咨询",
    "call-back": "回拨", "gone": "已撤销", "closed": "已下班", "no-agents": "无坐席", "missed-call": "未接",
    "message": "留言", "missed": "未接",
}  # fmt: skip
"""What stands beside a number or a name in a detail, in Chinese."""

_BY: Final = re.compile(r"^(.*?) ?\bby (?!the phone)(.+)$")
_KNOWN: Final = re.compile(
    "|".join(rf"(?<![\w-]){re.escape(each)}(?![\w-])" for each in sorted(DETAILS, key=len, reverse=True))
)
_ACCOUNTS: Final = {"agent": "坐席", "operator": "代理商", "tenant": "企业"}
_ACCOUNT: Final = re.compile(rf"({'|'.join(_ACCOUNTS)}):(?:[^/ ]+/)?([^ ]+)")
"""Who was signed in to the pages: ``agent:acme/8001``."""
_BOTH: Final = re.compile(r"\[([^\[\]|]*) \| ([^\[\]|]*)\]")
"""What a refusal says in both languages (``domain.refusal``)."""
_OUTCOME: Final = re.compile(
    "|".join(
        rf"(?<![\w-]){re.escape(each.value)}(?![\w-])"
        for each in sorted(Outcome, key=lambda each: -len(each))
    )
)


def moment_words(what: str, detail: str, language: str = "en") -> tuple[str, str]:
    """Return what kind of moment it is and what it says, in words. ``language``: ``en`` or ``zh``.

    A step has no kind; what is not known stays as it is.
    """
    if what == "step":
        return "", _step(detail, language)
    kind = MOMENTS.get(what, (what, what))[language == "zh"]
    if what == "end":
        return kind, outcome_words(detail, language)
    return kind, in_words(detail, language) if what in ("part", "msg-end", "unqueue") else detail


def outcome_words(outcome: str, language: str = "en") -> str:
    """Return an outcome in words, itself when it is none of ours."""
    if outcome not in Outcome._value2member_map_:
        return outcome
    verdict = VERDICTS[Outcome(outcome)]
    return verdict.zh if language == "zh" else verdict.en


def _step(detail: str, language: str) -> str:
    name, _, rest = detail.partition(" ")
    if name == "to":
        rest = Reason("to", {"to": rest}).text(language)
    if name in EXPLAINED:
        try:
            rest = explain(read_reasons(rest), language)
        except ValueError:
            return detail
        return STEPS[name][language == "zh"].format(rest)
    menu = step_words(name, rest, language)
    if menu is not None:
        return menu
    texts = STEPS.get(name)
    if texts is None:
        return detail
    told = rest if name in NAMED else in_words(rest, language)
    return texts[language == "zh"].format(told).rstrip(" ：").replace(" （", "（")


def in_words(detail: str, language: str) -> str:
    """Return a detail with our own words in it translated; names and numbers stay."""
    detail = _BOTH.sub(r"\2" if language == "zh" else r"\1", detail)
    if language != "zh":
        return detail
    match = _BY.match(detail)
    done, by = (match[1], match[2]) if match is not None else (detail, "")
    done = _OUTCOME.sub(lambda found: outcome_words(found[0], "zh"), done)
    done = _KNOWN.sub(lambda found: DETAILS[found[0]], done)
    by = _ACCOUNT.sub(lambda found: f"{_ACCOUNTS[found[1]]} {found[2]}", by)
    by = _KNOWN.sub(lambda found: DETAILS[found[0]], by)
    return f"{done.rstrip()}（操作者 {by}）" if by else done
