"""Hand connections of live pages over: waitress reads the request, its socket goes to the streams.

So no thread is held, no second port is open, and a proxy in front needs to know nothing (docs/adr/0008).
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from webui.services.stream_tickets import read_ticket
from webui.services.streams import Streams
from webui.too_large import Parser

PATH = "/live"


def serve_live(server: Any, streams: Streams, secret: bytes) -> None:
    """Let a waitress server hand over ``/live?ticket=...``; without a good ticket it is a page not found."""

    class Task(WSGITask):  # type: ignore[misc]
        def service(self) -> None:
            ticket = None
            if self.request.path == PATH and self.request.command == "GET":
                given = parse_qs(self.request.query).get("ticket", [""])[0]
                ticket = read_ticket(secret, given, time.time())
            if ticket is None:
                super().service()
                return
            self.close_on_finish = True  # waitress closes its own descriptor; the connection lives on
            streams.adopt(self.channel.socket.dup(), ticket)

    class Channel(HTTPChannel):  # type: ignore[misc]
        task_class = Task
        parser_class = Parser

    for each in getattr(server, "map", {}).values() if not hasattr(server, "channel_class") else (server,):
        if hasattr(each, "channel_class"):
            each.channel_class = Channel
