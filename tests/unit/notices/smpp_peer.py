"""A message centre made of smppy, a third party's SMPP server; arguments: HOST PORT.

Takes the password ``geheim`` and prints what it is sent, a JSON array a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from smppy import Application, SmppClient


class Centre(Application):
    """Prints what arrives."""

    async def handle_bound_client(self, client: SmppClient) -> SmppClient | None:
        told("bound", client.system_id, client.password)
        return client if client.password == "geheim" else None

    async def handle_unbound_client(self, client: SmppClient) -> None:
        told("unbound")

    async def handle_sms_received(
        self, client: SmppClient, source_number: str, dest_number: str, text: str
    ) -> None:
        told("sms", source_number, dest_number, text)
        if "请回短信" in text:
            await client.send_sms(dest_number, source_number, "您好，我要开发票")


def told(*words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    Centre("centre").create_server(loop, sys.argv[1], int(sys.argv[2]))
    told("ready")
    loop.run_forever()
