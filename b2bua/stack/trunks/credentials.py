"""Answers the challenges of a trunk's peer, and of nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from b2bua.sip.digest import Challenge, answer, choose
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request, Response
from b2bua.stack.next_hop import Credentials
from domain.snapshot import TrunkSnapshot


def trunk_credentials(trunk: TrunkSnapshot) -> Credentials | None:
    """Make what answers 401 and 407 on a trunk; None where the trunk has no password to give.

    A trunk with a configured realm answers only challenges of that realm.
    """
    if not trunk.username or not trunk.password:
        return None
    return DigestAnswers(trunk.username, trunk.password, trunk.realm)


class DigestAnswers:
    """Answers challenges for one account (:data:`b2bua.stack.next_hop.Credentials`)."""

    def __init__(
        self,
        username: str,
        password: str,
        realm: str = "",
        cnonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """``realm``: the only one that is answered; empty: any, for peers that were configured by address."""
        self._username = username
        self._password = password
        self._realm = realm
        self._cnonce = cnonce
        self._counts: dict[str, int] = {}

    def __call__(self, response: Response, request: Request) -> tuple[str, str] | None:
        """Return the header that answers a 401 or 407, or None when there is nothing we may answer."""
        proxy = response.status == 407
        challenges: list[Challenge] = []
        for raw in response.get_all("Proxy-Authenticate" if proxy else "WWW-Authenticate"):
            try:
                challenge = Challenge.parse(raw)
            except SipError:
                continue
            if not self._realm or challenge.realm == self._realm:
                challenges.append(challenge)
        chosen = choose(challenges)
        if chosen is None:
            return None
        return ("Proxy-Authorization" if proxy else "Authorization", self.answer(chosen, request))

    def answer(self, challenge: Challenge, request: Request) -> str:
        """Write the credentials for a request; repeated use of a nonce counts up."""
        if len(self._counts) > 8:
            self._counts.clear()
        count = self._counts[challenge.nonce] = self._counts.get(challenge.nonce, 0) + 1
        credentials = answer(
            challenge,
            method=request.method,
            uri=request.uri,
            username=self._username,
            password=self._password,
            cnonce=self._cnonce(),
            nc=count,
            body=request.body,
        )
        return str(credentials)
