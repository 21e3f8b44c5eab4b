"""The steps of voice menus in a record, in words."""

from __future__ import annotations

from typing import Final

STEPS: Final[dict[str, tuple[str, str]]] = {
    "flow": ("voice menu {}", "进入语音导航 {}"),
    "menu": ("node {}", "节点 {}"),
    "menu-chose": ("chose: {}", "选择：{}"),
    "menu-dialled": ("extension dialled: {}", "拨分机 {}"),
    "menu-wrong-key": ("wrong key at {}", "按键错误：{}"),
    "menu-no-key": ("no key at {}", "未按键：{}"),
    "left-menu": ("hung up at {}", "在此挂机：{}"),
    "web": ("web request answered: {}", "网页接口应答：{}"),
    "web-failed": ("web request failed: {}", "网页接口失败：{}"),
    "no-prompt": ("prompt missing: {}", "缺少提示音 {}"),
    "no-such-flow": ("there is no voice menu {}", "没有语音导航 {}"),
    "menu-no-node": ("there is no node {}", "没有节点 {}"),
    "play": ("played: {}", "播放 {}"),
    "key": ("key {}", "按键 {}"),
    "ask": ("web request to {}", "网页接口 {}"),
    "menu-no-destination": ("there is no destination {}", "没有去向 {}"),
}


def step_words(name: str, detail: str, language: str = "en") -> str | None:
    """Return a step in words, None when it is none of a voice menu. ``language``: ``en`` or ``zh``."""
    texts = STEPS.get(name)
    return None if texts is None else texts[language == "zh"].format(detail)
