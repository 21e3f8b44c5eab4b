"""Where transactions live while they last, and how messages find them (RFC 3261 17.1.3, 17.2.3)."""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.sip.via import MAGIC_COOKIE

ClientKey = tuple[str, str]
"""Branch of our Via, and method of CSeq (a CANCEL shares the branch of its INVITE)."""

ServerKey = tuple[object, ...]
"""(branch, sent-by host, sent-by port, Call-ID, method); for RFC 2543 peers without the cookie a longer one.
Call-ID is more than RFC 3261 17.2.3 asks for: some peers use a branch again for another call."""

MergeKey = tuple[str, str, int, str]
"""(Call-ID, From tag, CSeq number, method): one request that came by two ways has it twice (RFC 3261
8.2.2.2)."""


def server_key(request: Request, method: str) -> ServerKey:
    """Give the key under which the server transaction of a request is found.

    ``method`` is the transaction's, INVITE for an ACK and for finding what a CANCEL cancels.
    """
    via = request.via
    branch = via.branch
    if branch is not None and len(branch) > len(MAGIC_COOKIE) and branch.startswith(MAGIC_COOKIE):
        return (branch, via.host, via.port, request.get("Call-ID"), method)
    # RFC 2543: the To tag is left out, because it is ours in the ACK and absent in the INVITE.
    return (str(via), request.uri, request.from_.tag, request.call_id, request.cseq.number, method)


def client_key(response: Response) -> ClientKey:
    """Give the key of the client transaction that a response belongs to."""
    return (response.via.branch or "", response.cseq.method)


class ClientTransaction(Protocol):
    """A request of ours, as messages find it."""

    flow: Flow

    def on_response(self, response: Response) -> None:
        """Take a response that matches."""

    def on_flow_failed(self) -> None:
        """Act on a transport error."""

    def is_waiting(self) -> bool:
        """Whether its final answer is still to come."""


class ServerTransaction(Protocol):
    """A request that we answer, as messages find it."""

    def on_request(self, request: Request) -> None:
        """Take the request again, or the ACK to its refusal."""


class Transactions:
    """All transactions that are not over."""

    __slots__ = ("clients", "merged", "servers")

    def __init__(self) -> None:
        self.servers: dict[ServerKey, ServerTransaction] = {}
        self.clients: dict[ClientKey, ClientTransaction] = {}
        self.merged: dict[MergeKey, ServerKey] = {}

    def waiting(self) -> int:
        """Count our requests whose final answer is still to come."""
        return sum(client.is_waiting() for client in self.clients.values())

    def forget_server(self, key: ServerKey, merge_key: MergeKey | None) -> None:
        """Drop a server transaction that is over."""
        del self.servers[key]
        if merge_key is not None:
            self.merged.pop(merge_key, None)
