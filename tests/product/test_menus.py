"""Voice menus on a real box: real keys of every kind, a real web server, publishing between two calls."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile

from tests.product.box import Box, Place
from tests.product.conftest import Carrier
from tests.product.sipp import gateway

MENU = "4001003721"
KEYS19 = "4001003722"
SALES, SERVICE = "13900001111", "13900002222"


def tone(path: Path, hertz: float, seconds: float) -> None:
    """Write a prompt."""
    time = np.arange(int(8000 * seconds)) / 8000
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * time), 8000)


@pytest.fixture(scope="module")
def place() -> Place:
    """Return addresses of our own, one for a web server among them."""
    place = Place()
    place.web = f"{place.network}.9"  # type: ignore[attr-defined]
    return place


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with menus."""
    folder = tmp_path_factory.mktemp("box")
    tone(folder / "hello.wav", 500, 1.0)
    tone(folder / "menu.wav", 600, 1.0)
    configuration = (Path(__file__).parent / "menus.yaml").read_text(encoding="utf-8")
    with Box(folder / "data", place, configuration).running() as running:
        yield running


def steps(record: dict[str, Any], name: str) -> list[str]:
    """Return what a record's timeline says by a step's name."""
    details = [moment["detail"].partition(" ") for moment in record["timeline"] if moment["what"] == "step"]
    return [rest for step, _, rest in details if step == name]


@pytest.mark.parametrize("kind", ["rfc4733", "info", "in-band"])
def test_keys_of_every_kind_lead_through_the_menu(quiet_box: Box, kind: str) -> None:
    """The greeting is cut short by the key; who was chosen answers."""
    quiet_box.answered_by(MENU, "--seconds", "1", "--keys", "w0.5,1", "--keys-as", kind)
    record = quiet_box.record()
    assert (record["outcome"], record["keys"], record["answered_by"]) == ("answered", "1", SALES)
    assert steps(record, "menu") == ["hello", "main", "sales"]
    assert steps(record, "flow") == ["main v1"]
    ringing = next(moment["ms"] for moment in record["timeline"] if moment["what"] == "dial")
    assert ringing < 1800, "the greeting of 1 s and the menu of 1 s were not heard out"


def test_five_menus_deep(quiet_box: Box) -> None:
    """222 2 9, as fast as a phone sends them: none is lost."""
    quiet_box.answered_by(MENU, "--seconds", "1", "--keys", "22229")
    record = quiet_box.record()
    assert steps(record, "menu") == ["hello", "main", "deeper", "deeper2", "deeper3", "deeper4", "sales"]
    assert record["answered_by"] == SALES


def test_a_job_number_is_dialled(quiet_box: Box) -> None:
    """总机/分机: 0, then 802."""
    quiet_box.answered_by(MENU, "--seconds", "1", "--keys", "0802")
    record = quiet_box.record()
    assert record["answered_by"] == SERVICE
    assert steps(record, "menu-dialled") == ["802"]


def test_keys_captured_from_real_phones(
    quiet_box: Box, carrier: Carrier, gateway_sound: Path, tmp_path: Path
) -> None:
    """sipp plays Debian's captures of 1 and 9."""
    with gateway(
        tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound
    ) as answerer:
        carrier.brings("carrier_keys", KEYS19, seconds=3, samples="/usr/share/sip-tester").good()
        answerer.good()
    record = quiet_box.record()
    assert (record["keys"], steps(record, "menu")) == ("19", ["first", "second", "sales"])
    assert record["outcome"] == "answered"


def test_a_silent_caller_is_told_goodbye(quiet_box: Box) -> None:
    """Once more, then the end with its reason; the box hangs up."""
    report = quiet_box.call(MENU, "--seconds", "20")
    assert report["ended_by_box"]
    record = quiet_box.record()
    assert (record["outcome"], record["hung_up_by"]) == ("menu-no-key", "box")
    assert steps(record, "menu-no-key") == ["main", "main"]


