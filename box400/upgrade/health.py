"""Is the box well? ``python -m box400.upgrade.health --data DIR`` prints what is wrong, as JSON.

The version that is asked about runs it. The answer is a list of pairs, English and Chinese; empty: all is
well.
"""

from __future__ import annotations

import argparse
import http.client
import secrets
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Final

import msgspec

from b2bua.control import ListenerState, Status
from box400.processes import box_status
from storage.data_directory import DataDirectory

SECONDS: Final = 5.0
SUPERVISOR: Final = ("run", "b2bua-spare")
"""Not there where systemd starts the processes."""
Fault = tuple[str, str]


def faults(data: DataDirectory) -> list[Fault]:
    """Return what is wrong with a box that should be up."""
    now = box_status(data)
    found: list[Fault] = [
        (f"{each.name} is down", f"{each.name} 未运行")
        for each in now.processes
        if not each.up and each.name not in SUPERVISOR
    ]
    if now.b2bua is not None:
        found += _of_sip(now.b2bua)
    found += _of_pages(data)
    return found


def _of_sip(status: Status) -> Iterator[Fault]:
    if status.draining:
        yield "No calls are taken", "未接入新呼叫"
    for worker in status.workers:
        if not worker.alive:
            yield f"Media worker {worker.index} is down", f"媒体进程 {worker.index} 未运行"
    if not status.listeners:
        yield "SIP is spoken nowhere", "没有 SIP 监听"
    for listener in status.listeners:
        if listener.transport == "udp" and not answers_options(listener):
            yield f"SIP {listener.address} does not answer OPTIONS", f"SIP {listener.address} 不应答 OPTIONS"


def answers_options(listener: ListenerState) -> bool:
    """Ask a listener of this machine by OPTIONS, from its own address; whether it answers 200."""
    host, _, port = listener.address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(SECONDS / 5)
        own.bind((host, 0))
        for _ in range(5):
            own.sendto(_options(host, int(port), own.getsockname()[1]), (host, int(port)))
            try:
                return own.recv(65536).startswith(b"SIP/2.0 200 ")
            except TimeoutError:
                continue
            except OSError:
                return False
    return False


def _options(host: str, port: int, own_port: int) -> bytes:
    named = f"[{host}]" if ":" in host else host
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{named}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {named}:{own_port};branch=z9hG4bK{token};rport",
        f"From: <sip:health@{named}>;tag={token}", f"To: <sip:{named}:{port}>", f"Call-ID: {token}@{named}",
        "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def _of_pages(data: DataDirectory) -> Iterator[Fault]:
    settings = data.read_settings()
    if not settings.web:
        return
    host, _, port = settings.web.rpartition(":")
    plain = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=SECONDS)
    yield from _page(plain, "/healthz", f"http://{settings.web}")
    yield from _page(plain, "/login", f"http://{settings.web}")
    if settings.trusted_proxy:
        unverified = ssl._create_unverified_context()  # noqa: S323 - ourselves, by an address
        secure = http.client.HTTPSConnection("127.0.0.1", 443, timeout=SECONDS, context=unverified)
        yield from _page(secure, "/login", "https://127.0.0.1")


def _page(connection: http.client.HTTPConnection, path: str, name: str) -> Iterator[Fault]:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        yield f"{name}{path}: {error}", f"{name}{path} 无法访问：{error}"
    else:
        if answer.status != 200:
            yield f"{name}{path}: {answer.status}", f"{name}{path} 返回 {answer.status}"
    finally:
        connection.close()


def main() -> int:
    """Print it; the exit status is 0 whenever the question could be asked."""
    parser = argparse.ArgumentParser(
        prog="box400.upgrade.health", description="Say what is wrong with the box."
    )
    parser.add_argument("--data", required=True)
    sys.stdout.write(msgspec.json.encode(faults(DataDirectory(parser.parse_args().data))).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
