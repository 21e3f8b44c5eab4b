"""A message centre made of smppy, a third party's SMPP server; arguments: HOST PORT.

Takes the password ``geheim`` and prints what it is sent, a JSON array a line; what it reads likewise (sender,
recipient, text) it delivers to who is signed in.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from smppy import Application, SmppClient


class Centre(Application):
    """Prints what arrives."""

    client: SmppClient | None = None
    """Who is signed in."""

    async def handle_bound_client(self, client: SmppClient) -> SmppClient | None:
        told("bound", client.system_id, client.password)
        self.client = client if client.password == "geheim" else None
        return self.client

    async def handle_unbound_client(self, client: SmppClient) -> None:
        told("unbound")

    async def handle_sms_received(
        self, client: SmppClient, source_number: str, dest_number: str, text: str
    ) -> None:
        told("sms", source_number, dest_number, text)
        if "请回短信" in text:
            await client.send_sms(dest_number, source_number, "您好，我要开发票")

    async def bring(self) -> None:
        """Deliver what is read, until there is no more."""
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            assert self.client is not None
            await self.client.send_sms(*json.loads(line))


def told(*words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    centre = Centre("centre")
    centre.create_server(loop, sys.argv[1], int(sys.argv[2]))
    told("ready")
    loop.run_until_complete(centre.bring())
