"""Which extension a phone means by what its user typed in (docs/adr/0007-extension-names.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from b2bua.sip.errors import SipError
from b2bua.sip.message import Request
from b2bua.sip.uri import Uri
from domain.snapshot import ExtensionSnapshot


class ExtensionNames:
    """Finds extensions by the names that phones use.

    An extension ``8001`` of tenant ``acme`` is known by its login (``8001``, or whatever is configured) and
    always by ``8001.acme`` and ``8001@acme``, with the tenant as the SIP domain too. Hosts ignore case.
    """

    def __init__(self, extensions: Iterable[ExtensionSnapshot] = (), domain: str = "") -> None:
        """``domain``: ``TENANT.domain`` stands for a tenant as well; empty: none."""
        self._by_login: dict[str, ExtensionSnapshot] = {}
        self._by_place: dict[tuple[str, str], ExtensionSnapshot] = {}
        self._tenants: dict[str, str] = {}
        self._suffix = f".{domain.lower()}" if domain else ""
        for extension in extensions:
            self._by_login[extension.account] = extension
            self._by_place[extension.tenant, extension.name] = extension
            self._tenants[extension.tenant.lower()] = extension.tenant
        for extension in self._by_place.values():
            self._by_login.setdefault(extension.qualified, extension)

    def account(self, account: str) -> ExtensionSnapshot | None:
        """Return an extension by its account, the name that is its own on the whole box."""
        found = self._by_login.get(account)
        return found if found is not None and found.account == account else None

    def of(self, tenant: str, name: str) -> ExtensionSnapshot | None:
        """Return a tenant's extension."""
        return self._by_place.get((tenant, name))

    def find(self, username: str, address: Uri | None) -> ExtensionSnapshot | None:
        """Return whom a user name means; ``address`` is the address of record the request is about.

        ``user@tenant`` decides by itself, else the domain of the address, else the login.
        """
        user, at, host = username.partition("@")
        for domain in (host if at else None, address.host if address is not None else None):
            tenant = self._tenant(domain)
            if tenant is not None:
                found = self._by_place.get((tenant, user)) or self._own(tenant, user)
                if found is not None:
                    return found
        return self._by_login.get(user)

    def _own(self, tenant: str, user: str) -> ExtensionSnapshot | None:
        found = self._by_login.get(user)
        return found if found is not None and found.tenant == tenant else None

    def _tenant(self, domain: str | None) -> str | None:
        if not domain:
            return None
        host = domain.lower()
        if self._suffix:
            host = host.removesuffix(self._suffix)
        return self._tenants.get(host)


def is_named_by(extension: ExtensionSnapshot, user: str) -> bool:
    """Tell whether a user part is one of an extension's names."""
    user, at, host = user.partition("@")
    if at and host.lower() != extension.tenant.lower():
        return False
    return user in (extension.name, extension.account, extension.qualified)


def address_of_record(request: Request) -> Uri | None:
    """Return whom a request is in the name of: To of a REGISTER, From of all else; None where malformed."""
    try:
        return (request.to if request.method == "REGISTER" else request.from_).uri
    except SipError:
        return None
