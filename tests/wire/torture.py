"""The torture messages of RFC 4475 and RFC 5118, and how an answer to one of them is judged."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.wire.message import Sip, write
from tests.wire.peer import Missing, Peer

ROOT = Path(__file__).parents[2]

SYNTAX = frozenset({400, 405, 406, 413, 415, 416, 420, 488, 493, 500, 501, 505, 513, 606})
"""Final answers that say: not understood. All others act upon the message."""


def folder() -> Path | None:
    """Return the folder of the messages, None where it is absent."""
    found = Path(os.environ.get("SIP_TORTURE_DIR") or ROOT.parent / "shared" / "torture")
    return found if (found / "rfc4475.tsv").exists() else None


@dataclass(frozen=True)
class Torture:
    """One message with its verdict."""

    name: str
    data: bytes
    section: str
    accept: frozenset[str]
    ideal: str
    forbidden_call_id: str

    @property
    def is_response(self) -> bool:
        """Whether it is a response, which nobody waits for."""
        return self.data.startswith(b"SIP/2.0 ")

    @property
    def transaction(self) -> tuple[bytes, ...]:
        """What marks its transaction. Messages that share it look like repetitions of one another."""
        call_id = re.search(rb"(?im)^(?:call-id|i)[ \t]*:[ \t]*(\S+)", self.data)
        return self.data.split()[0], self.via, call_id[1] if call_id else b""

    @property
    def via(self) -> bytes:
        """Its top Via."""
        line = re.search(rb"(?im)^v(?:ia)?[ \t]*:.*?(?=\r?\n(?![ \t]))", self.data + b"\r\n", re.DOTALL)
        return line[0] if line else b""

    @property
    def port(self) -> int:
        """Where its top Via wants the answer."""
        found = re.search(rb"[\w.\]-]+:[ \t]*([0-9]{4,5})[ \t]*(?:;|$)", self.via)
        return int(found[1]) if found else 5060


def messages(directory: Path, table: str) -> list[Torture]:
    """Read the messages of one table (``rfc4475``, ``rfc5118``), the malformed ones first: they leave no
    transaction that a sound one with the same branch would be taken for a repetition of."""
    with (directory / f"{table}.tsv").open(newline="", encoding="utf-8") as file:
        found = [
            Torture(
                name=row["name"],
                data=(directory / row["file"]).read_bytes(),
                section=row["section"],
                accept=frozenset(row["accept"].split(",")),
                ideal=row["ideal"],
                forbidden_call_id=(row["forbid_callid"] or "").strip(),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]
    return sorted(found, key=lambda message: message.ideal != "400")


def verdict(status: int) -> set[str]:
    """Name what a final status (0: silence) is in the words of the tables."""
    if not status:
        return {"drop"}
    return {str(status)} if status in SYNTAX else {str(status), "VALID"}


@dataclass
class Tally:
    """What came of one table over one transport."""

    table: str
    transport: str
    total: int = 0
    accepted: int = 0
    ideal: int = 0
    wrong: list[str] = field(default_factory=list)
    not_ideal: list[str] = field(default_factory=list)

    def enter(self, message: Torture, status: int) -> None:
        """Count one message."""
        found = verdict(status)
        said = f"{message.name} ({message.section}): {status or 'silence'}"
        self.total += 1
        if found & message.accept:
            self.accepted += 1
        else:
            self.wrong.append(f"{said}, acceptable {','.join(sorted(message.accept))}")
        if message.ideal in found:
            self.ideal += 1
        else:
            self.not_ideal.append(f"{said}, ideal {message.ideal}")

    def __str__(self) -> str:
        line = (
            f"{self.table} over {self.transport}: {self.accepted}/{self.total} acceptable, {self.ideal} ideal"
        )
        return "\n  ".join([line, *[f"WRONG {one}" for one in self.wrong], *self.not_ideal])


ANSWER_SECONDS = 8.0


def acknowledge(peer: Peer, message: Torture, answer: Sip) -> None:
    """Stop the retransmission of a final answer to an INVITE."""
    uri = message.data.split()[1].decode("latin-1")
    peer.send(
        write(
            f"ACK {uri} SIP/2.0",
            [
                ("Via", answer["via"]),
                ("Max-Forwards", "70"),
                ("From", answer["from"]),
                ("To", answer["to"]),
                ("Call-ID", answer.call_id),
                ("CSeq", f"{int(answer['cseq'].split()[0])} ACK"),
            ],
        )
    )


def final_status(peer: Peer, message: Torture, seconds: float) -> int:
    """Send a message and return the status of its final answer, 0 for silence."""
    peer.send(message.data)
    try:
        answer = peer.wait(lambda one: one.status >= 200, f"an answer to {message.name}", seconds)
    except Missing:
        return 0
    check_answer(message, answer)
    if peer.transport == "UDP":  # over TCP what follows the body is a message of its own
        assert answer.call_id != message.forbidden_call_id or not answer.call_id, message.name
    if message.data.startswith(b"INVITE"):
        acknowledge(peer, message, answer)
    return answer.status


def check_answer(message: Torture, answer: Sip) -> None:
    """Make sure of what an answer must carry beside its status."""
    if answer.status == 420:
        unsupported = {part.strip() for part in answer["unsupported"].split(",")}
        assert {"nothingSupportsThis".lower(), "nothingSupportsThisEither".lower()} <= {
            part.lower() for part in unsupported
        }, answer
    elif answer.status == 415:
        assert "application/sdp" in answer["accept"], answer
    elif answer.status == 405:
        assert "INVITE" in answer["allow"], answer
    elif answer.status in (401, 407):
        assert "Digest" in answer["www-authenticate"] + answer["proxy-authenticate"], answer
    if message.name == "wsinv":
        assert answer.cseq == 9, answer


def patience(message: Torture) -> float:
    """Return how long to wait for an answer to a message that may be dropped, or must be answered."""
    if message.accept == {"drop"}:
        return 0.0
    return 1.0 if "drop" in message.accept else ANSWER_SECONDS
