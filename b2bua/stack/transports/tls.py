"""TLS for SIP: certificates and verification, modern versions only (RFC 5922, RFC 8446)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from OpenSSL import crypto
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    KeyPair,
    PrivateCertificate,
    TLSVersion,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)

Remote = tuple[str, int]
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s*", re.DOTALL)


class TlsIdentity:
    """What one listener shows to peers and asks of them."""

    def __init__(self, certificate: str, key: str, client_authorities: str = "") -> None:
        """Read the PEM files: certificate (with its chain), key, and the authorities whose certificates
        clients must show (empty: none is asked). Raises OSError, ``OpenSSL.crypto.Error``, ValueError."""
        chain = read_certificates(certificate)
        private = KeyPair.load(Path(key).read_bytes(), crypto.FILETYPE_PEM)
        self._own = PrivateCertificate.fromCertificateAndKeyPair(chain[0], private)
        self._server = CertificateOptions(
            privateKey=private.original,
            certificate=chain[0].original,
            extraCertChain=[link.original for link in chain[1:]],
            trustRoot=trust_of(client_authorities) if client_authorities else None,
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )
        self._peers: dict[Remote, tuple[str, str]] = {}

    def server_context(self) -> Any:
        """Give what accepts connections."""
        return self._server

    def expect(self, remote: Remote, name: str, authorities: str) -> None:
        """Note which name the certificate of a peer must bear, and who vouches for it.

        ``authorities`` is a PEM file, empty for the system's.
        """
        self._peers[remote] = (name, authorities)

    def client_context(self, remote: Remote) -> Any:
        """Give what opens a connection; a peer that was never named must prove its IP address."""
        name, authorities = self._peers.get(remote, (remote[0], ""))
        trust = trust_of(authorities) if authorities else platformTrust()
        return optionsForClientTLS(
            name,
            trustRoot=trust,
            clientCertificate=self._own,
            extraCertificateOptions={"raiseMinimumTo": TLSVersion.TLSv1_2},
        )


def read_certificates(path: str) -> list[Certificate]:
    """Read all certificates of a PEM file, in order; raises ValueError when there is none."""
    blocks = _PEM.findall(Path(path).read_bytes())
    if not blocks:
        raise ValueError(f"no certificate in {path}")
    return [Certificate.loadPEM(block) for block in blocks]


def trust_of(path: str) -> Any:
    """Read the authorities of a PEM file."""
    return trustRootFromCertificates(read_certificates(path))
