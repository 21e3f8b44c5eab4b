"""``python -m webui --data DIR``: serve the web pages."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from functools import partial

from waitress.server import create_server
from waitress.wasyncore import close_all

from domain.structures import learn_structures
from storage.connection import PAGES, open_main, open_recordings
from storage.data_directory import DataDirectory, write_atomically
from storage.machine.readiness import notify
from storage.recordings import Recordings
from storage.upgrade.history import place_of
from webui.api.application import make_api, with_api
from webui.application import make_application
from webui.compiled import compile_templates
from webui.hand_over import serve_live
from webui.services.box import BoxServices
from webui.services.figures import with_figures
from webui.services.live import look_at
from webui.services.secret import web_secret
from webui.services.standstill import with_standstill
from webui.services.streams import Streams
from webui.too_large import MOST_BODY

THREADS = 4
"""The database keeps a connection for each, and one for the live pages."""
WATCHDOG_SECONDS = 5.0
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}


def main() -> int:
    """Serve until SIGTERM; returns the exit status: 0 as told, 1 when the start failed."""
    parser = argparse.ArgumentParser(prog="box400 webui", description="Serve the web pages.")
    parser.add_argument("--data", required=True, help="data directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("ZEO").setLevel(logging.ERROR)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    data = DataDirectory(arguments.data)
    data.create()
    settings = data.read_settings()
    host, _, port = settings.web.rpartition(":")
    if not port:
        print("webui: settings.json has no web address", file=sys.stderr)
        return 1
    database, recordings = open_main(data, caches=PAGES), Recordings(open_recordings(data))
    services = BoxServices(data, database, recordings, web_secret(data))
    pages = make_application(services)
    learn_structures()
    served = with_api(pages, make_api(services))
    application = with_figures(with_standstill(served, place_of(data)), data)
    try:
        server = create_server(
            application, host=host.strip("[]"), port=int(port), threads=THREADS, ident=None,
            max_request_body_size=MOST_BODY, channel_timeout=60,
            clear_untrusted_proxy_headers=True,
            asyncore_use_poll=True,  # select() knows no descriptor above 1023, and each live page holds one
            trusted_proxy=settings.trusted_proxy or None,
            trusted_proxy_headers=PROXY_HEADERS if settings.trusted_proxy else (),
        )  # fmt: skip
    except OSError as error:
        print(f"webui: {host}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1
    streams = Streams(data.control_socket, partial(look_at, services))
    serve_live(server, streams, services.secret)
    streams.start()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    write_atomically(data.web_pid, f"{os.getpid()}\n".encode())
    notify("READY=1")
    threading.Thread(target=compile_templates, args=(pages,), name="templates", daemon=True).start()
    while not stop.wait(WATCHDOG_SECONDS):
        server.trigger.pull_trigger(
            partial(notify, "WATCHDOG=1")
        )  # it is the server's own thread that says it
    notify("STOPPING=1")
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=3)
    streams.stop()
    # By the server's own thread: it waits for these descriptors.
    server.trigger.pull_trigger(partial(close_all, server._map, ignore_all=True))
    serving.join(3)
    recordings.close()
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
