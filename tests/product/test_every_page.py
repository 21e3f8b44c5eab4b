"""Every page of every role in Chromium: for those who cannot see well, by keys alone, light, on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.product.box import ROOT, Box, Place
from tests.product.browsing import (
    Windows,
    agent_page,
    operator_first,
    sign_in,
    tenant_first,
    windows,
)
from tests.product.full_box import NUMBER, fill
from tests.product.waiting import wait_until

AXE: Final = (ROOT / "tests/vendor/axe.min.js").read_text(encoding="utf-8")
ROLES = ("public", "operator", "tenant", "agent")
MOST_PAGES = 120
MOST_BYTES, MOST_REQUESTS = 250_000, 18
"""An agent's desk takes most: it fetches its four parts and opens a stream."""
HEAVY: Final = ("/flows/*", "/reports", "/analysis", "/api-docs")
"""Pages that draw with a library of their own."""
SERIOUS: Final = ("serious", "critical")
_ID: Final = re.compile(r"/(?:[0-9A-Z]{26}|[0-9a-f]{16}|400[0-9]{7}|[0-9]{6}|[0-9]{8})(?=/|$)")
_NAMED: Final = re.compile(
    r"(?<=/)(flows|queues|agents|groups|voicemails|prompts|trunks|gateways|templates|operators|card)/[^/?]+"
)
_NO_PAGE: Final = re.compile(
    r"excel|recording|pcap|download|/static/|\.yaml|\.json|/file|/pack|export|pdf|template$|register$|openapi|logout"
)
ASKED: Final = Path(__file__).with_name("every_page.js").read_text(encoding="utf-8")


class Visit(NamedTuple):
    """What was found on one page."""

    path: str
    findings: list[str]
    """Of axe, serious or worse."""
    keys: list[str]
    """What cannot be used by keys."""
    requests: int
    size: int
    """Bytes as they went over the wire, with nothing kept from before."""
    too_wide: list[str]
    """On a phone."""
    status: int


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box where something has happened on every page."""
    configuration = (Path(__file__).parent / "workbench.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        fill(running)
        yield running
        running.quiet()


@pytest.fixture(scope="module")
def visits(box: Box, chromium: Browser) -> Iterator[Callable[[str], list[Visit]]]:
    """Visit all pages of a role, once for all tests."""
    found: dict[str, list[Visit]] = {}
    with windows(chromium, box) as opened:
        people = {
            "public": lambda: opened.open(language="zh-CN"),
            "operator": lambda: _operator(box, opened),
            "tenant": lambda: _tenant(box, opened),
            "agent": lambda: _agent(box, opened),
        }
        starts = {
            "public": ["/login", "/login?as=agent", "/forgot", "/help", "/help/demo"],
            "operator": ["/operator"], "tenant": ["/t/demo"], "agent": ["/desk", "/desk/wall"],
        }  # fmt: skip

        def visited(role: str) -> list[Visit]:
            if role not in found:
                page = people[role]()
                found[role] = walk(page, opened.twin(page), starts[role])
                page.context.close()
            return found[role]

        yield visited


def _operator(box: Box, opened: Windows) -> Page:
    page = opened.open(language="zh-CN")
    sign_in(page, "every", operator_first(box, "every"))
    return page


def _tenant(box: Box, opened: Windows) -> Page:
    page = opened.open(language="zh-CN")
    sign_in(page, NUMBER, tenant_first(box, "demo"))
    return page


def _agent(box: Box, opened: Windows) -> Page:
    tenant = _tenant(box, opened)
    return agent_page(tenant, opened.open(language="zh-CN"), "8009", NUMBER, supervisor=True)


def walk(page: Page, small: Page, starts: list[str]) -> list[Visit]:
    """Visit pages from these on, by their links; of pages of one kind the first."""
    waiting, known = list(starts), {kind_of(each) for each in starts}
    found: list[Visit] = []
    small.emulate_media(color_scheme="dark")
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        visit, links = visited(page, small, path)
        found.append(visit)
        for link in links:
            if kind_of(link) not in known and not _NO_PAGE.search(link):
                known.add(kind_of(link))
                waiting.append(link)
    assert not waiting, f"more than {MOST_PAGES} pages"
    return found


def kind_of(path: str) -> str:
    """Return a path without what names one of many, and without what filters."""
    if path.startswith("/login"):
        return path
    return _NAMED.sub(r"\1/*", _ID.sub("/*", path.split("?")[0].split("#")[0].rstrip("/")))


def visited(page: Page, small: Page, path: str) -> tuple[Visit, list[str]]:
    """Open a page wide and light, then on a phone and dark."""
    sizes: list[int] = []
    fetched: set[str] = set()
    watch = page.context.new_cdp_session(page)
    watch.send("Network.enable")
    watch.send("Network.clearBrowserCache")
    watch.on("Network.responseReceived", lambda told: fetched.add(told["response"]["url"]))
    watch.on("Network.loadingFinished", lambda told: sizes.append(int(told["encodedDataLength"])))
    answer = page.goto(path)
    settle(page, path)
    requests, size = len(fetched), sum(sizes)
    watch.detach()
    findings, keys, links = axe(page), _asked(page, "keys"), _asked(page, "links")
    small.goto(path)
    settle(small, path)
    findings += [f"dark: {each}" for each in axe(small)]
    too_wide = _asked(small, "tooWide")
    status = 0 if answer is None else answer.status
    return Visit(path, findings, keys, requests, size, too_wide, status), links


def settle(page: Page, path: str) -> None:
    """Wait until a page has drawn itself; those that keep a stream open never fall silent."""
    if "/flows/" in path:
        page.wait_for_selector(".flow-box")
    page.wait_for_load_state("load")
    wait_until(lambda: not _asked(page, "loading"), "the parts of the page are there")


def _asked(page: Page, what: str) -> Any:
    return page.evaluate(f"{ASKED}.{what}()")


def axe(page: Page) -> list[str]:
    """Return what axe-core finds serious, but for the inside of Swagger UI, which is not ours."""
    page.evaluate(AXE)
    told: dict[str, Any] = page.evaluate(
        "() => axe.run({exclude: '.swagger-ui'}, {resultTypes: ['violations']})"
    )
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary'][:160]!r}"
        for each in told["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shuts_anybody_out(visits: Callable[[str], list[Visit]], role: str) -> None:
    """axe-core finds nothing serious, wide and light, nor on a phone and dark."""
    found = visits(role)
    assert [visit.path for visit in found if visit.status != 200] == []
    wrong = {visit.path: visit.findings for visit in found if visit.findings}
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)
    print(role, len(found), "pages")


@pytest.mark.parametrize("role", ROLES)
def test_everything_is_done_by_keys(visits: Callable[[str], list[Visit]], role: str) -> None:
    """Whatever can be clicked can be reached with Tab, and shows where one is."""
    wrong = {visit.path: visit.keys for visit in visits(role) if visit.keys}
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_light(visits: Callable[[str], list[Visit]], role: str) -> None:
    """A first visit costs 250 KB and 18 requests at most, but where something is drawn."""
    wrong = [
        (visit.path, visit.requests, visit.size)
        for visit in visits(role)
        if (visit.size > MOST_BYTES or visit.requests > MOST_REQUESTS)
        and not any(kind_of(visit.path).endswith(each) for each in HEAVY)
    ]
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_pages_fit_a_phone(visits: Callable[[str], list[Visit]], role: str) -> None:
    """Nothing is cut off, and nothing has to be pushed sideways, at 360 pixels."""
    assert {visit.path: visit.too_wide for visit in visits(role) if visit.too_wide} == {}
