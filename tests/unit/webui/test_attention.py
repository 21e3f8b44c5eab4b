"""The dashboard says what waits; an alarm can be taken over, with a note."""

from __future__ import annotations

from typing import Any

import msgspec

from b2bua.alarms import Alarm, Severity
from b2bua.notices.status import NoticesStatus, write_status
from domain.notices.delivery import Channel, Delivery, DeliveryState
from domain.notices.kinds import DAY, NoticeKind
from domain.numbers.application import Applicant, ApplicantKind
from storage.models.notices import Watched
from storage.notices.outbox import new_id
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from tests.unit.webui.site import HOSTILE, Browser, Site

ALARMS = "/operator/alarms"


def raise_alarm(site: Site, *alarms: tuple[str, float]) -> None:
    """Let the process of notices tell of alarms: key and beginning."""
    told = tuple(Alarm(key, Severity.WARNING, f"{key} 失败", f"{key} fails", since) for key, since in alarms)
    site.data.run.mkdir(parents=True, exist_ok=True)
    write_status(site.data, NoticesStatus(1, alarms=told))


def acknowledge(browser: Browser, key: str, note: str = "") -> Any:
    """Say that one sees to it."""
    fields = {"csrf_token": browser.token("/account"), "key": key, "note": note}
    return browser.post("/operator/acknowledge", fields, status="*")


def test_who_sees_to_an_alarm_stands_beside_it(site: Site) -> None:
    """With time and note, on the page of alarms and on the dashboard; it is audited."""
    raise_alarm(site, ("gateway:post", site.clock() - 60))
    browser = site.browser("sun")
    assert acknowledge(browser, "gateway:post", f"asked the provider {HOSTILE}").status_int == 303
    page = browser.get(ALARMS).text
    assert "sun sees to it since" in page
    assert "asked the provider" in page
    assert HOSTILE not in page
    assert "sun sees to it" in browser.get("/operator").text
    assert site.actions()[0] == "alarm-acknowledged"


def test_an_alarm_that_comes_back_is_nobodys_yet(site: Site) -> None:
    """What was noted of the one before does not hold; what is over is forgotten."""
    raise_alarm(site, ("gateway:post", site.clock() - 60))
    browser = site.browser("anna")
    acknowledge(browser, "gateway:post")
    raise_alarm(site, ("gateway:post", site.clock() + 60))
    assert "sees to it since" not in browser.get(ALARMS).text
    raise_alarm(site, ("gateway:other", site.clock() - 60))
    acknowledge(browser, "gateway:other")
    assert site.read(lambda root: list(root.web.acknowledged)) == ["gateway:other"]


def test_what_cannot_be_acknowledged(site: Site) -> None:
    """An alarm that is over, one without a beginning, a note that is a novel; finance has no part in it."""
    raise_alarm(site, ("gateway:post", site.clock() - 60))
    browser = site.browser("anna")
    assert acknowledge(browser, "disk").status_int == 422
    assert acknowledge(browser, "b2bua").status_int == 422
    refused = acknowledge(browser, "gateway:post", "x" * 201)
    assert refused.status_int == 422
    assert refused.html.find("input", {"value": "x" * 201})
    assert acknowledge(site.browser("fang"), "gateway:post").status_int == 403
    assert site.read(lambda root: list(root.web.acknowledged)) == []


def test_the_dashboard_says_what_waits(site: Site) -> None:
    """Overdue applications, low balances, notices that failed."""
    now = site.clock()
    applicant = Applicant(
        ApplicantKind.ENTERPRISE, "示例公司", "91350100M000100Y43", "李伟", "13900001111"
    )  # fmt: skip

    def fill(root: Any) -> None:
        desk = NumberDesk(root, now - 90 * DAY, "anna")
        desk.take_in("4001003746")
        Counter(desk).open("4001003746", applicant)
        root.notices.watched["beta"] = msgspec.json.encode(Watched(low=True))
        for age in (60.0, 2 * DAY):
            made = Delivery(
                new_id(now - age), new_id(now), "alpha", NoticeKind.TEST, Channel.SMS, "13900001111", "",
                now - age, now, now, state=DeliveryState.FAILED,
            )  # fmt: skip
            root.notices.add(made)

    site.change(fill)
    tiles = {
        tile.find(class_="tile-name").text.strip(): tile
        for tile in site.browser("anna").get("/operator").html.select("a.tile")
    }
    assert "4001003746" in tiles["Overdue applications"].text
    assert "beta" in tiles["Low balances"].text
    assert tiles["Notices that failed"].find(class_="tile-value").text == "1"
    assert tiles["Documents that end soon"].find(class_="tile-value").text == "0"
    assert tiles["Records and recordings"].find(class_="tile-value").text == "In trouble"
