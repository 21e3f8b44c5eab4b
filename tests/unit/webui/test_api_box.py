"""Programs of the operator keep the box: calendar, place data, backups, trunks, alarms, sign-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.days.calendar import published_years
from storage.backup_schedule import read_asks
from storage.provisioning.checks import MASK
from storage.serving.places import tables_in_use
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Site
from tests.unit.webui.test_backup_page import set_up
from tests.unit.webui.test_places import SEGMENTS
from tests.unit.webui.test_reconciliation import NUMBER, filled

NEXT = published_years().stop
"""The first year that nobody published."""


@pytest.fixture
def programs(site: Site) -> Programs:
    """Return the API of a box with the tenants alpha and beta."""
    return Programs(site)


def test_a_year_is_entered_and_taken_back(site: Site, programs: Programs) -> None:
    """Days that are wrong are named by their place, and then nothing is stored."""
    program = programs.of("")
    assert program.ask("GET", f"/calendar/{NEXT}").json == {
        "year": NEXT, "known": "unknown", "days": [], "entered": [],
    }  # fmt: skip
    spring = {"days": f"{NEXT}-02-05..{NEXT}-02-07", "kind": "holiday", "name": "春节"}
    worked = {"days": f"{NEXT}-02-14", "kind": "workday", "name": "春节"}
    year = {"days": f"{NEXT}-01-01", "kind": "holiday", "name": "元旦"}
    nation = {"days": f"{NEXT}-10-01", "kind": "holiday", "name": "国庆节"}
    wrong = program.ask("POST", "/calendar", {"items": [spring, {**worked, "days": f"{NEXT}-02-30"}]})
    assert (wrong.status_int, wrong.json["errors"][0]["pointer"]) == (422, "items[1].days")
    assert program.ask("POST", "/calendar", {"items": [year, spring, worked, nation]}).json["changed"] is True
    shown = program.ask("GET", f"/calendar/{NEXT}").json
    assert shown["known"] == "entered"
    assert {"day": f"{NEXT}-02-06", "kind": "holiday", "name": "春节"} in shown["days"]
    assert [each["days"] for each in shown["entered"]] == [1, 3, 1, 1]
    assert program.ask("DELETE", f"/calendar?first={NEXT}-02-06&last={NEXT}-12-31").status_int == 200
    left = program.ask("GET", f"/calendar/{NEXT}").json
    assert [each["last"] for each in left["entered"]] == [f"{NEXT}-01-01", f"{NEXT}-02-05"]
    assert left["known"] == "unknown"
    assert site.actions()[:2] == ["calendar-removed", "calendar-entered"]
    assert program.ask("GET", "/calendar/1999").status_int == 404
    assert program.ask("DELETE", "/calendar?first=2027-02-06").status_int == 422


def test_a_table_of_places_is_tried_imported_and_forgotten(site: Site, programs: Programs) -> None:
    """Each fault of a file is named by its line."""
    program = programs.of("")
    before = program.ask("GET", "/place?number=13900001111").json
    assert (before["kind"], before["city"] == "喀什") == ("mobile", False)
    tried = program.upload("/places?dry_run=true", SEGMENTS.encode())
    assert (tried.json["changed"], tried.json["differences"][0]["key"]) == (False, "1390000")
    assert program.ask("GET", "/place?number=13900001111").json == before
    done = program.upload("/places", SEGMENTS.encode())
    assert (done.json["changed"], done.json["in_force"]) == (True, False)  # no b2bua runs
    assert program.ask("GET", "/place?number=%2B8613900001111").json["city"] == "喀什"
    tables = {each["kind"]: each["origin"] for each in reversed(program.ask("GET", "/places").json["items"])}
    assert tables == {"area-codes": "shipped", "mobile-segments": "imported"}
    wrong = program.upload("/places", SEGMENTS.replace("0998", "99").encode())
    assert (wrong.status_int, wrong.json["errors"][0]["pointer"].split(":")[0]) == (422, "3")
    assert program.upload("/places", b"\xff\xfe").status_int == 422
    assert program.ask("DELETE", "/places/mobile-segments").json["changed"] is True
    assert program.ask("DELETE", "/places/mobile-segments").json["changed"] is False
    assert {each.origin for each in tables_in_use(site.data)} == {"shipped"}
    assert program.ask("DELETE", "/places/streets").status_int == 404


def test_a_backup_and_a_drill_are_asked_for(site: Site, programs: Programs, tmp_path: Path) -> None:
    """What cannot be made is refused; no secret is told."""
    program = programs.of("")
    assert program.ask("GET", "/backups").json == {"nightly": None, "offsite": None, "waiting": []}
    assert program.ask("POST", "/backups", {"kind": "nightly"}).status_int == 409
    set_up(site, tmp_path / "disk")
    asked = program.ask("POST", "/backups", {"kind": "nightly"})
    assert (asked.status_int, asked.json["waiting"], asked.json["nightly"]["keep"]) == (202, ["nightly"], 9)
    assert read_asks(site.data).nightly > 0
    assert program.ask("POST", "/backups", {"kind": "nightly"}).status_int == 409
    drill = program.ask("POST", "/backups", {"kind": "drill"})
    assert (drill.status_int, drill.json["detail"]) == (409, "There is no backup yet that could be restored.")
    for path in ("/backups", "/settings"):
        told = program.ask("GET", path).text
        assert "192.0.2.7" in told
        assert "long-enough-password" not in told


def test_trunks_and_settings_are_changed_the_way_of_a_file(site: Site, programs: Programs) -> None:
    """All that is wrong at once, secrets masked; listeners and tenants are not changed here."""
    program = programs.of("")
    trunk = {"kind": "register", "target": "192.0.2.20", "username": "4001", "password": "long-enough-7"}
    done = program.ask("PATCH", "/settings", {"trunks": {"unicom": trunk}, "box": {"max_calls": 50}})
    assert done.json["changed"] is True
    shown = program.ask("GET", "/settings").json
    assert (shown["box"]["max_calls"], shown["trunks"]["unicom"]["password"]) == (50, MASK)
    assert "long-enough-7" not in str(shown)
    wrong = program.ask(
        "PATCH", "/settings", {"trunks": {"unicom": {"channels": -1}}, "box": {"max_calls": "x"}}
    )
    assert {each["pointer"] for each in wrong.json["errors"]} == {"trunks.unicom.channels", "box.max_calls"}
    for foreign in ("listeners", "tenants", "nothing"):
        refused = program.ask("PATCH", "/settings", {foreign: {}})
        assert (refused.status_int, refused.json["errors"][0]["pointer"]) == (422, foreign)
    refused = program.ask("PATCH", "/settings", {"box": None, "trunks": {}})
    assert (refused.status_int, [each["pointer"] for each in refused.json["errors"]]) == (422, ["box"])
    assert program.ask("PATCH", "/settings", {"trunks": {"unicom": {"absent": True}}}).json["changed"] is True
    assert "unicom" not in program.ask("GET", "/settings").json["trunks"]
    assert site.actions()[0] == "settings-changed"


def test_a_test_call_says_what_it_cannot_do(site: Site, programs: Programs) -> None:
    """Before anybody is rung: the number, what is shown, the trunk, a box that does not answer."""
    program, path = programs.of(""), "/trunks/demo/test-calls"
    refused = program.ask("POST", path, {"to": "0085212345678"})
    assert (refused.status_int, refused.json["errors"][0]["pointer"]) == (422, "to")
    refused = program.ask("POST", path, {"to": "13900001111", "shows": "13900002222"})
    assert (refused.status_int, refused.json["errors"][0]["pointer"]) == (422, "shows")
    down = program.ask("POST", path, {"to": "13900001111", "shows": "4001003721"})
    assert down.status_int == 503
    assert program.ask("POST", "/trunks/nothing/test-calls", {"to": "13900001111"}).status_int == 404
    assert program.ask("GET", f"{path}/{site.calls['alpha']}").status_int == 404  # no test call


def test_an_alarm_is_seen_to(site: Site, programs: Programs) -> None:
    """One that is up; another is over."""
    program = programs.of("")
    assert program.ask("POST", "/alarms/acknowledgements", {"key": "nothing"}).status_int == 409
    assert program.ask("POST", "/alarms/acknowledgements", {"key": ""}).status_int == 422


def test_a_tenant_and_his_agent_are_given_first_passwords(site: Site, programs: Programs) -> None:
    """Told once; who has it signs in. A tenant's own key keeps his agents, not himself."""
    number = "4001003721"
    assert programs.of("alpha").ask("POST", "/tenants/alpha/first-password", {}).status_int == 403
    first = programs.of("").ask("POST", "/tenants/alpha/first-password", {}).json["first_password"]
    assert site.browser(number, first).get("/account/first-password").status_int == 200
    own, path = programs.of("alpha"), "/tenants/alpha/agents/8001/acts"
    assert own.ask("POST", path, {"act": "make-supervisor"}).status_int == 409
    agent = own.ask("POST", path, {"act": "new-password"}).json["first_password"]
    browser = site.browser()
    browser.sign_in(number, agent, agent="8001")
    assert browser.get("/desk").headers["Location"].endswith("/account/first-password")
    for act in ("make-supervisor", "end-supervisor", "sign-out"):
        assert own.ask("POST", path, {"act": act}).json == {}
    assert browser.get("/desk").headers["Location"].endswith("/login")
    assert own.ask("POST", path.replace("8001", "9999"), {"act": "sign-out"}).status_int == 404
    assert own.ask("POST", path.replace("alpha", "beta"), {"act": "sign-out"}).status_int == 404
    assert agent not in str(site.read(lambda root: list(root.web.listed())))


