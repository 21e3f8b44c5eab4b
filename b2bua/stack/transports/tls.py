"""TLS for SIP: certificates and verification, modern versions only (RFC 5922, RFC 8446).

Contexts are pyOpenSSL's, made here: ``twisted.internet.ssl.CertificateOptions`` hands it objects that it has
deprecated.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.stack.transports.ip import version_of

Remote = tuple[str, int]


class TlsIdentity:
    """What one listener shows to peers and asks of them."""

    def __init__(self, certificate: str, key: str, client_authorities: str = "") -> None:
        """Read the PEM files: certificate (with its chain), key, and the authorities whose certificates
        clients must show (empty: none is asked). Raises ValueError where one is missing or does not fit."""
        self._certificate = certificate
        self._key = key
        context = self._context()
        if client_authorities:
            _trust(context, client_authorities)
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verified)
            context.set_session_id(b"box400")
        self._server = _ServerSide(context)
        self._peers: dict[Remote, tuple[str, str]] = {}
        self._clients: dict[tuple[str, str], _ClientSide] = {}

    def server_context(self) -> Any:
        """Give what accepts connections."""
        return self._server

    def expect(self, remote: Remote, name: str, authorities: str) -> None:
        """Note which name the certificate of a peer must bear, and who vouches for it.

        ``authorities`` is a PEM file, empty for the system's.
        """
        self._peers[remote] = (name, authorities)

    def client_context(self, remote: Remote) -> Any:
        """Give what opens a connection; a peer that was never named must prove its IP address.

        Raises ValueError when the authorities cannot be read.
        """
        name, authorities = self._peers.get(remote, (remote[0], ""))
        side = self._clients.get((name, authorities))
        if side is None:
            context = self._context()
            if authorities:
                _trust(context, authorities)
            else:
                context.set_default_verify_paths()
            context.set_verify(SSL.VERIFY_PEER, _verified)
            side = self._clients[name, authorities] = _ClientSide(context, name)
        return side

    def _context(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        try:
            context.use_certificate_chain_file(self._certificate)
            context.use_privatekey_file(self._key)
            context.check_privatekey()
        except SSL.Error as error:
            raise ValueError(f"{self._certificate} with {self._key} is unusable: {error}") from error
        return context


@implementer(IOpenSSLServerConnectionCreator)
class _ServerSide:
    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        return SSL.Connection(self._context, None)


@implementer(IOpenSSLClientConnectionCreator)
class _ClientSide:
    def __init__(self, context: SSL.Context, name: str) -> None:
        self._context = context
        self._name = name
        self._is_address = version_of(name) != 0
        context.set_info_callback(self._look)

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(protocol)
        if not self._is_address:
            connection.set_tlsext_host_name(self._name.encode("idna"))
        return connection

    def _look(self, connection: SSL.Connection, where: int, result: int) -> None:
        """Check the name once the handshake is done; a wrong one ends the connection."""
        if not where & SSL.SSL_CB_HANDSHAKE_DONE:
            return
        protocol: Any = connection.get_app_data()
        try:
            if self._is_address:
                verify_ip_address(connection, self._name)
            else:
                verify_hostname(connection, self._name)
        except VerificationError:
            protocol.failVerification(Failure())


def _trust(context: SSL.Context, authorities: str) -> None:
    try:
        context.load_verify_locations(authorities)
    except SSL.Error as error:
        raise ValueError(f"{authorities} holds no authority's certificate: {error}") from error


def _verified(connection: SSL.Connection, certificate: object, code: int, depth: int, ok: int) -> bool:
    return bool(ok)
