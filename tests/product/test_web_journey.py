"""The main journey in a real browser, with real calls underneath."""

from __future__ import annotations

import http.client
import resource
import socket
from contextlib import suppress
from pathlib import Path

from storage.data_directory import DataDirectory
from tests.product.box import Box
from tests.product.browsing import PHONE, Windows, operator_first, sign_in
from tests.product.conftest import Carrier
from tests.product.waiting import wait_until

NUMBER = "4001007001"
MESSAGES = "4001003741"
OLD, NEW = "13900001111", "13922223333"


def test_from_opening_a_tenant_to_hearing_his_call(quiet_box: Box, opened: Windows) -> None:
    """The operator opens a tenant; he changes who answers, and the next call rings there; he hears it."""
    page = opened.open(PHONE)
    sign_in(page, "boss", operator_first(quiet_box, "boss"))
    page.goto("/operator/tenants/new")
    for field, value in {"name": "旅行社", "id": "travel", "number": NUMBER, "bound": OLD}.items():
        page.fill(f"#{field}", value)
    page.click("main button.btn-primary")
    first = page.inner_text("#first-password")
    page.click("header button[aria-label='Sign out']")

    sign_in(page, NUMBER, first)
    page.goto(f"/t/travel/bound/{NUMBER}")
    page.fill("#number", NEW)
    page.click("text=Add >> nth=-1")
    page.wait_for_selector("text=in force from the next call on")
    page.locator(f"li[data-number='{NEW}'] button[aria-label='Move up']").click()
    page.wait_for_selector(f"li[data-number='{NEW}']:first-child")
    row = page.locator(f"li[data-number='{OLD}']")
    row.locator("button[role=switch]").click()
    page.wait_for_selector(f"li[data-number='{OLD}'].bound-off")

    report = quiet_box.answered_by(NUMBER, "--seconds", "3")
    assert report is not None
    record = quiet_box.record()
    assert (record["answered_by"], record["outcome"], record["tenant"]) == (NEW, "answered", "travel")
    quiet_box.recording(record["id"])

    page.goto("/t/travel/calls")
    page.click(f"a.number:has-text('{quiet_box.caller}')")
    page.click("[data-speed='1']")
    sound = "document.querySelector('audio')"
    wait_until(lambda: page.evaluate(f"{sound}.readyState") >= 1, "the recording plays")
    assert page.evaluate(f"{sound}.duration") > 1
    page.wait_for_selector(".waveform canvas")
    assert NEW in page.inner_text("dl.facts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_operator_takes_a_call_down(quiet_box: Box, opened: Windows, carrier: Carrier) -> None:
    """He sees it come without loading the page again, and ends it; the caller hears so at once."""
    page = opened.open()
    sign_in(page, "duty", operator_first(quiet_box, "duty", "support"))
    page.goto("/operator/live")
    caller = carrier.brings("carrier_waits", MESSAGES)
    page.click(f"tr:has-text('{quiet_box.caller}') button:has-text('Take down')")
    page.wait_for_selector("text=The call was taken down.")
    caller.good()
    assert quiet_box.record()["hung_up_by"] == "box"


GIGABYTE = 1 << 30


def web_process(box: Box) -> tuple[int, int]:
    """Return how many octets of memory the pages' process holds, and of files that have no name any more."""
    process = Path("/proc") / DataDirectory(box.data).web_pid.read_text().strip()
    pages = int((process / "statm").read_text().split()[1])
    unnamed = 0
    for each in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            unnamed += each.stat().st_size if str(each.readlink()).endswith("(deleted)") else 0
    return pages * resource.getpagesize(), unnamed


def asked_of(box: Box, path: str, rows: bytes) -> socket.socket:
    """Begin to send a body."""
    line = socket.create_connection((box.place.box, 8400), 60)
    line.sendall(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: box\r\n" + rows + b"\r\n\r\n")
    return line


def test_an_upload_of_a_gigabyte_is_refused_before_it_is_read(box: Box, tmp_path: Path) -> None:
    """Whoever says how much it is hears 413 and why at once; who does not say is cut off at the limit. The
    box serves on meanwhile, and neither its memory nor its disk holds any of it afterwards."""
    sizes = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d" % GIGABYTE
    for path, kind in (
        ("/t/demo/prompts/upload", "text/plain"),
        ("/api/v1/places", "application/problem+json"),
    ):
        with asked_of(box, path, sizes) as line, line.makefile("rb") as answer:
            told = answer.read()
        head, _, body = told.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 ")
        assert kind.encode() in head
        assert "一次最多上传 50 MB" in body.decode()
    held, cached = web_process(box)  # ZEO keeps what it read in such a file
    sparse = tmp_path / "sparse.wav"
    with sparse.open("wb") as file:
        file.truncate(GIGABYTE)
    with asked_of(box, "/t/demo/prompts/upload", sizes) as line, sparse.open("rb") as file:
        with suppress(ConnectionError):
            line.sendfile(file)
        assert file.tell() < 64 << 20
    most, sent = 0, 0
    with asked_of(box, "/login", b"Transfer-Encoding: chunked") as line, suppress(ConnectionError):
        while sent < GIGABYTE:
            line.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
            sent += 1 << 20
            most = max(most, sum(web_process(box)))
            if sent == 16 << 20:
                other = http.client.HTTPConnection(box.place.box, 8400, timeout=10)
                other.request("GET", "/login")
                assert other.getresponse().status == 200
                other.close()
    assert 50_000_000 < sent < 128 << 20
    assert most - held - cached < 96 << 20
    wait_until(lambda: web_process(box)[1] < cached + (8 << 20), "nothing of it is left on the disk")
    assert web_process(box)[0] - held < 32 << 20


def test_a_file_that_is_too_large_is_not_sent_at_all(quiet_box: Box, opened: Windows, tmp_path: Path) -> None:
    """The page says so beside the field: a browser that is cut off shows no reason."""
    page = opened.open()
    sign_in(page, "clerk", operator_first(quiet_box, "clerk"))
    sparse = tmp_path / "segments.csv"
    with sparse.open("wb") as file:
        file.truncate(GIGABYTE)
    page.goto("/operator/places")
    page.set_input_files("#file", sparse)
    assert "50 MB at most" in page.evaluate("document.querySelector('#file').validationMessage")
    page.locator("form:has(#file) button").click()
    assert page.url.endswith("/operator/places")
    assert page.evaluate("document.querySelector('#file').files.length") == 1
    small = tmp_path / "small.csv"
    small.write_text("# date: 2026-11-01\n")
    page.set_input_files("#file", small)
    assert page.evaluate("document.querySelector('#file').validationMessage") == ""
