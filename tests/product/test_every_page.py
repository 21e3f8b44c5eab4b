"""Every page of every role in Chromium: for those who cannot see well, by keys alone, light, on a phone.

The CI set looks at every page wide and light, and at its width on a phone; in the dark at every fourth. Each
page is loaded once. `-m long` looks at every page in the dark, loaded anew on a phone.
"""

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
    PHONE,
    WIDE,
    Windows,
    agent_page,
    operator_first,
    sign_in,
    sign_in_first,
    tenant_first,
    windows,
)
from tests.product.full_box import NUMBER, fill
from tests.product.waiting import wait_until

AXE: Final = (ROOT / "tests/vendor/axe.min.js").read_text(encoding="utf-8")
STARTS: Final = {
    "public": ["/login", "/login?as=agent", "/forgot", "/help", "/help/demo"],
    "operator": ["/operator"], "tenant": ["/t/demo"], "agent": ["/desk", "/desk/wall"],
    "newcomer": ["/account/first-password"], "installer": ["/setup?step=administrator"],
}  # fmt: skip
ROLES: Final = tuple(STARTS)
MOST_PAGES = 120
MOST_BYTES, MOST_REQUESTS = 250_000, 12
"""An agent's desk takes most: it asks for a ticket and opens a stream."""
DARK_OF: Final = 4
"""In the CI set one page of so many is looked at in the dark."""
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
    """Bytes of all that it needs, compressed, as if nothing were kept from before."""
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


class People:
    """Opens the windows of each role, and visits all its pages once for all tests."""

    def __init__(self, box: Box, opened: Windows) -> None:
        self._box = box
        self._opened = opened
        self._found: dict[str, list[Visit]] = {}

    def visits(self, role: str) -> list[Visit]:
        """Return what was found on the pages of a role."""
        if role not in self._found:
            page = self.window(role)
            self._found[role] = walk(page, STARTS[role])
            page.context.close()
        return self._found[role]

    def window(self, role: str) -> Page:
        """Open a window and sign in."""
        ways: dict[str, Callable[[Box, Windows], Page]] = {
            "operator": _operator, "tenant": _tenant, "agent": _agent, "newcomer": _newcomer,
            "installer": _installer,
        }  # fmt: skip
        return ways[role](self._box, self._opened) if role in ways else self._opened.open(language="zh-CN")

    def phone(self, page: Page) -> Page:
        """Return the phone of whoever is signed in at a window; it is dark."""
        small = self._opened.twin(page)
        small.emulate_media(color_scheme="dark")
        return small


@pytest.fixture(scope="module")
def people(box: Box, chromium: Browser) -> Iterator[People]:
    """Return those who look at the pages."""
    with windows(chromium, box) as opened:
        yield People(box, opened)


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


def _newcomer(box: Box, opened: Windows) -> Page:
    page = opened.open(language="zh-CN")
    sign_in_first(page, "newcomer", operator_first(box, "newcomer"))
    return page


def _installer(box: Box, opened: Windows) -> Page:
    """Return the window of whoever read the code from the console."""
    page = opened.open(language="zh-CN")
    code = box.cli("setup", "--code").strip()
    page.goto("/setup")
    page.fill("#code", code)
    page.click("form[action='/setup/code'] button")
    page.wait_for_selector(".setup-steps")
    return page


def walk(page: Page, starts: list[str], small: Page | None = None) -> list[Visit]:
    """Visit pages from these on, by their links; of pages of one kind the first.

    ``small``: the window of a phone, for a thorough look at each page in the dark.
    """
    waiting, known = list(starts), {kind_of(each) for each in starts}
    found: list[Visit] = []
    fetched = watched(page)
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        visit, links = visited(page, path, fetched, small, dark=len(found) % DARK_OF == 0)
        found.append(visit)
        for link in links:
            if kind_of(link) not in known and not _NO_PAGE.search(link):
                known.add(kind_of(link))
                waiting.append(link)
    assert not waiting, f"more than {MOST_PAGES} pages"
    return found


def kind_of(path: str) -> str:
    """Return a path without what names one of many, and without what filters."""
    if path.startswith(("/login", "/setup")):
        return path
    return _NAMED.sub(r"\1/*", _ID.sub("/*", path.split("?")[0].split("#")[0].rstrip("/")))


def watched(page: Page) -> set[str]:
    """Return what will hold the addresses that a window asks for, also those it had kept."""
    fetched: set[str] = set()
    watch = page.context.new_cdp_session(page)
    watch.send("Network.enable")
    watch.on("Network.responseReceived", lambda told: fetched.add(told["response"]["url"]))
    return fetched


def visited(
    page: Page, path: str, fetched: set[str], small: Page | None, *, dark: bool
) -> tuple[Visit, list[str]]:
    """Open a page wide and light, then make it as narrow as a phone, or open it on one."""
    fetched.clear()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    answer = page.goto(path)
    settle(page, path)
    requests, size = len(fetched), _asked(page, "size")
    page.evaluate(AXE)
    findings, keys, links = axe(page), _asked(page, "keys"), _asked(page, "links")
    if small is not None:
        small.goto(path)
        settle(small, path)
        small.evaluate(AXE)
        findings += [f"dark: {each}" for each in axe(small)]
    else:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        if dark:
            page.emulate_media(reduced_motion="reduce")  # colours change at once
            page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
            findings += [f"dark: {each}" for each in axe(page)]
    too_wide = _asked(small or page, "tooWide")
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
    # preload: axe would copy the styles of a shadow root without their nonce, which the policy forbids.
    told: dict[str, Any] = page.evaluate(
        "() => axe.run({exclude: '.swagger-ui'}, {resultTypes: ['violations'], preload: false})"
    )
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary'][:160]!r}"
        for each in told["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]


def wrong_with(visits: list[Visit]) -> dict[str, list[str]]:
    """Return what axe-core and a phone find, by page; every page must be there."""
    assert [visit.path for visit in visits if visit.status != 200] == []
    return {visit.path: wrong for visit in visits if (wrong := [*visit.findings, *visit.too_wide])}


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_no_page_shuts_anybody_out_in_the_dark_on_a_phone(people: People, role: str) -> None:
    """Every page, opened there."""
    page = people.window(role)
    wrong = wrong_with(walk(page, STARTS[role], people.phone(page)))
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shuts_anybody_out(people: People, role: str) -> None:
    """axe-core finds nothing serious, wide and light, nor on a phone and dark."""
    found = people.visits(role)
    assert [visit.path for visit in found if visit.status != 200] == []
    wrong = {visit.path: visit.findings for visit in found if visit.findings}
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)
    print(role, len(found), "pages")


@pytest.mark.parametrize("role", ROLES)
def test_everything_is_done_by_keys(people: People, role: str) -> None:
    """Whatever can be clicked can be reached with Tab, and shows where one is."""
    wrong = {visit.path: visit.keys for visit in people.visits(role) if visit.keys}
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_light(people: People, role: str) -> None:
    """A first visit costs 250 KB and 12 requests at most, but where something is drawn."""
    wrong = [
        (visit.path, visit.requests, visit.size)
        for visit in people.visits(role)
        if (visit.size > MOST_BYTES or visit.requests > MOST_REQUESTS)
        and not any(kind_of(visit.path).endswith(each) for each in HEAVY)
    ]
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_pages_fit_a_phone(people: People, role: str) -> None:
    """Nothing is cut off, and nothing has to be pushed sideways, at 360 pixels."""
    assert {visit.path: visit.too_wide for visit in people.visits(role) if visit.too_wide} == {}
