"""Applications for a number (办理): who applies, with which papers, and what is still missing."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.refusal import NotPossible


class ApplicantKind(StrEnum):
    """Only these may have a 400 number."""

    ENTERPRISE = "enterprise"
    SOLE_TRADER = "sole-trader"


class Paper(StrEnum):
    """What a document is."""

    LICENCE = "licence"
    IDENTITY = "identity"
    FORM = "form"
    CONTRACT = "contract"
    OTHER = "other"


class Review(StrEnum):
    """What the reseller's check of a document found."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ApplicationState(StrEnum):
    """How far an application is."""

    OPEN = "open"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    """The carrier agreed; the number can be opened."""
    DONE = "done"
    WITHDRAWN = "withdrawn"


APPLICANT_WORDS: Final[dict[ApplicantKind, tuple[str, str]]] = {
    ApplicantKind.ENTERPRISE: ("Enterprise", "企业"),
    ApplicantKind.SOLE_TRADER: ("Sole trader", "个体工商户"),
}
PAPER_WORDS: Final[dict[Paper, tuple[str, str]]] = {
    Paper.LICENCE: ("Business licence", "营业执照"),
    Paper.IDENTITY: ("Applicant's ID copy", "申请人身份证复印件"),
    Paper.FORM: ("Application form", "申请表"),
    Paper.CONTRACT: ("Contract", "合同"),
    Paper.OTHER: ("Other", "其他"),
}
REVIEW_WORDS: Final[dict[Review, tuple[str, str]]] = {
    Review.PENDING: ("not checked yet", "待审核"),
    Review.ACCEPTED: ("accepted", "合格"),
    Review.REJECTED: ("rejected", "不合格"),
}
APPLICATION_WORDS: Final[dict[ApplicationState, tuple[str, str]]] = {
    ApplicationState.OPEN: ("papers being gathered", "收集资料"),
    ApplicationState.SUBMITTED: ("with the carrier", "运营商审核中"),
    ApplicationState.APPROVED: ("approved by the carrier", "运营商已批准"),
    ApplicationState.DONE: ("activated", "已开通"),
    ApplicationState.WITHDRAWN: ("withdrawn", "已撤销"),
}
REQUIRED: Final = (Paper.LICENCE, Paper.IDENTITY, Paper.FORM, Paper.CONTRACT)
"""Each must be there, stamped, its original seen."""

_CREDIT_MARKS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT: Final = re.compile(f"[{_CREDIT_MARKS}]{{18}}", re.ASCII)
_OLD_LICENCE: Final = re.compile("[0-9]{15}", re.ASCII)
_MOBILE_OR_LANDLINE: Final = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{8,10}|400[0-9]{7}", re.ASCII)


