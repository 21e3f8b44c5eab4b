"""Reports by e-mail: made when due, once, with Excel and PDF, for tenants and the operator."""

from __future__ import annotations

import email
import email.policy
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import openpyxl
import pytest

from b2bua.notices.desk import Desk
from b2bua.notices.mail import written
from domain.analysis.mailing import Due, Mailing, Often, checked, due
from domain.days.calendar import BEIJING
from domain.features import Feature
from domain.notices.ways import Gateway, GatewayKind
from domain.refusal import NotPossible
from storage.connection import MainDatabase, open_main_in_memory
from storage.models import GatewayDocument, Root, Tenant, TenantConfig
from storage.reports import mails as report_mails
from storage.reports.mails import send_due
from tests.unit.storage.test_call_records import some

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=BEIJING)
NOW = MONDAY.timestamp()
WEEKLY = Mailing("m1", "acme", emails=("boss@acme.cn", "ops@acme.cn"))


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=BEIJING)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("often", "now", "wanted"),
    [
        (Often.DAILY, at(2026, 11, 23, 8), "20261122-20261122"),
        (Often.DAILY, at(2026, 11, 23, 7, 59), "20261121-20261121"),
        (Often.WEEKLY, at(2026, 11, 23, 8), "20261116-20261122"),
        (Often.WEEKLY, at(2026, 11, 25, 23), "20261116-20261122"),
        (Often.WEEKLY, at(2026, 11, 27, 9), None),
        (Often.MONTHLY, at(2026, 12, 1, 8), "20261101-20261130"),
        (Often.MONTHLY, at(2027, 1, 4, 9), "20261201-20261231"),
        (Often.MONTHLY, at(2026, 11, 20, 9), None),
    ],
)
def test_what_is_due(often: Often, now: datetime, wanted: str | None) -> None:
    """From its hour on, and three days later when the box was off; the days are those that are over."""
    found = due(Mailing("m", "acme", often), now)
    assert (None if found is None else found.name) == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        {"emails": ()}, {"emails": ("nobody",)}, {"emails": ("a@b.cn\nBcc: c@d.cn",)},
        {"emails": ("a@b.cn",) * 21},
        {"excel": False, "pdf": False}, {"seconds": 17}, {"hour": 24},
    ],
)  # fmt: skip
def test_what_cannot_be(wrong: dict[str, object]) -> None:
    """Each is refused in both languages."""
    with pytest.raises(NotPossible) as refused:
        checked(msgspec.structs.replace(WEEKLY, **wrong))
    assert refused.value.zh
    assert checked(WEEKLY) is WEEKLY


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    """Return a box with a tenant, calls of Sunday, and a mail gateway."""
    database = open_main_in_memory()

    def work(root: Root) -> None:
        root.tenants["acme"] = Tenant(TenantConfig("acme", "示例公司"))
        gateway = Gateway("mail", GatewayKind.SMTP, host="127.0.0.1", sender="notice@box.cn", sign="平台")
        root.gateways["mail"] = GatewayDocument(gateway)
        root.records.add(some(60, seed=3))
        root.mailings.put(WEEKLY)

    database.transact(work)
    yield database
    database.close()


def test_a_due_report_is_sent_once_to_each(database: MainDatabase) -> None:
    """With figures and findings in the mail and in both files; a second look sends nothing more."""
    assert send_due(database, NOW) == 1
    assert send_due(database, NOW + 600) == 0
    work = Desk(database).due(NOW, (), ())
    assert sorted(each.delivery.to for each in work) == ["boss@acme.cn", "ops@acme.cn"]
    message = work[0].message
    assert message is not None
    mail = email.message_from_bytes(written(message, NOW), policy=email.policy.default)
    assert mail["Subject"] == "示例公司 呼叫分析报表 2026-11-16 — 2026-11-22"
    body = mail.get_body()
    assert body is not None
    assert "来电：60" in body.get_content()
    assert "20 秒内接听数 ÷（接听 + 未接）" in body.get_content()
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert set(files) == {"20261116-20261122.xlsx", "20261116-20261122.pdf"}
    assert files["20261116-20261122.pdf"].startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(files["20261116-20261122.xlsx"]))
    assert {"汇总", "专家分析", "按小时"} <= set(book.sheetnames)


