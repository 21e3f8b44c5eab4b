"""What the pictures of the service desk show: a customer's mail, a ticket, articles, scores; of the demo."""

from __future__ import annotations

from typing import Final

CUSTOMER: Final = "c1" * 8
FILLED: Final = f"""
import time
from domain.customers.conversation import Mailbox, Text, Way
from domain.customers.customer import Customer
from domain.knowledge import Article, Audience, Words, approved, drafted, submitted
from domain.tickets import rules
from domain.tickets.ratings import Rating
from domain.tickets.rules import Wanted
from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import Asker, AskerKind, Source, SourceKind
from storage.connection import open_main
from storage.conversations.writing import Incoming, Writing
from storage.data_directory import DataDirectory
from storage.conversations.letters import letter_done, letters_due
from storage.notices.outbox import new_id
from storage.tickets import move, open_ticket

NOW, MAIL, CALLER = time.time(), "zhou@example.cn", "13800138000"
ARTICLES = (
    ("如何申请发票", "登录官网，在“我的订单”里选择订单，点“申请发票”，三个工作日内寄出。", "常见问题"),
    ("收到商品有破损怎么办", "请拍照并在七天内联系客服，核实后免费更换。", "售后服务"),
    ("大客户对账流程", "每月 5 日前由客户经理发送对账单，客户确认后开票。", "账单费用"),
)
SCORES = ((5, "账单费用"), (4, "售后服务"), (5, "账单费用"), (2, "投诉建议"), (5, "售后服务"))
def article(root, title, body, category):
    words = Words(title, body, category, Audience.PUBLIC)
    made = drafted(Article(new_id(NOW), "demo", NOW), words, "8001", NOW)
    root.knowledge.of("demo").put(approved(submitted(made), "demo", NOW))
def work(root):
    root.tickets.of("demo").settings.value = TicketSettings(page=True)
    for each in ARTICLES:
        article(root, *each)
    card = Customer("{CUSTOMER}", "周女士", (CALLER,), mails=(MAIL,), tags=("老客户",), at=NOW)
    root.customers.of("demo").put(card)
    def wrote(minutes, text):
        at = NOW - minutes * 60
        come = Text(new_id(at), at, "in", text, message_id=new_id(at) + "@example.cn")
        box = Mailbox("service", "service@demo.cn", queue="service")
        return Writing(root, "demo", at).take_in(Incoming(Way.MAIL, box, MAIL, come, "周女士", "十一月发票"))
    made = wrote(95, "您好，十一月的订单请开增值税专用发票，谢谢。")
    Writing(root, "demo", NOW - 5100).answer(made.id, "8001", "周女士您好，请问抬头和税号是否与上月相同？")
    for letter in letters_due(root, NOW, 9):
        letter_done(root, letter, "", None)
    Writing(root, "demo", NOW - 5000).note(made.id, "8001", "老客户，抬头在客户资料里。")
    wrote(40, "相同，寄到公司前台即可。")
    asker = Asker(AskerKind.CUSTOMER, "周女士", CALLER, MAIL)
    source, text = Source(SourceKind.EMAIL, made.id), "客户要求本周内收到专用发票。"
    about = Wanted("demo", "demo", asker, "十一月发票未寄出", text, source)
    ticket = open_ticket(root, about, NOW - 2000)
    step = lambda work: move(root, "demo", ticket.id, work)
    step(lambda each, _: rules.noted(each, "已联系财务，下午开票。", (), "8001", NOW - 1500))
    said = "发票已开，顺丰单号稍后短信告知。"
    step(lambda each, terms: rules.answered(each, said, (), "8001", NOW - 900, terms))
    for day, (score, category) in enumerate(SCORES):
        at = NOW - day * 86400
        rating = Rating(at, score, ticket=new_id(at), agent="8001", category=category)
        root.tickets.of("demo").add_rating(rating)
    return made.id, ticket.id
print(*open_main(DataDirectory(DATA)).transact(work))
"""


def pages(conversation: str, ticket: str) -> dict[str, str]:
    """Return name of a picture -> path below the tenant's pages."""
    return {
        "service-conversation": f"/conversations/{conversation}",
        "service-customer": f"/customers/{CUSTOMER}",
        "service-ticket": f"/tickets/{ticket}", "service-knowledge": "/knowledge",
        "service-satisfaction": "/satisfaction",
    }  # fmt: skip
