"""Search and suggest in a knowledge base of 20,000 articles: ``python -m bench.bench_search [--articles N]``.

The base is made in a file of its own, then opened anew, so that the first query of each word reads from disk.
Times are those of the processor, so that they hold on a busy machine.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from storage.models.text_index import BLOCK, Text, TextIndex, keys_of

WORDS = tuple(
    word
    for line in (
        "绑定号码 来电路由 语音导航 彩铃 录音 留言 未接来电 通知 短信 账单 余额 充值 发票 密码 登录",
        "转接 黑名单 分机 线路 中继 报表 满意度 工单 客户 附件 设置 修改 删除 新增 查询 下载 导出 审核",
        "节假日 费用 套餐 合同 资料 申请 开通 停机 恢复 故障 无法 拨通 声音 单通 掉线 延迟 网络 路由器",
    )
    for word in line.split()
)
QUERIES = (
    "充值",
    "无法拨通",
    "忘记密码",
    "发票 申请",
    "声音单通怎么办",
    "录音下载",
    "节假日时间设置",
    "路由器",
)


def text_of(draw: random.Random) -> Text:
    """Return an article of 300 to 900 characters, with rare words among the common ones."""
    rare = "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(12))
    ends = ("", "，", "。")
    words = (draw.choice(WORDS) + draw.choice((*ends, rare[n % 12])) for n in range(draw.randint(90, 260)))
    body = "".join(words)
    return Text(" ".join(draw.sample(WORDS, 3)), body)


def fill(index: TextIndex, count: int, draw: random.Random) -> None:
    """Index many texts at once, as ``put`` would one after the other."""
    maps: dict[str, int] = {}
    for number in range(count):
        name = f"{number:026d}"
        index.numbers[name], index.names[number] = number, name
        block, place = divmod(number, BLOCK)
        for gram in keys_of(text_of(draw)):
            key = f"{gram}\x00{block:04x}"
            maps[key] = maps.get(key, 0) | 1 << place
    for key in sorted(maps):
        bits = maps[key]
        index.maps[key] = bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def main() -> None:
    """Make the base, ask it, tell the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    count = parser.parse_args().articles
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.fs"
        db = DB(FileStorage(str(path)), cache_size=20_000)
        connection = db.open()
        index = connection.root()["index"] = TextIndex()
        began = time.process_time()
        fill(index, count, draw)
        transaction.commit()
        made = time.process_time() - began
        began = time.process_time()
        index.put("one more", text_of(draw))
        transaction.commit()
        print(f"{count} articles in {made:.0f} s; one more: {(time.process_time() - began) * 1000:.0f} ms")
        db.pack()
        print(f"on disk, packed: {path.stat().st_size / 1024 / 1024:.0f} MB")
        db.close()
        db = DB(FileStorage(str(path)), cache_size=4000)
        index = db.open().root()["index"]
        for name, ask in (("search", index.search), ("suggest", index.like)):
            for state in ("first", "again"):
                times = []
                for query in QUERIES:
                    began = time.process_time()
                    ask(query, 20)
                    times.append((time.process_time() - began) * 1000)
                print(f"{name}, {state}: median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")
        db.close()


if __name__ == "__main__":
    main()
