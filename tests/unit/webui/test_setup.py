"""初始化 in the browser: who knows the console's code sets a new box up."""

from __future__ import annotations

from typing import Any

import pytest

from domain.outcomes import Outcome as CallOutcome
from storage.machine.wish import Outcome, RestartBox, SetClock, SetNetwork, forget, tell, wished
from storage.offsite.takeover import Phase, Restoring, is_asked, is_wanted, write_state
from tests.unit.webui.site import Browser, Site, made_up
from webui.services.first_setup import code_of, is_new


@pytest.fixture
def code(site: Site) -> str:
    """The console of the box shows it."""
    return code_of(site.data)


def post(browser: Browser, what: str, **fields: Any) -> Any:
    """Send a form of the wizard."""
    return browser.post(f"/setup/{what}", {"csrf_token": browser.token("/setup"), **fields}, status="*")


def inside(site: Site, code: str) -> Browser:
    """Return a browser that gave the code."""
    browser = site.browser()
    assert post(browser, "code", code=code.lower().replace("-", " ")).status_int == 303
    return browser


def test_a_box_that_nobody_sets_up_has_no_wizard(site: Site) -> None:
    """Nothing tells that there ever was one."""
    browser = site.browser()
    assert browser.get("/setup", status="*").status_int in (303, 404)
    assert browser.get("/").headers["Location"].endswith("/login")


def test_nothing_is_shown_and_nothing_done_without_the_code(site: Site, code: str) -> None:
    """Wrong codes are counted; after five even the right one waits."""
    browser = site.browser()
    assert browser.get("/").headers["Location"].endswith("/setup")
    assert code not in browser.get("/setup").text
    for what in (
        "administrator",
        "clock",
        "network",
        "certificate",
        "trunk",
        "tenant",
        "restore",
        "key",
        "take",
        "finish",
    ):
        answer = post(browser, what, name="eve", password="far and away 7", again="far and away 7")
        assert answer.headers["Location"].endswith("/setup")
    for what in ("call", "restore"):
        assert browser.get(f"/setup/{what}").headers["Location"].endswith("/setup")
    for _ in range(5):
        assert post(browser, "code", code="AAAA-AAAA").status_int == 422
    assert "Too many tries" in post(browser, "code", code=code).text
    assert site.read(lambda root: root.web.account("operator:eve")) is None


def test_the_administrator_signs_in_with_the_password_of_his_choice(site: Site, code: str) -> None:
    """What is wrong is said, what was typed stays; passwords never come back."""
    browser = inside(site, code)
    weak = post(browser, "administrator", name="wang", password="12345678", again="12345678")
    assert weak.status_int == 422
    assert "too weak" in weak.text
    assert weak.html.find(id="name")["value"] == "wang"
    assert weak.html.find(id="password")["value"] == ""
    other = post(browser, "administrator", name="wang", password="far and away 7", again="x")
    assert "differ" in other.text
    done = post(browser, "administrator", name="wang", password="far and away 7", again="far and away 7")
    assert done.headers["Location"].endswith("step=clock")
    assert site.browser("wang", "far and away 7").landed.status_int == 303


def test_trunk_and_tenant_are_in_force(site: Site, code: str) -> None:
    """Faults stand at their fields; the first password is shown once."""
    browser = inside(site, code)
    wrong = post(browser, "trunk", sources="nonsense", target="203.0.113.10:5060")
    assert wrong.status_int == 422
    assert "is-invalid" in wrong.html.find(id="sources")["class"]
    assert post(browser, "trunk", sources="203.0.113.10", trunk_number="01088886666").status_int == 303
    trunk = site.read(lambda root: root.trunks["carrier"].value)
    assert (trunk.target, trunk.trunk_number) == ("203.0.113.10:5060", "01088886666")
    refused = post(browser, "tenant", name="某某公司", number="123", bound="13900001111")
    assert refused.status_int == 422
    assert refused.html.find(role="alert") is not None
    opened = post(browser, "tenant", name="某某公司", number="4001234567", bound="13900001111")
    assert opened.html.find(id="first-password").text.isdigit()
    assert site.read(lambda root: root.numbers["4001234567"]) == "first"
    again = post(browser, "tenant", name="某某公司", number="4001234567", bound="13900001111")
    assert "is there already" in again.text


