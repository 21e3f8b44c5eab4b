"""Applications: who may apply, papers, the carrier, the promise, the pack, the register."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

from domain.days.calendar import Calendar
from domain.numbers.application import Applicant, ApplicantKind, Paper, Review, faults_of, is_licence
from domain.numbers.lifecycle import NumberState
from domain.numbers.numbering import NumberBook
from domain.refusal import NotPossible
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.models import Root
from storage.numbers.applications import Counter, Faulty
from storage.numbers.desk import NumberDesk
from storage.numbers.documents import Documents
from storage.numbers.pack import COVER, make_pack
from storage.numbers.register import COLUMNS, entries, write_register
from storage.numbers.upkeep import look_after
from tests.unit.storage.provision import apply

NUMBER = "4001003721"
TUESDAY = 1_790_000_000.0 - 6 * 86400
"""2026-09-15, 22:13 in Beijing."""
DAY = 86400.0
PDF = b"%PDF-1.7\n..."
SHOP = Applicant(
    ApplicantKind.SOLE_TRADER, "示例小店", "91350100M000100Y43", "王五", "13900001111", purpose="售后"
)


class Office:
    """A box with one number in stock, and its counter."""

    def __init__(self) -> None:
        self.database: MainDatabase = open_main_in_memory()
        self.recordings = open_recordings_in_memory()
        self.documents = Documents(self.recordings)
        self.now = TUESDAY
        self.do(lambda counter: counter.desk.take_in(NUMBER))

    def do(self, work: Any) -> Any:
        """Do something at the counter."""
        return self.database.transact(lambda root: work(Counter(NumberDesk(root, self.now, "anna"))))

    def file(self, paper: Paper, **facts: Any) -> str:
        """Upload a paper that is in order, but for what is told."""
        filed = self.documents.add(PDF, self.now)
        told = {"stamped": True, "original": True} | facts
        document = self.do(
            lambda counter: counter.add(NUMBER, paper, f"C:\\扫描\\{paper}.pdf", filed, **told)
        )
        self.do(lambda counter: counter.describe(NUMBER, document.id, review=Review.ACCEPTED))
        return str(document.id)

    def complete(self) -> None:
        """Apply with all papers."""
        self.do(lambda counter: counter.open(NUMBER, SHOP))
        for paper in (Paper.LICENCE, Paper.IDENTITY, Paper.FORM, Paper.CONTRACT):
            self.file(paper)

    def state(self) -> NumberState:
        """Return where the number stands."""
        card = self.database.read(lambda root: root.inventory.card(NUMBER))
        assert card is not None
        return card.state


@pytest.fixture
def office() -> Iterator[Office]:
    """Return an open office."""
    office = Office()
    yield office
    office.recordings.close()
    office.database.close()


def test_licences_prove_themselves() -> None:
    """统一社会信用代码 with its check digit, or 15 digits of an older licence; nothing else."""
    assert is_licence("91350100M000100Y43")  # the example of GB 32100-2015
    assert is_licence("110108001234567")
    for wrong in ("91350100M000100Y44", "91350100M000100Y4", "91350100O000100Y43", "", "abc"):
        assert not is_licence(wrong), wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("licence", "123"), ("contact", ""), ("phone", "12345"), ("address", "x" * 201),
     ("email", "a\nb")],
)  # fmt: skip
def test_an_applicant_is_described_rightly(office: Office, field: str, value: str) -> None:
    """Each fault is told with its field, in both languages, and nothing is taken."""
    wrong = msgspec.structs.replace(SHOP, **{field: value})
    assert set(faults_of(wrong)) == {field}
    with pytest.raises(Faulty, match=field):
        office.do(lambda counter: counter.open(NUMBER, wrong))
    assert office.state() is NumberState.IN_STOCK


def test_papers_must_be_there_stamped_seen_and_accepted(office: Office) -> None:
    """All that is missing is told at once; what is in order goes to the carrier."""
    office.do(lambda counter: counter.open(NUMBER, SHOP))
    office.file(Paper.LICENCE, expires="2026-09-14")
    office.file(Paper.IDENTITY, stamped=False)
    form = office.file(Paper.FORM)
    office.do(lambda counter: counter.describe(NUMBER, form, review=Review.REJECTED, note="模糊"))
    with pytest.raises(NotPossible) as refused:
        office.do(lambda counter: counter.submit(NUMBER))
    assert refused.value.zh == (
        "资料不齐：营业执照 已过期；申请人身份证复印件 未加盖公章；申请表 不合格；合同 未上传"
    )
    for paper in (Paper.LICENCE, Paper.IDENTITY, Paper.FORM, Paper.CONTRACT):
        office.file(paper)
    office.do(lambda counter: counter.submit(NUMBER))
    assert office.state() is NumberState.UNDER_REVIEW
    with pytest.raises(NotPossible, match="with the carrier"):
        office.file(Paper.OTHER)


def test_a_rejection_says_why(office: Office) -> None:
    """Who rejects a document, or notes that the carrier did, must say what is wrong."""
    office.complete()
    name = office.file(Paper.OTHER)
    with pytest.raises(NotPossible, match="say what is wrong"):
        office.do(lambda counter: counter.describe(NUMBER, name, review=Review.REJECTED))
    office.do(lambda counter: counter.submit(NUMBER))
    with pytest.raises(NotPossible, match="say why"):
        office.do(lambda counter: counter.returned(NUMBER, " "))
    office.do(lambda counter: counter.returned(NUMBER, "公章不清晰"))
    assert office.state() is NumberState.APPLIED
    office.file(Paper.CONTRACT)


def test_the_reseller_approves_nothing_by_himself(office: Office) -> None:
    """A number opens when the carrier agreed, for who applied."""
    office.complete()
    for attempt in ("not applied", "示例小店"):
        with pytest.raises(NotPossible):
            office.do(lambda counter, name=attempt: counter.activate(NUMBER, "shop", name))
    office.do(lambda counter: counter.submit(NUMBER))
    with pytest.raises(NotPossible, match="not approved"):
        office.do(lambda counter: counter.activate(NUMBER, "shop", SHOP.name))
    office.do(lambda counter: counter.approve(NUMBER, "CU-2026-1"))
    with pytest.raises(NotPossible, match="applied for by"):
        office.do(lambda counter: counter.activate(NUMBER, "shop", "别人"))
    card = office.do(lambda counter: counter.activate(NUMBER, "shop", SHOP.name))
    assert (card.state, card.tenant, card.contract.minimum_li) == (NumberState.ACTIVE, "shop", 3_000_000)
    application = office.do(lambda counter: counter.of(NUMBER))
    assert (application.state, application.tenant, application.carrier_reference) == (
        "done",
        "shop",
        "CU-2026-1",
    )


def test_a_reserved_number_is_its_holders(office: Office) -> None:
    """Somebody else's application is refused; the holder's is taken."""
    office.do(lambda counter: counter.desk.reserve(NUMBER, "示例小店"))
    other = msgspec.structs.replace(SHOP, name="别家")
    with pytest.raises(NotPossible, match="reserved for"):
        office.do(lambda counter: counter.open(NUMBER, other))
    office.do(lambda counter: counter.open(NUMBER, SHOP))


def test_seven_working_days_then_an_alarm(office: Office) -> None:
    """Received on Tuesday the 15th of September 2026; worked Sunday the 20th counts; late from then on."""
    office.complete()
    application = office.do(lambda counter: counter.of(NUMBER))
    calendar = Calendar()
    due = date.fromisoformat(application.due)
    worked = [
        day
        for day in (date(2026, 9, number) for number in range(16, 31))
        if day <= due and calendar.day(day).kind.works
    ]
    assert len(worked) == 7
    late = TUESDAY + ((due - date(2026, 9, 15)).days) * DAY
    assert look_after(office.database, late).overdue == ()
    assert look_after(office.database, late + DAY).overdue == (NUMBER,)
    office.do(lambda counter: counter.withdraw(NUMBER, "客户放弃"))
    assert look_after(office.database, late + DAY).overdue == ()
    assert office.state() is NumberState.IN_STOCK


def test_time_releases_what_was_reserved(office: Office) -> None:
    """Without anybody doing anything."""
    office.do(lambda counter: counter.desk.reserve(NUMBER, "甲", 2))
    look_after(office.database, TUESDAY + 2 * DAY - 1)
    assert office.state() is NumberState.RESERVED
    look_after(office.database, TUESDAY + 2 * DAY)
    assert office.state() is NumberState.IN_STOCK


def test_tenants_are_reminded_once_for_each_day_that_was_agreed(office: Office) -> None:
    """60, 30 and 7 days before the term ends, in the outbox of notices; and the papers are told."""
    office.do(lambda counter: counter.desk.activate(NUMBER, "shop"))
    apply(
        office.database,
        "tenants: {shop: {numbers: {4001003721: {}}, notices: {all: {mobiles: ['13900001111']}}}}",
    )
    card = office.database.read(lambda root: root.inventory.card(NUMBER))
    assert card is not None
    assert card.contract is not None
    ends = date.fromisoformat(card.contract.ends)
    began = date.fromisoformat(card.contract.begins)

    def told(days_before: int) -> int:
        at = card.since + ((ends - began).days - days_before) * DAY
        look_after(office.database, at)
        look_after(office.database, at + 60)
        return office.database.read(lambda root: len(list(root.notices.newest_first("shop"))))

    assert [told(days) for days in (61, 60, 59, 31, 30, 8, 7, 1, 0, -1)] == [0, 1, 1, 1, 2, 2, 3, 3, 3, 3]


def test_only_papers_are_taken(office: Office) -> None:
    """What a file says it is does not count, its first bytes do; names lose their folders."""
    for content, why in (
        (b"", "empty"),
        (b"MZ....", "only PDF"),
        (b"%PDF-" + b"x" * 10_485_760, "more than"),
    ):
        with pytest.raises(NotPossible, match=why):
            office.documents.add(content, TUESDAY)
    office.complete()
    application = office.do(lambda counter: counter.of(NUMBER))
    assert application.documents[0].name == "licence.pdf"
    assert office.documents.read(application.documents[0].id) == PDF
    with pytest.raises(NotPossible):
        office.documents.read("nothing")
    assert office.documents.sweep([each.id for each in application.documents[1:]], "~") == 1
    with pytest.raises(NotPossible):
        office.documents.read(application.documents[0].id)


def test_the_pack_for_the_carrier(office: Office) -> None:
    """A zip with a cover sheet and the papers in order, those rejected left out."""
    office.complete()
    bad = office.file(Paper.OTHER)
    office.do(lambda counter: counter.describe(NUMBER, bad, review=Review.REJECTED, note="无关"))
    application = office.do(lambda counter: counter.of(NUMBER))
    card = office.database.read(lambda root: root.inventory.card(NUMBER))
    assert card is not None
    content = make_pack(application, card, NumberBook(), office.documents, date(2026, 9, 15))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [
            COVER, "01-营业执照-licence.pdf", "02-申请人身份证复印件-identity.pdf", "03-申请表-form.pdf",
            "04-合同-contract.pdf",
        ]  # fmt: skip
        assert archive.read("01-营业执照-licence.pdf") == PDF
        cover = openpyxl.load_workbook(io.BytesIO(archive.read(COVER)))
    facts = dict(cover["封面"].iter_rows(min_row=2, values_only=True))
    assert (facts["申请号码"], facts["企业名称"], facts["最低消费"]) == (NUMBER, "示例小店", "3000.00 元/月")
    assert cover["资料清单"].max_row == 5


def test_the_register(office: Office, tmp_path: Path) -> None:
    """台账: a row for each application, with its lateness."""
    office.complete()
    path = tmp_path / "register.xlsx"

    def read(root: Root) -> Any:
        return entries(root)

    rows = office.database.read(read)
    assert write_register(path, rows, NumberBook(), Calendar(), date(2026, 10, 30)) == 1
    head, row = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    assert head == tuple(column.title for column in COLUMNS)
    told = dict(zip(head, row, strict=True))
    assert (told["400号码"], told["企业名称"], told["企业类型"]) == (NUMBER, "示例小店", "个体工商户")
    assert told["是否超期"].startswith("超期 ")
    assert told["最低消费（元/月）"] == 3000
