"""A running box that the wire tests of one module share, and the peers that speak to it."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.records.record import CallRecord
from tests.product.box import Box, Place
from tests.product.waiting import wait_until
from tests.wire.journal import JournalView
from tests.wire.leg import Leg
from tests.wire.message import Rows, branch, fresh, write
from tests.wire.peer import PATIENCE, Peer, StreamPeer, UdpPeer
from tests.wire.torture import folder

STRAIGHT = "4001003722"
_callers = itertools.count(1)
_sounds = itertools.count(1)


class WirePlace(Place):
    """The addresses of the wire tests."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.plain = f"{self.network}.5"
        self.stranger = f"{self.network}.66"
        self.ims = f"{self.network}.11"
        self.landing = f"{self.network}.12"
        self.secretive = f"{self.network}.13"
        self.tlscarrier = f"{self.network}.14"
        self.sixport = str(_free_port("::1"))
        self.sixgateway = str(_free_port("::1"))
        self.certificate = str(directory / "certificate.pem")
        self.key = str(directory / "key.pem")
        make_certificate(Path(self.certificate), Path(self.key), [self.box, self.gateway])


class Wire:
    """The box as its peers see it."""

    def __init__(self, box: Box, place: WirePlace) -> None:
        self.box = box
        self.place = place
        self.journal = JournalView(box.data / "journal")
        self.carrier = UdpPeer((place.carrier, 5060), place.sip)
        self.gateway = UdpPeer(place.target, place.sip)
        self.caller = ""
        """Who calls in the current test."""
        self._more: list[Peer] = []
        self._desks = itertools.count(100)

    def udp(self, host: str, port: int = 0) -> UdpPeer:
        """Open another peer for the current test."""
        peer = UdpPeer((host, port), self.place.sip)
        self._more.append(peer)
        return peer

    def desk(self) -> str:
        """Return an address for a phone: another one each time, since strangers may not try often."""
        return f"{self.place.network}.{next(self._desks)}"

    def tcp(self, host: str, port: int = 0, **options: Any) -> StreamPeer:
        """Open another peer for the current test; see :class:`StreamPeer`."""
        box = options.pop("box", self.place.sip)
        peer = StreamPeer((host, port), box, **options)
        self._more.append(peer)
        return peer

    def keep(self, peer: Peer) -> None:
        """Close a peer after the current test."""
        self._more.append(peer)

    # calls

    def call(
        self,
        number: str = STRAIGHT,
        rows: Rows = (),
        body: bytes | None = None,
        *,
        peer: Peer | None = None,
        **fields: str,
    ) -> Leg:
        """Bring a call; see :meth:`Leg.calls`."""
        return Leg.calls(peer or self.carrier, number, self.caller, rows, body, **fields)

    def bridge(self, number: str = STRAIGHT, **fields: Any) -> tuple[Leg, Leg]:
        """Bring a call that is answered; both sides are up."""
        caller = self.call(number, **fields)
        callee = Leg.rung(self.gateway)
        callee.answer()
        caller.up()
        return caller, callee

    def talk(self, caller: Leg, callee: Leg) -> None:
        """Make sure that each side hears the other; both speak A-law."""
        for speaker, listener in ((caller, callee), (callee, caller)):
            said = bytes([next(_sounds) % 128 | 0x80]) * 160
            until = time.monotonic() + PATIENCE
            heard = b""
            while heard != said:
                assert time.monotonic() < until, f"{listener.call_id} heard nothing of {speaker.call_id}"
                speaker.talk(said)
                heard = listener.listen_for_audio(0.04)

    def hang_up(self, caller: Leg, callee: Leg) -> CallRecord:
        """Let them talk, the caller hang up, and return the record: answered, and charged for its talk."""
        self.talk(caller, callee)
        caller.hang_up()
        callee.hung_up()
        return self.answered(caller)

    def answered(self, caller: Leg, by: str = "caller") -> CallRecord:
        """Return the record of a call that was answered; make sure of what is charged."""
        record = self.record(caller)
        assert (record.outcome, record.hung_up_by, record.sip_status) == ("answered", by, 200), record
        # A talk that is ended at once takes no whole millisecond.
        assert 0 <= record.talk_ms <= record.access_ms <= record.end_ms < 120_000, record
        assert record.answered_by != "", record
        return record

    def free(self, caller: Leg, outcome: str, by: str, status: int) -> CallRecord:
        """Return the record of a call that never was answered; make sure that nothing is charged."""
        record = self.record(caller)
        assert (record.outcome, record.hung_up_by, record.sip_status) == (outcome, by, status), record
        assert (record.talk_ms, record.access_ms, record.answered_by) == (0, 0, ""), record
        return record

    def record(self, caller: Leg) -> CallRecord:
        """Return the one record of a call."""
        return self.journal.record(caller.call_id)

    # whether it lives

    def ping(self, peer: Peer | None = None) -> None:
        """Make sure that the box answers an OPTIONS."""
        peer = peer or self.carrier
        call_id = fresh("ping-")
        peer.send(options(peer, call_id))
        assert (
            peer.wait(lambda m: m.call_id == call_id and m.status > 0, "an answer to OPTIONS").status == 200
        )

    def quiet(self) -> None:
        """Wait until no call is up."""
        wait_until(lambda: not self.journal.open_calls(), "no call is up", explain=self.box.story_of_calls)

    def metric(self, name: str) -> float:
        """Return one of the box's metrics."""
        with urllib.request.urlopen(f"http://{self.place.box}:8400/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name
        )

    # between tests

    def begin(self) -> None:
        """Give the test its caller."""
        self.caller = f"137{next(_callers):08}"

    def end(self) -> None:
        """Forget what the test has left."""
        for peer in self._more:
            peer.close()
        self._more.clear()
        self.carrier.forget()
        self.gateway.forget()

    def close(self) -> None:
        """Close all sockets."""
        self.carrier.close()
        self.gateway.close()
        self.journal.close()


