"""Post an event to a tenant's web server: signed, to public addresses, redirects not followed."""

from __future__ import annotations

from typing import Final

from b2bua.calls.web import WebError, WebRequest
from b2bua.notices.sending import SendFailed, Web, failure_of
from domain.notices.delivery import Delivery
from domain.notices.ways import Webhook

SECONDS: Final = 10.0


async def post_event(hook: Webhook, delivery: Delivery, web: Web) -> str:
    """Return the answer's status; raises SendFailed for any other than 2xx."""
    headers = {"X-Box400-Event": delivery.kind, "X-Box400-Delivery": delivery.id}
    body = delivery.text.encode()
    try:
        reply = await web.post(
            WebRequest(delivery.tenant, hook.url, body, hook.secret, SECONDS, headers=headers)
        )
    except WebError as error:
        raise failure_of(error) from error
    if not 200 <= reply.status < 300:
        raise SendFailed(f"HTTP {reply.status}", again=reply.status != 410)
    return f"HTTP {reply.status}"
