"""The four transaction machines of RFC 3261 17 with RFC 6026, one to a file, free of I/O and clocks.

A machine gets messages and timers and acts on :class:`b2bua.sip.effects.Effects`; what concerns the layer
above goes to its ``user``. Timers are named by the letters of RFC 3261.
"""

from b2bua.sip.transaction.invite_client import InviteClient, InviteClientUser
from b2bua.sip.transaction.invite_server import InviteServer, InviteServerUser
from b2bua.sip.transaction.non_invite_client import NonInviteClient, NonInviteClientUser
from b2bua.sip.transaction.non_invite_server import NonInviteServer
from b2bua.sip.transaction.table import ClientKey, ServerKey, Transactions

__all__ = [
    "ClientKey",
    "InviteClient",
    "InviteClientUser",
    "InviteServer",
    "InviteServerUser",
    "NonInviteClient",
    "NonInviteClientUser",
    "NonInviteServer",
    "ServerKey",
    "Transactions",
]