def options(peer: Peer, call_id: str) -> bytes:
    """Write an OPTIONS to the box."""
    host, port = peer.box
    return write(
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        [
            ("Via", peer.via(branch())),
            ("Max-Forwards", "70"),
            ("From", f"<sip:ping@{peer.host}>;tag={fresh('p')}"),
            ("To", f"<sip:{host}>"),
            ("Call-ID", call_id),
            ("CSeq", "1 OPTIONS"),
        ],
    )


@contextmanager
def running_box(directory: Path, configuration: str = "") -> Iterator[Wire]:
    """Run a box, with ``box.yaml`` unless told otherwise; afterwards it must end well, and its records must
    be those of its journal."""
    place = WirePlace(directory)
    usual = (Path(__file__).parent / "box.yaml").read_text(encoding="utf-8")
    box = Box(directory / "data", place, configuration or usual)
    try:
        box.start()
        wire = Wire(box, place)
        try:
            yield wire
            wire.quiet()
            compare_records(wire)
        finally:
            wire.close()
        box.stop()
    finally:
        box.kill()


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Return the box that all tests of this folder share."""
    with running_box(tmp_path_factory.mktemp("shared")) as wire:
        yield wire


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Return a box of one module, for messages that would be taken for repetitions of another module's."""
    with running_box(tmp_path_factory.mktemp("own")) as wire:
        yield wire


@pytest.fixture
def wire(shared: Wire) -> Iterator[Wire]:
    """Return the shared box for one test; afterwards no call may be up, and no error in its log."""
    shared.begin()
    yield shared
    try:
        shared.quiet()
        shared.box.check_logs()
    finally:
        shared.end()


@pytest.fixture(scope="module")
def tortures() -> Path:
    """Return the folder of the torture messages."""
    found = folder()
    if found is None:
        pytest.skip("the torture messages are not there: neither ../shared/torture nor $SIP_TORTURE_DIR")
    return found


def compare_records(wire: Wire) -> None:
    """Make sure that the ledger has committed what the journal says: each call once, the charge the same."""
    expected: dict[str, CallRecord] = {}

    def committed() -> list[dict[str, Any]]:
        expected.update(wire.journal.records())
        found: list[dict[str, Any]] = wire.box.json("records", "--limit", "0")
        return found if sorted(each["id"] for each in found) == sorted(expected) else []

    found = wait_until(committed, "as many records as calls") if wire.journal.records() else []
    for each in found:
        record = expected[each["id"]]
        for field in ("outcome", "hung_up_by", "sip_status", "talk_ms", "access_ms", "caller"):
            assert each[field] == getattr(record, field), (field, each, record)


def make_certificate(certificate: Path, key: Path, hosts: list[str]) -> None:
    """Write a certificate that signs itself, for IP addresses."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host)) for host in hosts]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def client_tls(certificate: str) -> ssl.SSLContext:
    """Return what a caller over TLS trusts."""
    return ssl.create_default_context(cafile=certificate)


def server_tls(certificate: str, key: str) -> ssl.SSLContext:
    """Return what a gateway over TLS shows."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])
