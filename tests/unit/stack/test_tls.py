"""TLS: modern versions, certificates on both sides, the peer's name is checked."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import warnings

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher

from b2bua.stack.strangers import Gate
from b2bua.stack.transports.listeners import Listeners, ListenFailed
from domain.snapshot import ListenerSnapshot
from tests.unit.stack.net import Remembering, options, until


class Authority:
    """A certificate authority in a directory."""

    def __init__(self, path):
        self.path = path
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.file = self._write("ca.pem", self._sign(self.name, self.key, None, True))

    def _sign(self, subject, key, names, is_authority):
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name, certificate, key=None):
        data = certificate.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            data = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        file = self.path / name
        file.write_bytes(data)
        return str(file)

    def issue(self, name, host):
        """Write certificate and key for a host; returns their paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, [alternative], False)
        return self._write(f"{name}.pem", certificate), self._write(f"{name}.key", certificate, key)


@pytest.fixture
def authority(tmp_path):
    """A fresh authority."""
    return Authority(tmp_path)


def listen(authority, name, receiver, host="127.0.0.1", clients="", knows=lambda host: True):
    """Open a TLS listener of its own."""
    certificate, key = authority.issue(name, host)
    listeners = Listeners(reactor, receiver, lambda _: Gate(lambda: 0.0, knows, phones=False))
    listeners.configure(
        [
            ListenerSnapshot(
                name=name,
                transports=("tls",),
                tls_port=0,
                tls_certificate=certificate,
                tls_key=key,
                tls_client_authorities=clients,
            )
        ]
    )
    return listeners


def local(listeners, name):
    """Give where a listener listens."""
    return listeners.flow(name, "tls", ("127.0.0.1", 1)).local


@pytest_twisted.inlineCallbacks
def test_two_boxes_speak_over_mutual_tls(authority):
    """A TLS trunk: both sides prove themselves, requests go out and come back on one connection."""
    here, there = Remembering(), Remembering()
    us = listen(authority, "us", here, clients=authority.file)
    them = listen(authority, "them", there, clients=authority.file)
    flow = us.flow("us", "tls", local(them, "them"))
    us.name_peer(flow, "127.0.0.1", authority.file)
    us.send(options("out"), flow)
    yield until(lambda: there.messages)
    them.send(options("back"), there.messages[0][1])
    yield until(lambda: here.messages)
    assert here.messages[0][1] == flow
    assert not here.failed
    yield us.close()
    yield them.close()


@pytest_twisted.inlineCallbacks
def test_strangers_are_refused_before_the_handshake(authority):
    """Their connection is closed at once, and nothing is logged."""
    them = listen(authority, "them", Remembering(), knows=lambda host: False)
    failures = []

    def observe(event):
        if "log_failure" in event:
            failures.append(event["log_failure"])

    globalLogPublisher.addObserver(observe)
    try:
        with socket.create_connection(local(them, "them")) as stranger:
            assert (yield deferToThread(stranger.recv, 100)) == b""
        assert them.counts()["them", "tls"].strangers == 1
        yield them.close()
    finally:
        globalLogPublisher.removeObserver(observe)
    assert failures == []


@pytest.mark.parametrize(
    ("expected", "trusts"), [("other.example", True), ("127.0.0.1", False)], ids=["name", "authority"]
)
@pytest_twisted.inlineCallbacks
def test_a_peer_with_the_wrong_certificate_gets_nothing(authority, tmp_path, expected, trusts):
    """A wrong name or an unknown authority fails the flow; the request never leaves."""
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    here, there = Remembering(), Remembering()
    us, them = listen(authority, "us", here), listen(authority, "them", there)
    flow = us.flow("us", "tls", local(them, "them"))
    us.name_peer(flow, expected, authority.file if trusts else other.file)
    us.send(options("secret"), flow)
    yield until(lambda: here.failed)
    assert not there.messages
    yield us.close()
    yield them.close()


def shake_hands(port, context):
    """Connect with a context of the standard library; returns the protocol version."""
    with (
        socket.create_connection(port, 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall(options())
        sock.settimeout(0.2)
        try:
            if sock.recv(1) == b"":
                raise ConnectionResetError
        except TimeoutError:
            pass
        return sock.version()


@pytest_twisted.inlineCallbacks
def test_old_versions_are_refused(authority):
    """TLS 1.1 and older do not get in, 1.2 and 1.3 do."""
    receiver = Remembering()
    us = listen(authority, "us", receiver)
    for version, accepted in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        context = ssl.create_default_context(cafile=authority.file)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = version
            context.maximum_version = version
        try:
            spoken = yield deferToThread(shake_hands, local(us, "us"), context)
        except (ssl.SSLError, ConnectionResetError):
            spoken = None
        assert (spoken is not None) is accepted
    yield us.close()


@pytest_twisted.inlineCallbacks
def test_a_client_without_certificate_is_refused_where_one_is_asked(authority):
    """Mutual TLS is not optional once it is set."""
    us = listen(authority, "us", Remembering(), clients=authority.file)
    context = ssl.create_default_context(cafile=authority.file)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        yield deferToThread(shake_hands, local(us, "us"), context)
    yield us.close()


def test_a_missing_certificate_names_the_listener(tmp_path):
    """A wrong setting is an error with the listener's name, not a traceback later."""
    listeners = Listeners(
        reactor, Remembering(), lambda _: Gate(lambda: 0.0, lambda host: True, phones=False)
    )
    with pytest.raises(ListenFailed, match="office"):
        listeners.configure(
            [ListenerSnapshot(name="office", transports=("tls",), tls_certificate=str(tmp_path / "none"))]
        )