def test_what_desks_offer_is_changed(site: Site, programs: Programs) -> None:
    """What is left out stays; the other tenant's desks stay as they are."""
    program = programs.of("alpha")
    done = program.ask(
        "PATCH", "/tenants/alpha/desk", {"wrap_up_codes": ["咨询", " 咨询 ", "退货"], "masked": ["agent"]}
    )
    assert (done.json["wrap_up_codes"], done.json["masked"]) == (["咨询", "退货"], ["agent"])
    assert done.json["pause_reasons"] == program.ask("GET", "/tenants/alpha/desk").json["pause_reasons"] != []
    assert site.read(lambda root: root.desk.find("beta").settings.value.masked) == ()
    assert program.ask("PATCH", "/tenants/alpha/desk", {"text_weight": 3}).status_int == 422
    assert site.actions()[0] == "desk-settings"


def test_a_carriers_list_is_compared(site: Site, programs: Programs) -> None:
    """With its differences; who read them is noted. A wrong trunk and a file that is no list are told."""
    filled(site)
    program = programs.of("")
    rows = (f"13900001111,{NUMBER},2026-11-20 12:00:03,66", f"13711112222,{NUMBER},2026-11-20 12:15:00,30")
    content = "\n".join(("主叫号码,被叫号码,开始时间,计费时长", *rows)).encode("gb18030")
    made = program.upload("/reconciliations?trunk=demo&file=unicom.csv", content)
    assert (made.status_int, made.json["theirs"], made.json["counts"]["missing"]) == (201, 2, 1)
    assert program.ask("GET", "/reconciliations").json["items"] == [made.json]
    shown = program.ask("GET", f"/reconciliations/{made.json['id']}").json
    missing = next(each for each in shown["differences"] if each["kind"] == "missing")
    assert (missing["ours"], "13711112222" in str(missing["theirs"])) == (None, True)
    assert site.actions()[:2] == ["reconciliation-exported", "reconciled"]
    for path, field in (("trunk=nothing", "trunk"), ("trunk=demo&caller=nothing", "file")):
        refused = program.upload(f"/reconciliations?{path}", content)
        assert (refused.status_int, refused.json["errors"][0]["pointer"]) == (422, field)
    assert program.ask("GET", "/reconciliations/nothing").status_int == 404
    assert programs.of("alpha").ask("GET", "/reconciliations").status_int == 403