def test_a_caller_with_wrong_keys_and_one_who_gives_up(quiet_box: Box) -> None:
    """Each has his reason and the node."""
    assert quiet_box.call(MENU, "--keys", "7,w1,8", "--seconds", "20")["ended_by_box"]
    quiet_box.call(MENU, "--keys", "2", "--seconds", "0.5")
    gave_up, wrong = quiet_box.records(count=2)
    assert (wrong["outcome"], steps(wrong, "menu-wrong-key")) == ("menu-wrong-keys", ["main 7", "main 8"])
    assert (gave_up["outcome"], steps(gave_up, "left-menu")) == ("gave-up-menu", ["deeper"])


class Crm(BaseHTTPRequestHandler):
    """The tenant's web server."""

    asked: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        """Send the caller to sales."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((dict(self.headers), body))
        answer = b'{"who": "sales"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def test_a_web_server_decides(quiet_box: Box, place: Place) -> None:
    """Signed JSON goes out, its answer leads to sales; once it is dead, the default holds."""
    server = HTTPServer((place.web, 8080), Crm)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        quiet_box.answered_by(MENU, "--seconds", "1", "--keys", "5")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    record = quiet_box.record()
    assert (record["answered_by"], steps(record, "web")) == (SALES, ["web 200"])
    headers, body = Crm.asked[0]
    said = json.loads(body)
    assert (said["caller"], said["number"], said["call"]) == (quiet_box.caller, MENU, record["id"])
    signed = headers["X-Box400-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"correct-horse-battery", signed, hashlib.sha256).hexdigest()
    assert headers["X-Box400-Signature"] == f"sha256={expected}"

    quiet_box.answered_by(MENU, "--seconds", "1", "--keys", "5")
    record = quiet_box.records(count=2)[0]
    assert record["answered_by"] == SERVICE
    assert steps(record, "web-failed") == ["web connection refused"] * 3


def test_publishing_holds_from_the_next_call_on(quiet_box: Box, tmp_path: Path) -> None:
    """A draft is checked and published by command, tried without a call, and taken back."""
    box = quiet_box
    document = json.loads(box.cli("flow", "show", "demo", "main"))
    document["nodes"]["main"]["keys"]["1"] = "service"
    document["nodes"]["orphan"] = {"kind": "hang-up"}
    file = tmp_path / "main.json"
    file.write_text(json.dumps(document))
    refused = box.try_cli("flow", "publish", "demo", "main", str(file))
    assert refused.returncode == 1
    assert "node orphan: nothing leads here" in refused.stderr
    assert "to do: node orphan" in box.cli("flow", "draft", "demo", "main", str(file))
    assert box.try_cli("flow", "check", "demo", "main").returncode == 1

    del document["nodes"]["orphan"]
    file.write_text(json.dumps(document))
    box.cli("flow", "draft", "demo", "main", str(file), "--by", "ann")
    assert "Nothing is wrong." in box.cli("flow", "check", "demo", "main")
    assert "=> group:service" in box.cli("flow", "try", "demo", "main", "--keys", "1", "--draft")
    assert "=> group:sales" in box.cli("flow", "try", "demo", "main", "--keys", "1")
    assert "Version 2 published." in box.cli(
        "flow", "publish", "demo", "main", "--by", "ann", "--note", "new"
    )
    box.answered_by(MENU, "--seconds", "1", "--keys", "1")
    assert box.record()["answered_by"] == SERVICE

    box.cli("flow", "rollback", "demo", "main", "--by", "bob")
    box.answered_by(MENU, "--seconds", "1", "--keys", "1")
    record = box.records(count=2)[0]
    assert (record["answered_by"], steps(record, "flow")) == (SALES, ["main v3"])
    (told,) = [each for each in box.json("flow", "list", "demo") if each["flow"] == "main"]
    assert [(each["version"], each["by"], each["note"]) for each in told["versions"]] == [
        (1, "apply", ""), (2, "ann", "new"), (3, "bob", "version 1 again"),
    ]  # fmt: skip
    assert box.try_cli("flow", "remove", "demo", "main").returncode == 1, "two numbers use it"
