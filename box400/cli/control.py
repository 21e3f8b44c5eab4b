"""Ask the running b2bua."""

from __future__ import annotations

from typing import TypeVar

from b2bua.control import ControlClient, ControlDown, ControlFailed, Request
from box400.cli.options import NOT_DONE, NOT_RUNNING, complain
from storage.data_directory import DataDirectory

R = TypeVar("R")


def ask(data: DataDirectory, request: Request, answer: type[R], *, seconds: float = 5.0) -> R:
    """Return b2bua's answer within so many seconds; say why and exit where there is none."""
    try:
        with ControlClient(data.control_socket, seconds) as client:
            return client.ask(request, answer)
    except ControlDown as error:
        complain(
            f"No box is running on {data.root} ({error}).",
            f"{data.root} 上没有 box400 在运行（{error}）。",
            NOT_RUNNING,
        )
    except ControlFailed as error:
        complain(f"It was refused: {error}.", f"被拒绝：{error.zh}。", NOT_DONE)