class Applicant(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who wants the number."""

    kind: ApplicantKind
    name: str
    licence: str
    """统一社会信用代码, or the 15 digits of an older licence."""
    contact: str
    phone: str
    email: str = ""
    address: str = ""
    purpose: str = ""
    """What the number is for."""


class Document(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One paper; its file lies under its id in the store of documents."""

    id: str
    paper: Paper
    name: str
    """File name as it was uploaded."""
    type: str
    """``application/pdf``, ``image/jpeg`` or ``image/png``."""
    octets: int
    sha256: str
    at: float
    by: str
    stamped: bool = False
    """The company's seal is on it (加盖公章)."""
    original: bool = False
    """The original was seen, or is in our files."""
    expires: str = ""
    """Last day it is valid, ``YYYY-MM-DD``; empty: it does not end."""
    review: Review = Review.PENDING
    reviewed_by: str = ""
    note: str = ""


class Application(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One application for one number."""

    id: str
    number: str
    applicant: Applicant
    at: float
    """When it was received, UTC POSIX seconds."""
    by: str
    due: str
    """Last day of the promise, ``YYYY-MM-DD`` in Beijing."""
    state: ApplicationState = ApplicationState.OPEN
    fee_instead: bool = False
    """The customer pays a picking fee instead of a minimum and a term."""
    documents: tuple[Document, ...] = ()
    submitted_at: float = 0.0
    ended_at: float = 0.0
    """When it was activated or withdrawn."""
    tenant: str = ""
    carrier_reference: str = ""
    note: str = ""

    @property
    def under_way(self) -> bool:
        """Whether somebody waits for it."""
        return self.state not in (ApplicationState.DONE, ApplicationState.WITHDRAWN)

    def document(self, name: str) -> Document:
        """Return a document by its id; raises NotPossible."""
        for each in self.documents:
            if each.id == name:
                return each
        raise NotPossible(f"there is no document {name}", f"没有资料 {name}")


class Missing(StrEnum):
    """What a required paper lacks."""

    PAPER = "paper"
    EXPIRED = "expired"
    STAMP = "stamp"
    ORIGINAL = "original"
    REVIEW = "review"
    REJECTED = "rejected"


MISSING_WORDS: Final[dict[Missing, tuple[str, str]]] = {
    Missing.PAPER: ("not uploaded", "未上传"),
    Missing.EXPIRED: ("expired", "已过期"),
    Missing.STAMP: ("not stamped", "未加盖公章"),
    Missing.ORIGINAL: ("original not seen", "未核对原件"),
    Missing.REVIEW: ("not checked yet", "待审核"),
    Missing.REJECTED: ("rejected", "不合格"),
}


class Check(NamedTuple):
    """One line of the checklist."""

    paper: Paper
    document: Document | None
    """The latest one of its kind that was not rejected, or the latest."""
    missing: tuple[Missing, ...]
    """Empty: this paper is in order."""


def checklist(application: Application, today: date) -> tuple[Check, ...]:
    """Return what stands with each required paper."""
    return tuple(_check(application, paper, today) for paper in REQUIRED)


def _check(application: Application, paper: Paper, today: date) -> Check:
    found = [each for each in application.documents if each.paper is paper]
    if not found:
        return Check(paper, None, (Missing.PAPER,))
    good = [each for each in found if each.review is not Review.REJECTED]
    if not good:
        return Check(paper, found[-1], (Missing.REJECTED,))
    document = good[-1]
    missing = (
        (Missing.EXPIRED, bool(document.expires) and document.expires < today.isoformat()),
        (Missing.STAMP, not document.stamped),
        (Missing.ORIGINAL, not document.original),
        (Missing.REVIEW, document.review is Review.PENDING),
    )
    return Check(paper, document, tuple(each for each, lacks in missing if lacks))


def require_complete(application: Application, today: date) -> None:
    """Raise NotPossible with all that is missing before the papers can go to the carrier."""
    lacking = [check for check in checklist(application, today) if check.missing]
    if not lacking:
        return
    en, zh = ([_lacking(check, language) for check in lacking] for language in (0, 1))
    raise NotPossible(f"not complete: {'; '.join(en)}", f"资料不齐：{'；'.join(zh)}")


def _lacking(check: Check, language: int) -> str:
    words = (", ", "、")[language].join(MISSING_WORDS[each][language] for each in check.missing)
    return f"{PAPER_WORDS[check.paper][language]} {words}"


def faults_of(applicant: Applicant) -> dict[str, tuple[str, str]]:
    """Return field -> what is wrong with it, in English and Chinese; empty: nothing."""
    found = {}
    needed = ("Please fill this in.", "请填写此项。")
    for name in ("name", "contact"):
        if not getattr(applicant, name).strip():
            found[name] = needed
    for name in ("name", "contact", "email", "address", "purpose"):
        value = getattr(applicant, name)
        if len(value) > 200 or not value.isprintable():
            found[name] = ("200 characters at most, in one line.", "最多 200 个字，且不能换行。")
    if not is_licence(applicant.licence):
        found["licence"] = (
            "18 characters of the unified social credit code (is one wrong? the check digit does not fit), "
            "or 15 digits of an older licence.",
            "应为 18 位统一社会信用代码（请核对，校验位不符），或旧营业执照的 15 位注册号。",
        )
    if _MOBILE_OR_LANDLINE.fullmatch(applicant.phone) is None:
        found["phone"] = (
            "A mobile number, or a landline with its area code.",
            "应为手机号码，或带区号的固定电话。",
        )
    return found


def is_licence(text: str) -> bool:
    """Tell whether a text can be a licence's number: GB 32100-2015 with its check digit, or 15 digits."""
    if _OLD_LICENCE.fullmatch(text) is not None:
        return True
    if _CREDIT.fullmatch(text) is None:
        return False
    total = sum(_CREDIT_MARKS.index(mark) * pow(3, place, 31) for place, mark in enumerate(text[:17]))
    return _CREDIT_MARKS[-total % 31] == text[17]
