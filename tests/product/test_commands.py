"""The command line on a running box."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl

from tests.product.box import Box, Place
from tests.product.conftest import Carrier
from tests.product.waiting import wait_until

STRAIGHT = "4001003722"


def test_applying_twice_changes_nothing(box: Box) -> None:
    """The file that the box was started with is in force already."""
    again = box.json("apply", str(box.file))
    assert (again["changes"], again["in_force"]) == ([], True)


def test_what_is_exported_can_be_applied(box: Box, tmp_path: Path) -> None:
    """`export` writes what `apply` reads; nothing changes by it, even with --prune."""
    box.cli("export", "-o", str(tmp_path / "all.yaml"))
    again = box.json("apply", str(tmp_path / "all.yaml"), "--prune")
    assert again["changes"] == []
    assert "correct-horse-battery" not in box.cli("export", "--no-secrets")


def test_a_change_is_in_force_at_once(quiet_box: Box, carrier: Carrier, tmp_path: Path) -> None:
    """After "In force." the next call meets the new configuration; --dry-run changes nothing."""
    change = tmp_path / "change.yaml"
    change.write_text(
        'tenants:\n  demo:\n    numbers:\n      "4001003790":\n        bound: ["13900001111"]\n'
    )
    dry = quiet_box.json("apply", str(change), "--dry-run")
    assert [each["key"] for each in dry["changes"]] == ["4001003790"]
    carrier.brings("carrier_refused", "4001003790", status=404).good()
    quiet_box.cli("apply", str(change))
    quiet_box.answered_by("4001003790", "--seconds", "1")
    assert {record["outcome"] for record in quiet_box.records(count=2)} == {"number-unknown", "answered"}


def test_a_wrong_file_changes_nothing_and_names_line_and_field(box: Box, tmp_path: Path) -> None:
    """All that is wrong is told at once."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        'tenants:\n  demo:\n    numbers:\n      "400100":\n        bound: ["12"]\n    colour: red\n'
    )
    done = box.try_cli("apply", str(wrong))
    assert done.returncode == 1
    assert f"{wrong}:4: tenants.demo.numbers.400100:" in done.stderr
    assert f"{wrong}:6: tenants.demo.colour:" in done.stderr
    assert box.json("apply", str(box.file))["changes"] == []


def test_records_as_excel(quiet_box: Box, tmp_path: Path) -> None:
    """Numbers are texts, one row a call."""
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    record = quiet_box.record()
    file = tmp_path / "calls.xlsx"
    quiet_box.cli("records", "--caller", quiet_box.caller, "--xlsx", str(file))
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert len(rows) == 2
    assert quiet_box.caller in rows[1]
    assert record["id"] in rows[1]


def test_a_call_as_a_ladder_and_for_wireshark(quiet_box: Box, tmp_path: Path) -> None:
    """`trace` shows the SIP messages of both legs."""
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    call = quiet_box.record()["id"]
    ladder = quiet_box.cli("trace", call)
    assert ladder.count("INVITE +SDP") == 2
    assert ladder.count("BYE ──") == 2
    file = tmp_path / "call.pcap"
    quiet_box.cli("trace", call, "--pcap", str(file))
    assert file.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    quiet_box.cli("trace", "01M8172EV8WM5RPGMQH3500BQN", status=1)


def test_status_tells_every_process_and_its_memory(box: Box) -> None:
    """All are up, and the idle box keeps within 400 MB of proportional memory."""
    status = box.json("status")
    names = [each["name"] for each in status["processes"] if each["up"]]
    assert names[:6] == ["run", "store", "ledger", "recorder", "notices", "b2bua"]
    assert names[6].startswith("media-")
    assert all(each["memory_kib"] > 0 for each in status["processes"])
    assert status["memory_kib"] < 400 * 1024
    # That the process stalled is this machine's doing, which runs the other tests at the same time.
    assert {each["key"] for each in status["alarms"]} <= {"reactor"}


def test_backup_and_restore(quiet_box: Box, tmp_path: Path) -> None:
    """A backup of the running box, restored elsewhere, holds the same records and recordings."""
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    call = quiet_box.record()["id"]
    sound = quiet_box.recording(call).read_bytes()
    made = quiet_box.json("backup", str(tmp_path / "backup"), "--verify")
    assert made["verdict"]["faults"] == []
    assert made["recordings"] >= 1

    restored = Box(tmp_path / "restored", quiet_box.place, quiet_box.file.read_text(encoding="utf-8"))
    restored.data.rmdir()
    restored.cli("restore", str(tmp_path / "backup"))
    store = restored.run_process("store")
    try:
        assert restored.json("records", call)["outcome"] == "answered"
        assert restored.recording(call).read_bytes() == sound
        before = quiet_box.json("records", "--limit", "0")
        assert restored.json("records", "--limit", "0") == before
    finally:
        store.terminate()
        assert store.wait(10) == 0


def test_recordings_are_listed(quiet_box: Box) -> None:
    """Newest first, by the same filters as records."""
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    call = quiet_box.record()["id"]
    quiet_box.recording(call)
    found = quiet_box.json("recording", "list", "--number", STRAIGHT, "--limit", "1")
    assert [each["id"] for each in found] == [call]
    assert quiet_box.json("recording", "list", "--until", "1970-01-02") == []


def test_a_nightly_backup_is_made_and_shown(quiet_box: Box, tmp_path: Path) -> None:
    """The first one at once; status tells when and where."""
    place = tmp_path / "nightly"
    place.mkdir()
    plan = tmp_path / "backup.yaml"
    plan.write_text(f"box: {{backup: {{to: {place}, keep: 3}}}}")
    quiet_box.cli("apply", str(plan))

    def state() -> dict[str, object]:
        return quiet_box.json("status")["backup"]

    wait_until(lambda: state()["good_at"], "a good backup", 60)
    now = state()
    assert (now["to"], now["kept"], now["error"]) == (str(place), 1, "")
    assert str(place) in quiet_box.cli("status")
    plan.write_text("box: {backup: null}")
    quiet_box.cli("apply", str(plan))
    assert state() is None


def test_every_command_has_its_help(box: Box) -> None:
    """--help of each names its exit status; every command takes --data, an upgrade the whole machine."""
    commands = json.loads(box.python("import json, box400.cli; print(json.dumps(list(box400.cli.COMMANDS)))"))
    assert {"run", "store", "b2bua", "apply", "export", "status", "calls", "hangup", "records"} <= set(
        commands
    )
    for command in commands:
        told = box.python(f"from box400.cli import main; main(['{command}', '--help'], prog_name='box400')")
        if "COMMAND [ARGS]" in told:  # a group; its commands have help of their own
            continue
        assert ("--root" if command == "upgrade" else "--data") in told, command
        assert "Exit status:" in told, command


def test_messages_in_chinese(box: Box) -> None:
    """--lang zh speaks Chinese."""
    assert "进程" in box.python(
        "from box400.cli import main; main(['--lang', 'zh', 'status', '--data', DATA], prog_name='box400')"
    )


def test_a_box_that_is_not_running(tmp_path: Path) -> None:
    """Commands that need it say so and exit with 3."""
    nobody = Box(tmp_path / "nobody", Place(), "box: {}\n")
    for command in (
        ("status",),
        ("calls",),
        ("hangup", "--all"),
        ("records",),
        ("export",),
        ("call", STRAIGHT),
    ):
        done = nobody.try_cli(*command)
        assert done.returncode == 3, (command, done)
