"""Digest authentication as the peers of the wire tests do it, either side (RFC 7616)."""

from __future__ import annotations

import hashlib
import re

from tests.wire.message import Sip, fresh

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def fields(value: str) -> dict[str, str]:
    """Read the parameters of a challenge or of credentials."""
    found = re.findall(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', value)
    return {name.lower(): quoted or token for name, quoted, token in found}


def challenge(nonce: str, *, realm: str = "carrier", stale: bool = False, algorithm: str = "MD5") -> str:
    """Write a challenge."""
    extra = ", stale=true" if stale else ""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{extra}'


def credentials(
    value: str, user: str, secret: str, method: str, uri: str, *, count: int = 1, algorithm: str = ""
) -> str:
    """Answer a challenge."""
    asked = fields(value)
    algorithm = algorithm or asked.get("algorithm", "MD5")
    cnonce = fresh("cn")
    proof = _proof(
        algorithm, user, asked["realm"], secret, method, uri, asked["nonce"], f"{count:08x}", cnonce
    )
    return (
        f'Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'algorithm={algorithm}, qop=auth, nc={count:08x}, cnonce="{cnonce}", response="{proof}"'
    )


def proves(request: Sip, header: str, secret: str, nonce: str) -> bool:
    """Tell whether a request's credentials show the secret for a nonce of ours."""
    said = fields(request[header])
    if said.get("nonce") != nonce or said.get("uri") != request.uri:
        return False
    proof = _proof(
        said.get("algorithm", "MD5"), said["username"], said["realm"], secret, request.method, said["uri"],
        nonce, said["nc"], said["cnonce"],
    )  # fmt: skip
    return said["response"] == proof


def _proof(
    algorithm: str,
    user: str,
    realm: str,
    secret: str,
    method: str,
    uri: str,
    nonce: str,
    count: str,
    cnonce: str,
) -> str:
    def digest(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    known = f"{nonce}:{count}:{cnonce}:auth"
    return digest(f"{digest(f'{user}:{realm}:{secret}')}:{known}:{digest(f'{method}:{uri}')}")
