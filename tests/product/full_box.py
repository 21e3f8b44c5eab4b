"""A box where something has happened on every page."""

from __future__ import annotations

from typing import Final

from tests.product.box import ROOT, Box

NUMBER: Final = "4001003761"
"""Of tests/product/workbench.yaml."""
CALLER: Final = "13800138000"
WRITTEN: Final = f"""
import time
from domain.customers.conversation import Conversation, Text, Way
from domain.customers.customer import Customer
from domain.knowledge import Article, Audience, Words, approved, drafted, submitted
from domain.tickets.rules import Wanted
from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import OPERATOR, Asker, AskerKind, Source, SourceKind
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.notices.outbox import new_id
from storage.tickets import open_ticket

now = time.time()
def article(root, owner):
    words = Words("怎样更改绑定号码", "在“绑定号码”页上更改，下一个来电即生效。", "常见问题", Audience.PUBLIC)
    made = drafted(Article(new_id(now), owner, now), words, "test", now)
    root.knowledge.of(owner).put(approved(submitted(made), "test", now))
def ticket(root, desk, kind):
    asker, source = Asker(kind, "王女士", "{CALLER}"), Source(SourceKind.PAGE)
    open_ticket(root, Wanted(desk, "demo", asker, "发票抬头", "请更正发票抬头。", source), now)
def work(root):
    for owner in (OPERATOR, "demo"):
        root.tickets.of(owner).settings.value = TicketSettings(page=True)
        article(root, owner)
    ticket(root, OPERATOR, AskerKind.TENANT)
    ticket(root, "demo", AskerKind.CUSTOMER)
    root.customers.of("demo").put(Customer("a1" * 8, "王女士", ("{CALLER}",), tags=("老客户",), at=now))
    written = Conversation("0" + "A" * 25, Way.SMS, "{CALLER}", "sms", "10690000", now, now, unanswered=1)
    root.conversations.of("demo").put(written)
    root.conversations.of("demo").put_text(written.id, Text("0" + "B" * 25, now, "in", "什么时候发货？"))
open_main(DataDirectory(DATA)).transact(work)
"""
"""What customers wrote and asked, and the public pages."""
APPLICATION: Final = (
    "--kind", "enterprise", "--name", "示例贸易有限公司", "--licence", "91350100M000100Y43",
    "--contact", "王女士", "--phone", "13900001111", "--purpose", "售后服务热线",
)  # fmt: skip


def fill(box: Box) -> None:
    """Make calls, money, stock, an application, a prompt that waits, questions."""
    greeting = str(ROOT / "box400/demo/greeting.flac")
    box.cli("money", "post", "recharge", "demo", "500", "--cause", "收据-1")
    box.cli("numbers", "add", "4006128860", "--count", "10", "--why", "号段采购")
    box.cli("numbers", "set-terms", "special", "--minimum", "500")
    box.cli("numbers", "apply", "4006128866", *APPLICATION)
    box.cli("prompts", "upload", "demo", "welcome", greeting, "--for-review", "--by", "tenant:demo")
    box.python(WRITTEN)
    box.caller = CALLER
    box.call(NUMBER, "--keys", "w1,2", "--seconds", "4")
    box.call(NUMBER, "--keys", "w1,1", "--seconds", "4")
    box.records(count=2)
