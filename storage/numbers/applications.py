"""The counter where applications are taken: papers, checks, the carrier's word, and who waits too long."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from domain.numbers.application import (
    APPLICATION_WORDS,
    Applicant,
    Application,
    ApplicationState,
    Document,
    Paper,
    Review,
    faults_of,
    require_complete,
)
from domain.numbers.lifecycle import Move, NumberCard, NumberState
from domain.numbers.promise import due_day, working_days_left
from domain.refusal import NotPossible
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.desk import NumberDesk
from storage.numbers.documents import MOST_DOCUMENTS, Filed

MOST_NAME: Final = 120


class Faulty(NotPossible):
    """An applicant with fields that are wrong; ``faults``: field -> what is, in English and Chinese."""

    def __init__(self, faults: dict[str, tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(f"{name}: {text[0]}" for name, text in faults.items()),
            "；".join(f"{name}：{text[1]}" for name, text in faults.items()),
        )
        self.faults = faults


class Counter:
    """Takes applications at a desk. Every method raises NotPossible for what the rules do not allow."""

    def __init__(self, desk: NumberDesk) -> None:
        self.desk = desk
        self.inventory = desk.inventory

    def of(self, number: str) -> Application:
        """Return the application of a number, the last one."""
        card = self.desk.card(number)
        found = self.inventory.application(card.application) if card.application else None
        if found is None:
            raise NotPossible(f"there is no application for {number}", f"{number} 没有办理申请")
        return found

    def open(
        self, number: str, applicant: Applicant, *, fee_instead: bool = False, note: str = ""
    ) -> Application:
        """Receive an application; raises Faulty for an applicant who is not described rightly.

        A number that is reserved can be applied for by its holder alone.
        """
        faults = faults_of(applicant)
        if faults:
            raise Faulty(faults)
        card = self.desk.freed(number)
        require_free_for(card, applicant.name)
        offer = self.desk.offer(card)
        if fee_instead and offer.fee_instead_li is None:
            raise NotPossible(
                f"{number} is not offered for a fee instead of the minimum",
                f"{number} 所属分类不支持以选号费代替最低消费",
            )
        self.desk.require_offered(card)
        days = self.desk.book.numbering.activation_days
        application = Application(
            id=new_id(self.desk.at), number=number, applicant=applicant, at=self.desk.at, by=self.desk.by,
            due=due_day(self.desk.today, days, self.desk.calendar).isoformat(), fee_instead=fee_instead,
            note=note[:200],
        )  # fmt: skip
        self.desk.move(number, Move.APPLY, applicant.name, application=application.id)
        return self._put(application)

    def _put(self, application: Application, **fields: Any) -> Application:
        after = msgspec.structs.replace(application, **fields) if fields else application
        self.inventory.put_application(after)
        return after

    def require_open(self, number: str) -> Application:
        """Return an application whose papers can still be changed."""
        application = self.of(number)
        if application.state is not ApplicationState.OPEN:
            en, zh = APPLICATION_WORDS[application.state]
            raise NotPossible(f"the application for {number} is {en}", f"{number} 的申请{zh}，不能再修改资料")
        return application

    # papers

    def add(self, number: str, paper: Paper, name: str, filed: Filed, **facts: Any) -> Document:
        """Put a file to the papers; ``facts``: ``stamped``, ``original``, ``expires``."""
        application = self.require_open(number)
        if len(application.documents) >= MOST_DOCUMENTS:
            raise NotPossible(f"{MOST_DOCUMENTS} documents at most", f"最多 {MOST_DOCUMENTS} 份资料")
        document = Document(
            id=filed.id, paper=paper, name=_file_name(name), type=filed.type, octets=filed.octets,
            sha256=filed.sha256, at=self.desk.at, by=self.desk.by, **_facts(facts),
        )  # fmt: skip
        self._put(application, documents=(*application.documents, document))
        return document

    def describe(self, number: str, name: str, **facts: Any) -> Document:
        """Note what was seen of a document: ``stamped``, ``original``, ``expires``, ``review``, ``note``."""
        application = self.require_open(number)
        before = application.document(name)
        if facts.get("review") is Review.REJECTED and not facts.get("note"):
            raise NotPossible("say what is wrong with the document", "请填写资料不合格的原因")
        if "review" in facts:
            facts["reviewed_by"] = self.desk.by
        after = msgspec.structs.replace(before, **_facts(facts))
        documents = tuple(after if each.id == name else each for each in application.documents)
        self._put(application, documents=documents)
        return after

    def drop(self, number: str, name: str) -> None:
        """Take a document away that was uploaded by mistake."""
        application = self.require_open(number)
        application.document(name)
        self._put(application, documents=tuple(each for each in application.documents if each.id != name))

    # the carrier

    def submit(self, number: str, why: str = "") -> Application:
        """Send the papers to the carrier; they must be complete."""
        application = self.require_open(number)
        require_complete(application, self.desk.today)
        self.desk.move(number, Move.SUBMIT, why)
        return self._put(application, state=ApplicationState.SUBMITTED, submitted_at=self.desk.at)

    def returned(self, number: str, why: str) -> Application:
        """Note that the carrier sent the papers back, and why; they can be put right."""
        if not why.strip():
            raise NotPossible("say why the carrier returned it", "请填写运营商退回的原因")
        application = self.of(number)
        self.desk.move(number, Move.RETURN, why)
        return self._put(application, state=ApplicationState.OPEN, note=why[:200])

    def approve(self, number: str, reference: str = "") -> Application:
        """Note that the carrier agreed; the number can be opened."""
        application = self.of(number)
        if application.state is not ApplicationState.SUBMITTED:
            raise NotPossible(f"{number} is not with the carrier", f"{number} 未提交运营商审核")
        return self._put(application, state=ApplicationState.APPROVED, carrier_reference=reference[:60])

    def withdraw(self, number: str, why: str = "") -> Application:
        """End an application without a number."""
        application = self.of(number)
        self.desk.move(number, Move.WITHDRAW, why)
        return self._put(
            application,
            state=ApplicationState.WITHDRAWN,
            ended_at=self.desk.at,
            note=why[:200] or application.note,
        )

    # opening

    def activate(self, number: str, tenant: str, name: str, *, fee_instead: bool = False) -> NumberCard:
        """Give a number to a tenant: one that was applied for when the carrier agreed, one in stock at once.

        ``name``: of the enterprise; a number that is reserved is its holder's alone.
        """
        card = self.desk.card(number)
        if card.state is not NumberState.UNDER_REVIEW:
            require_free_for(self.desk.freed(number), name)
            return self.desk.activate(number, tenant, fee_instead=fee_instead)
        application = self.of(number)
        if application.state is not ApplicationState.APPROVED:
            raise NotPossible(f"the carrier has not approved {number} yet", f"{number} 尚未经运营商批准")
        if application.applicant.name != name:
            raise NotPossible(
                f"{number} was applied for by {application.applicant.name}",
                f"{number} 的申请人是 {application.applicant.name}",
            )
        card = self.desk.activate(number, tenant, fee_instead=application.fee_instead)
        self._put(application, state=ApplicationState.DONE, tenant=tenant, ended_at=self.desk.at)
        return card

    # the promise

    def waiting(self, *, overdue: bool = False) -> list[tuple[Application, int]]:
        """Return who waits, with the working days left (negative: too late by), the latest first."""
        calendar, today = self.desk.calendar, self.desk.today
        found = [
            (each, working_days_left(today, date.fromisoformat(each.due), calendar))
            for each in self.inventory.waiting()
            if not overdue or each.due < today.isoformat()
        ]
        return sorted(found, key=lambda pair: (pair[0].due, pair[0].id))


def require_free_for(card: NumberCard, name: str) -> None:
    """Raise NotPossible for a number that is reserved for somebody else."""
    if card.state is NumberState.RESERVED and card.reserved_for != name.strip():
        raise NotPossible(
            f"{card.number} is reserved for {card.reserved_for}; release it first",
            f"{card.number} 已为 {card.reserved_for} 预占；请先释放",
        )


def overdue(root: Root, at: float) -> list[tuple[Application, int]]:
    """Return the applications that the promise was broken for."""
    return Counter(NumberDesk(root, at, "box400")).waiting(overdue=True)


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Check what is said of a document."""
    expires = facts.get("expires") or ""
    if expires:
        try:
            facts["expires"] = date.fromisoformat(expires).isoformat()
        except ValueError:
            raise NotPossible(
                f"{expires!r} is no day such as 2027-12-31", f"“{expires}”不是日期，例如 2027-12-31"
            ) from None
    if len(facts.get("note") or "") > 200:
        raise NotPossible("the note has more than 200 characters", "备注超过 200 个字")
    return facts


def _file_name(name: str) -> str:
    """Return what people uploaded it as, without a path or marks that a file system or a page acts on."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(mark for mark in bare if mark.isprintable() and mark not in '<>:"|?*/')
    return clean.strip(". ")[:MOST_NAME] or "document"