def test_the_machine_is_asked_for_what_is_its_own(site: Site, code: str) -> None:
    """Where a service of root carries wishes out; elsewhere the page says so."""
    browser = inside(site, code)
    nowhere = post(browser, "clock", zone="Asia/Shanghai")
    assert "no appliance" in nowhere.text
    (site.data.root.parent / "appliance").mkdir()
    own_means = post(browser, "network", address="192.168.1.10/24")
    assert "no appliance" in own_means.text  # a Debian that somebody else gave its network
    (site.data.root.parent / "network").mkdir()
    assert post(browser, "clock", zone="Mars/Crater").status_int == 422
    assert post(browser, "clock", zone="Asia/Shanghai", take="on", at="1795000000123").status_int == 303
    assert wished(site.data) == SetClock("Asia/Shanghai", 1795000000.123)
    assert "The machine is at it" in browser.get("/setup").text
    forget(site.data)
    tell(site.data, Outcome(1.0, "clock", "timedatectl: no bus"))
    assert "timedatectl: no bus" in browser.get("/setup").text
    assert post(browser, "network", address="192.168.1.300/24").status_int == 422
    assert post(browser, "network", address="192.168.1.10/24", gateway="192.168.1.1").status_int == 303
    assert wished(site.data) == SetNetwork("", "192.168.1.10/24", "192.168.1.1")
    assert post(browser, "certificate", chain="x").status_int == 422
    assert post(browser, "certificate").status_int == 303


def test_the_code_is_good_no_more_when_all_is_done(site: Site, code: str) -> None:
    """The wizard is gone, also for who was in it."""
    browser = inside(site, code)
    assert post(browser, "finish").status_int == 303
    assert not is_new(site.data)
    assert browser.get("/setup", status="*").status_int in (303, 404)
    assert "set-up" in site.actions()


def test_a_first_call_that_nobody_answered_is_told(site: Site, code: str) -> None:
    """The step shows it by itself and among the page."""
    missed = made_up(
        "beta", "4001003731", site.clock(), outcome=CallOutcome.NO_ANSWER, talk_ms=0, answered_by=""
    )
    site.change(lambda root: root.records.add([missed]))
    browser = inside(site, code)
    for page in ("/setup?step=call", "/setup/call"):
        assert browser.get(page).html.select_one(".setup-call")["data-state"] == "no-answer"


def restoring_of(site: Site, phase: Phase, **more: Any) -> None:
    """Let the restore be so far."""
    write_state(site.data, Restoring("/mnt/disk", phase, made=1_795_000_000.0, size=2_000_000, **more))


def test_a_backup_is_restored_in_the_place_of_the_questions(site: Site, code: str) -> None:
    """What is missing is said; how far it is, what is in it; then the box starts anew with it."""
    browser = inside(site, code)
    assert browser.get("/setup").html.select_one("a[href='/setup?step=restore']") is not None
    lacking = post(browser, "restore", to="sftp:box@host:/x", password="a long secret", secret_key="hush")
    assert lacking.status_int == 422
    assert "host key" in lacking.html.find(role="alert").text
    assert lacking.html.find(id="to")["value"] == "sftp:box@host:/x"
    assert "a long secret" not in lacking.text
    assert "hush" not in lacking.text
    assert post(browser, "restore", to="/mnt/disk", password="a long secret").status_int == 303
    assert is_asked(site.data)
    (site.data.root / "restore/request.json").unlink()
    restoring_of(site, Phase.FETCHING, fetched=500_000)
    # Nobody holds it: it was interrupted.
    assert browser.get("/setup/restore").headers["HX-Redirect"] == "/setup?step=restore"
    restoring_of(site, Phase.FAILED, why="Too little space: 9.0 GB are needed.", why_zh="磁盘空间不足。")
    failed = browser.get("/setup?step=restore")
    assert "Too little space" in failed.html.find(role="alert").text
    assert failed.html.find(id="to")["value"] == "/mnt/disk"
    assert post(browser, "take").status_int == 422
    restoring_of(site, Phase.READY, tenants=7, numbers=9, records=12345, recordings=678)
    (site.data.root / "restore/data").mkdir()
    ready = browser.get("/setup?step=restore").html.find(id="setup-restore").text
    assert all(words in ready for words in ("7", "9", "12,345", "678", "Start with these data"))
    assert browser.get("/setup?step=restore&again=1").html.find(id="to") is not None
    (site.data.root.parent / "appliance").mkdir()
    assert post(browser, "take").status_int == 303
    assert wished(site.data) == RestartBox()
    assert is_wanted(site.data)
    assert "starts anew" in browser.get("/setup/restore").text
    restoring_of(site, Phase.DONE)
    assert browser.get("/setup/restore").headers["HX-Redirect"] == "/setup?step=clock"
    assert "is in force" in browser.get("/setup?step=clock").text


def test_the_key_of_a_new_box_for_sftp_is_shown(site: Site, code: str) -> None:
    """It goes to the server before the backup can be fetched."""
    shown = post(inside(site, code), "key")
    assert shown.html.find(id="sftp-key").text.startswith("ssh-ed25519 ")
