"""Real web servers on loopback: good, slow, dead, redirecting, huge; plain and with TLS."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import os
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

_hosts = itertools.count(1)


def a_host() -> str:
    """Return a loopback address that no other test uses."""
    return f"127.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}.{next(_hosts)}"


class Server(Factory):
    """Says the same bytes to everybody once a whole request is there, and keeps what it was asked."""

    def __init__(self, says: bytes, *, hangs_up: bool = True) -> None:
        self.says = says
        self.hangs_up = hangs_up
        self.host = a_host()
        self.requests: list[bytes] = []
        self.connections = 0
        self.asked: Deferred[None] = Deferred()
        """Fires at the first whole request."""
        self.lost: Deferred[None] = Deferred()
        """Fires when the first connection is over."""
        self.listening: Any = None
        self.scheme = "http"

    def listen(self, reactor: Any, certificate: Path | None = None) -> Server:
        """Listen on a port that is free."""
        if certificate is None:
            self.listening = reactor.listenTCP(0, self, interface=self.host)
        else:
            self.scheme = "https"
            context = ssl.DefaultOpenSSLContextFactory(str(certificate), str(certificate))
            self.listening = reactor.listenSSL(0, self, context, interface=self.host)
        return self

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{self.scheme}://{self.host}:{self.listening.getHost().port}/ivr"

    def buildProtocol(self, address: object) -> _Conversation:
        """Talk with one client."""
        self.connections += 1
        self.last = _Conversation(self)
        return self.last

    def say(self, data: bytes) -> None:
        """Say something to the last client."""
        assert self.last.transport is not None
        self.last.transport.write(data)


class _Conversation(Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.data = b""

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
            return
        self.server.requests.append(self.data)
        assert self.transport is not None
        self.transport.write(self.server.says)
        if self.server.says and self.server.hangs_up:
            self.transport.loseConnection()
        if not self.server.asked.called:
            self.server.asked.callback(None)

    def connectionLost(self, reason: object = None) -> None:
        if not self.server.lost.called:
            self.server.lost.callback(None)


def answer(body: bytes, status: str = "200 OK", *rows: str, length: int | None = None) -> bytes:
    """Return a whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *rows]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def make_certificate(folder: Path, host: str) -> tuple[Path, bytes]:
    """Make a self-signed certificate for an address; return the file of key and certificate, and its PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{host}.pem"
    file.write_bytes(secret + pem)
    return file, pem
