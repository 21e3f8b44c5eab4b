"""The course of a call in words people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from b2bua.calls.authorise import NotAllowed
from domain.course_words import MOMENTS, STEPS, moment_words
from domain.flow.words import STEPS as MENU_STEPS
from domain.refusal import NotPossible

ROOT = Path(__file__).parents[3]


def test_every_step_that_is_written_has_words() -> None:
    """Those that call services write by name; a new one needs words in both languages."""
    written = set()
    for file in (ROOT / "b2bua").rglob("*.py"):
        written |= set(re.findall(r'\.step\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8")))
    assert len(written) > 50
    assert written - set(STEPS) - set(MENU_STEPS) == set()


def test_every_kind_of_moment_has_words() -> None:
    """Of those a record is folded into."""
    fold = (ROOT / "storage" / "records" / "fold.py").read_text(encoding="utf-8")
    written = set(re.findall(r'\.moment\(\s*"([a-z-]+)"', fold))
    assert len(written) > 12
    assert written <= set(MOMENTS)


@pytest.mark.parametrize(
    ("what", "detail", "zh"),
    [
        ("dial", "8001 carrier", ("呼叫", "8001 carrier")),
        ("end", "gave-up-queue", ("呼叫结束", "主叫在排队中挂机")),
        ("part", "whisper", ("参与方式", "耳语")),
        ("unqueue", "answered 8001", ("离开排队", "已接通 8001")),
        ("msg-end", "9.8 s silence", ("留言结束", "9.8 s 静音")),
        ("step", "welcome", ("", "播放欢迎词")),
        ("step", "transferred 8002 by 8001", ("", "已转给 8002（操作者 8001）")),
        ("step", "transfer-failed 8002 no-answer", ("", "转接失败：8002 无人接听")),
        ("step", "supervise listen 8009 begins by root", ("", "班长监控：监听 8009 开始（操作者 root）")),
        (
            "step",
            "supervise barge 8009 asked by extension 8009",
            ("", "班长监控：强插 8009 请求（操作者 分机 8009）"),
        ),
        ("step", "hold by the phone of b1", ("", "保持 话机 b1")),
        ("step", "hold by 8001", ("", "保持（操作者 8001）")),
        ("step", "hang-up by agent:acme/8010", ("", "拆线（操作者 坐席 8010）")),
        ("step", "announce busy", ("", "播放提示音 busy")),
        ("step", "to queue:message", ("", "转到队列 message")),
        ("step", "not-reached busy", ("", "未接通：全部占线")),
        ("step", "menu-wrong-key main 7", ("", "按键错误：main 7")),
        ("step", "something new", ("", "something new")),
        ("strange", "x", ("strange", "x")),
    ],
)
def test_in_chinese(what: str, detail: str, zh: tuple[str, str]) -> None:
    """Names and numbers stay, our own words are translated."""
    assert moment_words(what, detail, "zh") == zh


def test_in_english() -> None:
    """Details stay as they are written."""
    assert moment_words("step", "transferred 8002 by 8001") == ("", "transferred to 8002 by 8001")
    assert moment_words("end", "answered") == ("call ends", "Answered")


def test_a_refusal_is_told_in_the_readers_language() -> None:
    """A transfer to nobody, asked for by REFER, says why in Chinese and in English."""
    noted = NotPossible("that is the agent himself", "不能转给本机").noted
    assert moment_words("step", f"refused REFER 801: {noted}", "zh") == (
        "",
        "未执行：REFER 801: 不能转给本机",
    )
    told = moment_words("step", f"refused REFER 801: {noted}", "en")
    assert told == ("", "refused: REFER 801: that is the agent himself")


def test_a_destination_not_allowed_is_told_in_both() -> None:
    """Whoever reads the course of a call learns which number was refused, and why."""
    refused = NotAllowed("62 is no target of 4001", "62 不是 4001 的接听号码")
    assert moment_words("step", f"not-allowed {refused.noted}", "zh")[1] == "不允许：62 不是 4001 的接听号码"
