"""Why a trunk cannot be used, in Chinese; the box notes it in English."""

from __future__ import annotations

from typing import Final

_BEGINS: Final = (
    ("unreachable", "网络不可达"),
    ("no answer to OPTIONS", "OPTIONS 无应答"),
    ("no answer to REGISTER", "REGISTER 无应答"),
    ("no answer", "无应答"),
    ("answered ", "应答 "),
    ("OPTIONS answered ", "OPTIONS 应答 "),
    ("no address to register at", "没有可注册的地址"),
    ("registrar unreachable", "注册服务器不可达"),
    ("REGISTER refused: wrong password or realm", "注册被拒绝：密码或域有误"),
    ("REGISTER refused: ", "注册被拒绝："),
)


def trunk_trouble(why: str, language: str = "zh") -> str:
    """Return why a trunk is down, as it is noted or in Chinese. ``language``: ``en`` or ``zh``."""
    if language == "zh":
        for english, chinese in _BEGINS:
            if why.startswith(english):
                return chinese + why[len(english) :]
    return why
