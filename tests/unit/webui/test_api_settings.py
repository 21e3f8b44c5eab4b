"""Programs keep reports by e-mail and what desks set for tickets, and bring a new tenant's data."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from domain.features import Feature
from storage.go_live import workbook
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site

WEEKLY = {"emails": ["boss@alpha.cn", "boss@alpha.cn"], "hour": 9, "pdf": False}


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


@pytest.mark.parametrize(("whose", "place"), [("alpha", "/tenants/alpha"), ("", "")])
def test_a_report_is_sent_by_email(site: Site, programs: Programs, whose: str, place: str) -> None:
    """Of a tenant or of the whole box; kept, sent at once, taken away; nobody else's."""
    program = programs.of(whose)
    made = program.ask("POST", f"{place}/report-mails", WEEKLY)
    assert made.status_int == 201
    assert made.json["emails"] == ["boss@alpha.cn"]
    assert program.ask("GET", f"{place}/report-mails").json["items"] == [made.json]
    where = f"{place}/report-mails/{made.json['id']}"
    other = programs.of("beta")
    foreign = f"/tenants/beta/report-mails/{made.json['id']}"
    assert other.ask("DELETE", foreign).status_int == 404
    assert other.ask("POST", f"{foreign}/send").status_int == 404
    assert other.ask("GET", "/report-mails").status_int in (403, 404)
    assert program.ask("POST", f"{where}/send").json == {"addresses": 1}
    assert program.ask("DELETE", where).status_int == 200
    assert program.ask("DELETE", where).status_int == 404
    assert site.actions()[:3] == ["report-mail-removed", "report-mail-sent", "report-mail-wished"]


@pytest.mark.parametrize(
    "wrong", [{"emails": ["nobody"]}, {"emails": []}, {"seconds": 7}, {"excel": False}, {"often": "yearly"}]
)
def test_what_cannot_be_sent_is_refused(programs: Programs, wrong: dict[str, Any]) -> None:
    """With what is wrong; nothing is kept."""
    program = programs.of("alpha")
    refused = program.ask("POST", "/tenants/alpha/report-mails", {**WEEKLY, **wrong})
    assert (refused.status_int, bool(refused.json["errors"][0]["detail"])) == (422, True)
    assert program.ask("GET", "/tenants/alpha/report-mails").json["items"] == []


def test_who_has_no_reports_has_none_by_email(site: Site, programs: Programs) -> None:
    """As in the pages."""
    operator = programs.of("")
    switched = {"features": {str(Feature.REPORTS): False}}
    assert operator.ask("PATCH", "/tenants/alpha/configuration", switched).status_int == 200
    assert programs.of("alpha").ask("GET", "/tenants/alpha/report-mails").status_int == 403


@pytest.mark.parametrize(("whose", "place"), [("alpha", "/tenants/alpha"), ("", "")])
def test_a_desk_sets_its_tickets(site: Site, programs: Programs, whose: str, place: str) -> None:
    """What is left out stays; what is shown can be sent back; a wrong field is named."""
    program, where = programs.of(whose), f"{place}/ticket-settings"
    before = program.ask("GET", where).json
    wanted = {"urgent_minutes": 30, "categories": ["报修"], "mobiles": ["13800138000"], "page": True}
    assert program.ask("PATCH", where, wanted).json == {**before, **wanted}
    assert program.ask("PATCH", where, program.ask("GET", where).json).status_int == 200
    for wrong in ({"hours": ["whenever"]}, {"mobiles": ["110"]}, {"emails": ["x"]}, {"low_score": 5}):
        refused = program.ask("PATCH", where, wrong)
        assert refused.status_int == 422
        assert next(iter(wrong)) in refused.json["errors"][0]["pointer"]
    assert program.ask("GET", where).json == {**before, **wanted}
    address = program.ask("PATCH", where, {"address": "https://400.example.cn"})
    assert address.status_int == (422 if whose else 200)


def filled() -> bytes:
    """Return a workbook with a customer, one without a name, and a sheet of somebody's own."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = workbook.CUSTOMERS
    for row in (["姓名", "电话号码"], ["陈经理", "13800138000"], ["", "13900001111"]):
        sheet.append(row)
    draft = book.create_sheet("草稿")
    for text in ("想法", "x"):
        draft.append([text])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_new_tenants_data_come_in_one_workbook(site: Site, programs: Programs) -> None:
    """Tried first; wrong rows are refused by themselves, each with the reason."""
    program = programs.of("alpha")
    where = "/tenants/alpha/go-live"
    before = program.ask("GET", "/tenants/alpha/contacts").json["items"]
    tried = program.upload(f"{where}?dry_run=true", filled()).json
    assert program.ask("GET", "/tenants/alpha/contacts").json["items"] == before
    done = program.upload(where, filled()).json
    assert (tried["changed"], done["changed"], done["in_force"]) == (False, True, True)
    assert (tried["sheets"], tried["strange"]) == (done["sheets"], ["草稿"])
    (sheet,) = done["sheets"].values()
    assert (sheet["added"], sheet["refused"], sheet["faults"][0]["row"]) == (1, 1, 3)
    assert len(program.ask("GET", "/tenants/alpha/contacts").json["items"]) == len(before) + 1
    assert program.upload(where, b"no workbook").status_int == 422
    assert programs.of("beta").upload(where, filled()).status_int == 404
