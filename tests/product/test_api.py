"""Programs use a running box by its REST API: it does what its document says, with a real call underneath."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.product.box import Box
from tests.product.conftest import Carrier
from tests.product.waiting import wait_until
from webui.api.spec import operations, read_spec

KEYS = 40
"""Each may ask fifty times at once."""
MORE_RULES = (
    "tenant_open", "number_give", "tenant_put", "configuration_patch", "statement_show", "invoice_ask",
    "number_list",
    "prompt_upload", "prompt_review", "flow_draft", "flow_check", "flow_publish", "recipient_put",
    "robot_put",
    "application_receive", "proposal_ask", "settings_patch", "calendar_enter", "place_import",
    "reconciliation_take", "go_live_import", "mailing_add", "operator_mailing_add", "ticket_settings_change",
    "operator_ticket_settings_change", "number_give",
)  # fmt: skip
"""What they refuse is more than a schema can say."""
MAKE_KEYS = f"""
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.models.web import ApiKey
from webui.services.api_keys import Scope, make
database = open_main(DataDirectory(DATA))
key = ApiKey("test", "", tuple(Scope), 0.0, "test")
for _ in range({KEYS}):
    print(database.transact(lambda root: make(root, key)))
"""


@pytest.fixture(scope="module")
def keys(box: Box) -> Iterator[str]:
    """Return the operator's keys, one after the other."""
    return itertools.cycle(box.python(MAKE_KEYS).split())


@pytest.fixture(scope="module")
def document(box: Box, keys: Iterator[str]) -> Any:
    """Return the document as the box serves it."""
    return schemathesis.openapi.from_url(f"http://{box.place.box}:8400/api/v1/openapi.json")


@pytest.mark.parametrize("examples", [3, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", [each.id for each in operations(read_spec())])
def test_the_api_does_what_its_document_says(
    box: Box, document: Any, keys: Iterator[str], name: str, mode: GenerationMode, examples: int
) -> None:
    """Good and bad requests: no failure of the box, a status and a body that the document knows."""
    operation = document.find_operation_by_id(name)
    # A generated key is replaced below by a good one, which that check does not see. Wrong keys are refused
    # at every operation by tests/unit/webui/test_api.py.
    but = [schemathesis.checks.ignored_auth]
    if name in MORE_RULES:
        but.append(schemathesis.checks.positive_data_acceptance)

    good = mode is GenerationMode.POSITIVE

    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    def ask(case: Case, known: bool) -> None:
        if good and known and "tenant" in case.path_parameters:
            case.path_parameters["tenant"] = "demo"
        # Not as an argument of the call: a case that broke its own key only would count as a wrong one.
        case.headers["Authorization"] = f"Bearer {next(keys)}"
        case.call_and_validate(excluded_checks=but)

    ask()


def test_a_program_reads_and_ends_a_call(quiet_box: Box, carrier: Carrier) -> None:
    """A key of the command line; the call is seen while it is up, taken down, and then in the records."""
    box = quiet_box
    scopes = ["--scope=calls:read", "--scope=live:read", "--scope=live:control"]
    key = box.cli("api-key", "add", "crm", "--tenant", "demo", *scopes).strip()
    base, headers = f"http://{box.place.box}:8400/api/v1/tenants/demo", {"Authorization": f"Bearer {key}"}

    def get(path: str) -> Any:
        answer = requests.get(base + path, headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    carrier.brings("carrier_waits", "4001003721")
    wait_until(lambda: get("/live-calls")["items"], "the call is up")
    (call,) = get("/live-calls")["items"]
    assert (call["number"], call["caller"]) == ("4001003721", box.caller)
    answer = requests.delete(f"{base}/live-calls/{call['call']}", headers=headers, timeout=10)
    assert answer.status_code == 204
    wait_until(lambda: get(f"/calls?caller={box.caller}")["items"], "the record is there")
    (row,) = get(f"/calls?caller={box.caller}")["items"]
    assert (row["id"], row["hung_up_by"]) == (call["call"], "box")
    assert get(f"/calls/{row['id']}")["timeline"]
    refused = requests.get(f"{base}/balance", headers=headers, timeout=10)
    assert refused.status_code == 403
