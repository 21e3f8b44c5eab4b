"""Follows the b2bua: a new picture whenever something has changed, at a pace that costs little."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from b2bua.control import MAX_LINE, AskCalls, Calls, Request, Response
from b2bua.control_floor import Agents, AskAgents, AskQueues, AwaitChange, Changed, Queues
from webui.services.picture import Picture

R = TypeVar("R")
ANSWER_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 1.0
_decode: Final[msgspec.json.Decoder[Response]] = msgspec.json.Decoder(Response)


class Gone(Exception):
    """The b2bua does not answer."""


class BoxWatch:
    """A lasting conversation with the b2bua's control socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def pictures(self) -> AsyncIterator[Picture]:
        """Yield pictures for ever; one that is not up while the b2bua is away."""
        while True:
            writer = None
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE)
                seen = -1
                while True:
                    seen = (await _ask(reader, writer, AwaitChange(seen), Changed)).count
                    yield Picture(
                        tuple((await _ask(reader, writer, AskCalls(), Calls)).calls),
                        tuple((await _ask(reader, writer, AskAgents(), Agents)).agents),
                        tuple((await _ask(reader, writer, AskQueues(), Queues)).queues),
                        time.time(),
                        up=True,
                    )
            except (OSError, Gone, TimeoutError, ValueError, msgspec.MsgspecError):
                yield Picture()
            finally:
                if writer is not None:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
            await asyncio.sleep(RETRY_SECONDS)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request, answer: type[R]
) -> R:
    writer.write(msgspec.json.encode(request) + b"\n")
    line = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
    if not line:
        raise Gone
    response: Any = _decode.decode(line)
    if not isinstance(response, answer):
        raise Gone
    return response
