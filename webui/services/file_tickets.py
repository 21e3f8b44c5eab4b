"""Texts by which programs name files that they uploaded before: signed, one tenant's, for an hour."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from domain.refusal import BadField
from webui.services.box import BoxServices

SECONDS: Final = 3600
F = TypeVar("F", bound=msgspec.Struct)


def ticket_of(services: BoxServices, purpose: str, tenant: str, file: msgspec.Struct) -> str:
    """Return the text that names a file, for one purpose of a tenant's programs."""
    until = int(services.now() + SECONDS)
    told = msgspec.json.encode([until, tenant, file])
    packed = base64.urlsafe_b64encode(told).decode().rstrip("=")
    return f"{_signature(services, purpose, packed)}.{packed}"


def files_of(
    services: BoxServices, purpose: str, tenant: str, tickets: Sequence[str], kind: type[F], most: int
) -> tuple[F, ...]:
    """Return the files that texts of :func:`ticket_of` name; raises BadField."""
    if len(tickets) > most:
        raise BadField("files", f"at most {most} files", f"最多 {most} 个附件")
    return tuple(_file_of(services, purpose, tenant, each, kind) for each in tickets)


def _file_of(services: BoxServices, purpose: str, tenant: str, ticket: str, kind: type[F]) -> F:
    signature, _, packed = ticket.partition(".")
    if hmac.compare_digest(signature.encode(), _signature(services, purpose, packed).encode()):
        told = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        until, whose, file = msgspec.json.decode(told, type=tuple[int, str, msgspec.Raw])
        if whose == tenant and services.now() <= until:
            return msgspec.json.decode(file, type=kind)
    raise BadField(
        "files", "there is no such file, or it waited too long: upload it again",
        "没有该附件或已过期，请重新上传",
    )  # fmt: skip


def _signature(services: BoxServices, purpose: str, packed: str) -> str:
    return hmac.new(services.secret, f"{purpose}-file:{packed}".encode(), hashlib.sha256).hexdigest()
