"""A real SIP phone at the real process: it registers, is rung by a 400 call, answers, and survives our
restart."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from b2bua.control import AskStatus, ControlClient, Status
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    NumberPlan,
    TargetKind,
    TenantSnapshot,
)
from storage.data_directory import write_atomically
from tests.crash.carrier import Carrier
from tests.product.b2bua_process import NUMBER, B2bua, Loopback
from tests.product.phone import Baresip
from tests.product.waiting import wait_until

SECRET = "a-long-generated-secret"


class BoxWithPhone(B2bua):
    """The number is bound to extension 8001."""

    def provision(self, **plan: object) -> None:
        """Add the extension and bind it."""
        super().provision(**plan)
        box = msgspec.json.decode(self.data.box_snapshot.read_bytes(), type=BoxSnapshot)
        box = msgspec.structs.replace(box, extensions=(ExtensionSnapshot("8001", "demo", SECRET),))
        phone = BoundNumber(number="8001", kind=TargetKind.EXTENSION)
        plan_ = NumberPlan(number=NUMBER, bound=(phone,))
        tenant = TenantSnapshot(id="demo", name="Demo", numbers=(plan_,), version=self.version)
        write_atomically(self.data.box_snapshot, msgspec.json.encode(box))
        write_atomically(self.data.tenant_snapshots / "demo.json", msgspec.json.encode(tenant))

    def phones(self) -> int:
        """Ask how many phones are registered."""
        with ControlClient(self.data.control_socket) as control:
            return control.ask(AskStatus(), Status).registrations


@pytest.mark.parametrize(("transport", "number"), [("udp", 251), ("tcp", 252)])
def test_a_phone_registers_is_rung_and_answers(tmp_path: Path, transport: str, number: int) -> None:
    """baresip registers; a 400 call rings it; it answers, hangs up, and the record says so."""
    net = Loopback(number)
    host = f"127.40.{number}.8"
    with BoxWithPhone(tmp_path / "box", net) as box:
        box.start()
        with Baresip(tmp_path / "phone", host, net.box[0], "8001", SECRET, transport) as phone:
            wait_until(lambda: box.phones() == 1, "the phone is registered")
            carrier = Carrier(net.box, net.carrier, net.gateway, NUMBER, seed=1)
            try:
                seen = carrier.place(1.0)
                carrier.run(8.0, lambda: seen.answered is not None)
                assert seen.status == 200, phone.said()
                carrier.run(8.0, lambda: bool(box.ended()))
            finally:
                carrier.close()
            (ended,) = box.ended(1)
            assert ended.outcome == "answered"
            assert "Diversion: <sip:4001003722@box400>" in phone.said()
            phone.hang_up_and_leave()
            wait_until(lambda: box.phones() == 0, "the phone has unregistered")
        assert box.stop() == 0
        assert not box.complaints()


def test_a_phone_stays_reachable_over_our_restart(tmp_path: Path) -> None:
    """The process is killed and comes back: the phone is rung without having registered again."""
    net = Loopback(253)
    with BoxWithPhone(tmp_path / "box", net) as box:
        box.start()
        with Baresip(tmp_path / "phone", "127.40.253.8", net.box[0], "8001", SECRET) as phone:
            wait_until(lambda: box.phones() == 1, "the phone is registered")
            saved = tmp_path / "box" / "registrations.json"
            wait_until(saved.exists, "the bindings are saved")
            registers = phone.said().count("REGISTER sip:")
            box.kill()
            box.start()
            assert box.phones() == 1
            carrier = Carrier(net.box, net.carrier, net.gateway, NUMBER, seed=1)
            try:
                seen = carrier.place(0.5)
                carrier.run(8.0, lambda: seen.answered is not None)
                assert seen.status == 200
                carrier.run(5.0, lambda: bool(box.ended()))
            finally:
                carrier.close()
            assert phone.said().count("REGISTER sip:") == registers
        assert box.stop() == 0
