"""Who asks, by his key; how often he may; which tenant is his."""

from __future__ import annotations

import re
import threading
import time
from typing import Final, Protocol

from pyramid.request import Request

from domain.features import WORDS
from domain.token_bucket import TokenBucket
from storage.models import Root, TenantConfig
from storage.models.web import AuditEntry
from webui.api.problems import ApiProblem, Fault
from webui.presenters.texts import language_of
from webui.security.editions import missing
from webui.services.accounts import audited
from webui.services.api_keys import KnownKey, recognised
from webui.services.box import BoxServices

PER_SECOND: Final = 10.0
AT_ONCE: Final = 50.0
MOST_BUCKETS: Final = 10_000
_BEARER: Final = re.compile(r"Bearer (b400_[A-Za-z0-9_-]{43})", re.ASCII | re.IGNORECASE)
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


class Rates:
    """How often each key may ask."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """Count a request; False: too many."""
        with self._lock:
            if key not in self._buckets and len(self._buckets) >= MOST_BUCKETS:
                self._buckets.pop(next(iter(self._buckets)))
            return self._buckets.setdefault(key, TokenBucket(PER_SECOND, AT_ONCE)).take(time.monotonic())


class Refusal(Protocol):
    """Says why something cannot be."""

    zh: str
    en: str


class Caller:
    """A request's key, its box, and the tenant it is about."""

    def __init__(self, request: Request, services: BoxServices, known: KnownKey) -> None:
        self.request = request
        self.services = services
        self.known = known

    @property
    def is_operator(self) -> bool:
        """Whether the key is the operator's."""
        return not self.known.key.tenant

    @property
    def who(self) -> str:
        """Return the name that the audit log keeps."""
        return f"api-key:{self.known.id} {self.known.key.name}"

    @property
    def language(self) -> str:
        """Return the language that the program asks for."""
        return language_of(self.request)

    @property
    def tenant(self) -> str:
        """Return the tenant in the path."""
        tenant: str = self.request.matchdict["tenant"]
        return tenant

    @property
    def desk(self) -> str:
        """Return the tenant in the path, empty where the operator's own is meant; 404 for no tenant."""
        return self.config().id if "tenant" in self.request.matchdict else ""

    def wrong(self, error: Refusal, field: str = "") -> ApiProblem:
        """Return what somebody wrote and cannot be, in the language that the program asks for."""
        return ApiProblem(422, errors=(Fault(field, error.zh if self.language == "zh" else error.en),))

    def part(self, name: str) -> str:
        """Return a part of the path."""
        part: str = self.request.matchdict[name]
        return part

    def entry(self, action: str, target: str, tenant: str | None = None) -> AuditEntry:
        """Return an entry of the audit log for what this request does; of the tenant in the path."""
        of = self.request.matchdict.get("tenant", "") if tenant is None else tenant
        address = self.request.remote_addr or ""
        return audited(self.services.now(), self.who, action, target, tenant=of, address=address)

    def config(self) -> TenantConfig:
        """Return the tenant in the path; 404 when there is none."""
        found = self.services.read(lambda root: _config(root, self.tenant))
        if found is None:
            raise ApiProblem(404)
        return found


def admitted(request: Request, services: BoxServices, rates: Rates, scope: str) -> Caller:
    """Return who asks; raises 401, 403, 404 (another tenant's, or only the operator's) and 429."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    known = services.read(lambda root: recognised(root, found[1], services.now())) if found else None
    if known is None:
        raise ApiProblem(401, headers=(("WWW-Authenticate", 'Bearer realm="box400"'),))
    if not rates.take(known.id):
        raise ApiProblem(429, headers=(("Retry-After", "1"),))
    if scope not in known.key.scopes:
        raise ApiProblem(403, f"需要权限 {scope}", f"It needs the scope {scope}")
    tenant = request.matchdict.get("tenant")
    if tenant is not None and (_TENANT.fullmatch(tenant) is None or known.key.tenant not in ("", tenant)):
        raise ApiProblem(404)
    _require_features(request, services, known, tenant)
    return Caller(request, services, known)


def _require_features(request: Request, services: BoxServices, known: KnownKey, tenant: str | None) -> None:
    """Raise 403 where the tenant has not the feature that is asked for, or his own programs none at all."""
    below = request.matched_route.pattern.partition("{tenant}/")[2].partition("/")[0]
    config = None if tenant is None else services.read(lambda root: _config(root, tenant))
    if config is None:
        return
    off = missing(config, "api-keys" if known.key.tenant else below) or missing(config, below)
    if off is not None:
        en, zh = WORDS[off]
        raise ApiProblem(403, f"该租户未开通：{zh}", f"The tenant does not have: {en}")


def _config(root: Root, tenant: str) -> TenantConfig | None:
    held = root.tenants.get(tenant)
    return None if held is None else held.config.value
