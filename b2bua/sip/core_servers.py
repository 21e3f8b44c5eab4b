"""Server transactions for requests that have none yet."""

from __future__ import annotations

from b2bua.sip.core_endpoint import Endpoint
from b2bua.sip.core_refusals import reply_flow
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.transaction import InviteServer, NonInviteServer
from b2bua.sip.transaction.table import MergeKey, ServerKey


def invite_server(
    endpoint: Endpoint, request: Request, flow: Flow, key: ServerKey, merge_key: MergeKey | None
) -> InviteServer:
    """Make the transaction of an INVITE; without ``merge_key`` copies of it are not looked for."""
    return InviteServer(
        endpoint.effects,
        endpoint.transactions,
        key,
        merge_key,
        request.get("Call-ID") or "",
        reply_flow(request, flow),
        endpoint.paths.reliable(flow),
    )


def other_server(
    endpoint: Endpoint, request: Request, flow: Flow, key: ServerKey, merge_key: MergeKey | None
) -> NonInviteServer:
    """Make the transaction of any other request."""
    return NonInviteServer(
        endpoint.effects,
        endpoint.transactions,
        key,
        merge_key,
        request.call_id,
        reply_flow(request, flow),
        endpoint.paths.reliable(flow),
    )
