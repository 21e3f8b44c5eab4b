"""The services of the web pages, for commands that do the same."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager

from box400.cli.database import main_database
from box400.cli.options import complain
from box400.cli.provision import NOT_IN_FORCE
from box400.cli.words import language
from domain.refusal import NotPossible
from storage.connection import open_recordings
from storage.data_directory import DataDirectory
from storage.models.web import AuditEntry
from storage.recordings import Recordings
from webui.services.accounts import audited
from webui.services.box import BoxServices
from webui.services.provisioning import Refused


@contextmanager
def box_services(data: DataDirectory) -> Iterator[BoxServices]:
    """Give the services; say why and exit where the store is not there, or the rules refuse."""
    with main_database(data) as database:
        recordings = Recordings(open_recordings(data))
        try:
            yield BoxServices(data, database, recordings, b"")
        except NotPossible as error:
            complain(f"{error}.", f"{error.zh}。")
        except Refused as refused:
            complain(
                "\n".join(each.words("en") for each in refused.problems),
                "\n".join(each.words("zh") for each in refused.problems),
            )
        finally:
            recordings.close()


def entry_of(action: str, target: str = "", tenant: str = "") -> AuditEntry:
    """Return an entry of the audit log for who is at the command line."""
    return audited(time.time(), f"command line:{getpass.getuser()}", action, target, tenant=tenant)


def say_in_force(why_not: str) -> None:
    """Complain where calls do not follow yet."""
    if why_not:
        complain(f"Stored, but not in force: {why_not}.", f"已保存，尚未生效：{why_not}。", NOT_IN_FORCE)


def pick(pair: tuple[str, str]) -> str:
    """Return the text of an (English, Chinese) pair in the language spoken."""
    return pair[language() == "zh"]