def test_the_operators_report_is_of_all_tenants(database: MainDatabase) -> None:
    """Every day, only as Excel, with tenants by name."""
    daily = Mailing("m2", "", Often.DAILY, ("op@box.cn",), pdf=False)
    database.transact(lambda root: root.mailings.put(daily))
    assert send_due(database, NOW) == 2
    work = next(each for each in Desk(database).due(NOW, (), ()) if each.delivery.to == "op@box.cn")
    assert work.message is not None
    (file,) = work.message.files
    rows = openpyxl.load_workbook(io.BytesIO(file.content))["按企业"].iter_rows(values_only=True)
    assert [row[:2] for row in rows][1:] == [("示例公司", 60)]


def test_one_report_at_a_time(database: MainDatabase) -> None:
    """Between two of them everything else is sent; all are made within a few looks."""
    for n in range(3):
        mailing = Mailing(f"d{n}", "acme", Often.DAILY, (f"a{n}@acme.cn",), pdf=False)
        database.transact(lambda root, mailing=mailing: root.mailings.put(mailing))  # type: ignore[misc]
    desk = Desk(database)
    waiting = []
    for look in range(5):
        desk.take_in(NOW + look)
        waiting.append(len(desk.due(NOW + look, (), ())))
    assert waiting == [1, 2, 3, 5, 5]


def test_a_report_that_cannot_be_made_keeps_no_other(
    database: MainDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever's it is; that it failed is told when nothing else is left to do."""
    make = report_mails.make

    def made(root: Root, mailing: Mailing, **more: Any) -> report_mails.Made:
        if mailing.id == "a":
            raise ValueError("a name that no sheet can have")
        return make(root, mailing, **more)

    monkeypatch.setattr(report_mails, "make", made)
    first = Mailing("a", "", Often.DAILY, ("op@box.cn",), pdf=False)
    database.transact(lambda root: root.mailings.put(first))
    assert send_due(database, NOW, most=1) == 1
    with pytest.raises(ValueError, match="no sheet"):
        send_due(database, NOW, most=1)


def test_who_is_gone_gets_none(database: MainDatabase) -> None:
    """A mailing of a tenant that was removed, or that was taken away, is sent no more."""
    gone = Mailing("m3", "nobody", Often.DAILY, ("x@y.cn",))
    database.transact(lambda root: root.mailings.put(gone))
    assert database.transact(lambda root: root.mailings.drop("other", "m1")) is False
    assert database.transact(lambda root: root.mailings.drop("acme", "m1")) is True
    assert send_due(database, NOW) == 0


def test_who_has_no_reports_any_more_gets_none(database: MainDatabase) -> None:
    """Until he has them again."""

    def switch(root: Root, features: dict[Feature, bool]) -> None:
        config = root.tenants["acme"].config
        config.value = msgspec.structs.replace(config.value, features=features)

    database.transact(lambda root: switch(root, {Feature.REPORTS: False}))
    assert send_due(database, NOW) == 0
    database.transact(lambda root: switch(root, {}))
    assert send_due(database, NOW) == 1


def test_without_a_font_the_mail_says_so(database: MainDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel comes all the same."""
    monkeypatch.setattr("storage.export.paper.FONTS", ())
    assert send_due(database, NOW) == 1
    work = Desk(database).due(NOW, (), ())[0]
    assert work.message is not None
    assert [file.name for file in work.message.files] == ["20261116-20261122.xlsx"]
    assert "fonts-wqy-microhei" in work.delivery.text


def test_files_go_with_the_log(database: MainDatabase) -> None:
    """After three months nobody needs them; younger ones stay."""
    send_due(database, NOW)
    later = NOW + 100 * 86_400
    database.transact(lambda root: root.mailings.tidy(NOW + 80 * 86_400))
    assert database.read(lambda root: len(root.mailings.files)) == 2
    database.transact(lambda root: root.mailings.tidy(later))
    assert database.read(lambda root: len(root.mailings.files)) == 0
    assert Due(MONDAY.date(), MONDAY.date()).name == "20261123-20261123"
