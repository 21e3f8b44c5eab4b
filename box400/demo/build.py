"""Make the demo's own prompts again: ``python -m box400.demo.build``; needs the program ``espeak-ng``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import soundfile

from b2bua.recorder.loudness import normalised
from b2bua.recorder.voice.build import RATE, speak

TEXTS: Final = {
    # 您好，欢迎致电演示企业。
    "greeting": "nin2 hao3, huan1 ying2 zhi4 dian4 yan3 shi4 qi3 ye4.",
    # 销售请按1，服务请按2，其他请按3，留言请按9。
    "menu": (
        "xiao1 shou4 qing3 an4 yi1, fu2 wu4 qing3 an4 er4, qi2 ta1 qing3 an4 san1, liu2 yan2 qing3 an4 jiu3."
    ),
    # 查分机请直接拨号，人工服务请按0，返回请按星号键。
    "other": (
        "qing3 zhi2 jie1 bo1 fen1 ji1 hao4, ren2 gong1 fu2 wu4 qing3 an4 ling2, "
        "fan3 hui2 qing3 an4 xing1 hao4 jian4."
    ),
}


def main() -> None:
    """Write every file again."""
    for name, pinyin in TEXTS.items():
        file = Path(__file__).with_name(f"{name}.flac")
        soundfile.write(file, normalised(speak(pinyin)), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
