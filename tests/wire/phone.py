"""An agent's phone of the wire tests: registers, and places calls as its extension."""

from __future__ import annotations

from tests.wire.digest import credentials
from tests.wire.leg import Leg
from tests.wire.message import Rows, Sip, bracketed, branch, fresh, write
from tests.wire.peer import Peer

SECRET = "correct-horse-battery"


class Phone:
    """One device of an extension."""

    def __init__(self, peer: Peer, name: str = "8001", secret: str = SECRET) -> None:
        self.peer = peer
        self.name = name
        self.secret = secret
        self.call_id = fresh("register-")
        self.cseq = 0
        self.uri = f"sip:{bracketed(peer.box[0])}"

    @property
    def contact(self) -> str:
        """Where it wants to be rung."""
        parameter = "" if self.peer.transport == "UDP" else f";transport={self.peer.transport.lower()}"
        return f"<sip:{self.name}@{self.peer.authority}{parameter}>"

    def ask(self, rows: Rows, proof: str = "", *, cseq: int = 0, to: str = "") -> Sip:
        """Send one REGISTER and return its answer."""
        number = self.offer_proof(rows, proof, cseq=cseq, to=to)
        return self.peer.wait(
            lambda message: message.call_id == self.call_id and message.status > 0 and message.cseq == number,
            "an answer to REGISTER",
        )

    def offer_proof(self, rows: Rows, proof: str, *, cseq: int = 0, to: str = "") -> int:
        """Send one REGISTER and return its CSeq."""
        self.cseq = cseq or self.cseq + 1
        address = f"<sip:{self.name}@{bracketed(self.peer.box[0])}>"
        number = self.cseq
        self.peer.send(
            write(
                f"REGISTER {self.uri} SIP/2.0",
                [
                    ("Via", self.peer.via(branch())),
                    ("Max-Forwards", "70"),
                    ("From", f"{to or address};tag={fresh('r')}"),
                    ("To", to or address),
                    ("Call-ID", self.call_id),
                    ("CSeq", f"{number} REGISTER"),
                    *rows,
                    *([("Authorization", proof)] if proof else []),
                ],
            )
        )
        return number

    def register(self, rows: Rows | None = None, *, cseq: int = 0, to: str = "", algorithm: str = "") -> Sip:
        """Register with what ``rows`` say (usually our contact for 300 s), proving who we are."""
        rows = [("Contact", self.contact), ("Expires", "300")] if rows is None else rows
        asked = self.ask(rows, cseq=cseq, to=to)
        if asked.status != 401:
            return asked
        return self.ask(
            rows, self.proof(asked, "REGISTER", self.uri, algorithm), cseq=cseq and cseq + 1, to=to
        )

    def proof(self, asked: Sip, method: str, uri: str, algorithm: str = "", count: int = 1) -> str:
        """Answer a challenge, by the first algorithm unless told otherwise."""
        challenges = asked.all("www-authenticate") + asked.all("proxy-authenticate")
        chosen = next(one for one in challenges if not algorithm or f"algorithm={algorithm}," in one + ",")
        return credentials(chosen, self.name, self.secret, method, uri, count=count)

    def leave(self) -> Sip:
        """Take all bindings back."""
        return self.register([("Contact", "*"), ("Expires", "0")])

    def call(self, number: str, rows: Rows = ()) -> Leg:
        """Place a call as this extension, answering the challenge."""
        leg = Leg.of(self.peer, number, self.name)
        self.peer.send(leg.invitation(rows))
        asked = leg.final()
        assert asked.status in (401, 407), asked
        leg.cseq += 1
        header = "Authorization" if asked.status == 401 else "Proxy-Authorization"
        self.peer.send(leg.invitation([*rows, (header, self.proof(asked, "INVITE", leg.target))]))
        return leg


def contacts(answer: Sip) -> dict[str, int]:
    """Return the bindings that a 200 lists, and how long they last."""
    found = {}
    for row in answer.all("contact"):
        uri, _, rest = row.partition(">")
        seconds = next(part for part in rest.split(";") if part.startswith("expires="))
        found[uri.lstrip("<")] = int(seconds.partition("=")[2])
    return found
