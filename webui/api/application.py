"""The API as an application of its own: routes and scopes come from ``openapi.yaml``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router

from b2bua.control import ControlDown
from storage.connection import StoreDown
from webui.api import (
    applications,
    backups,
    bills,
    calendar,
    calls,
    configuration,
    contacts,
    conversations,
    desk,
    flows,
    go_live,
    knowledge,
    live,
    mailings,
    messages,
    missed,
    money,
    notices,
    numbers,
    operator,
    operators,
    places,
    prompts,
    proposals,
    reconciliations,
    reports,
    ticket_settings,
    tickets,
    trunks,
)
from webui.api.access import Caller, Rates, admitted
from webui.api.problems import ApiProblem, answer
from webui.api.spec import Operation, operations, read_spec
from webui.presenters.texts import language_of
from webui.services.box import BoxServices
from webui.services.figures import Wsgi

log = logging.getLogger(__name__)
PREFIX: Final = "/api/v1"
DO: Final[dict[str, Callable[[Caller], Any]]] = {
    "box_status": operator.status,
    "audit_list": operator.audit,
    "alarm_acknowledge": operator.acknowledge,
    "settings_show": operator.configuration,
    "settings_patch": operator.configure,
    "trunk_test": trunks.begin,
    "trunk_test_show": trunks.result,
    "calendar_show": calendar.year,
    "calendar_enter": calendar.enter,
    "calendar_remove": calendar.remove,
    "place_tables": places.tables,
    "place_show": places.look_up,
    "place_import": places.take,
    "place_forget": places.forget,
    "backup_show": backups.show,
    "backup_ask": backups.ask,
    "tenant_list": configuration.tenants,
    "tenant_show": configuration.tenant,
    "tenant_put": configuration.put_tenant,
    "tenant_password": configuration.first_again,
    "configuration_show": configuration.show,
    "configuration_patch": configuration.patch,
    "call_list": calls.listing,
    "call_show": calls.one,
    "recording_get": calls.recording,
    "live_list": live.calls,
    "live_end": live.end,
    "queue_list": live.queues,
    "agent_list": live.agents,
    "agent_patch": live.set_agent,
    "agent_act": desk.act,
    "desk_show": desk.show,
    "desk_change": desk.change,
    "missed_list": missed.listing,
    "missed_patch": missed.change,
    "missed_call_back": missed.call_back,
    "balance_show": money.balance,
    "entry_list": money.entries,
    "recharge_put": money.recharge,
    "message_list": messages.listing,
    "message_patch": messages.mark,
    "message_delete": messages.delete,
    "message_audio": messages.audio,
    "contact_list": contacts.listing,
    "contact_add": contacts.add,
    "contact_show": contacts.show,
    "contact_put": contacts.put,
    "contact_delete": contacts.delete,
    "contact_timeline": contacts.timeline,
    "contact_note": contacts.write_note,
    "contact_merge": contacts.merge,
    "contact_duplicates": contacts.duplicates,
    "conversation_list": conversations.listing,
    "conversation_begin": conversations.begin,
    "conversation_upload": conversations.upload,
    "conversation_show": conversations.show,
    "conversation_patch": conversations.change,
    "conversation_write": conversations.write,
    "conversation_file": conversations.file,
    "report_show": reports.report,
    "report_behind": reports.behind,
    "mailing_list": mailings.listing,
    "mailing_add": mailings.add,
    "mailing_remove": mailings.remove,
    "mailing_send": mailings.send,
    "operator_mailing_list": mailings.listing,
    "operator_mailing_add": mailings.add,
    "operator_mailing_remove": mailings.remove,
    "operator_mailing_send": mailings.send,
    "go_live_import": go_live.take,
    "ticket_settings_show": ticket_settings.show,
    "ticket_settings_change": ticket_settings.change,
    "operator_ticket_settings_show": ticket_settings.show,
    "operator_ticket_settings_change": ticket_settings.change,
    "simulation_show": reports.simulation,
    "bill_list": bills.bills,
    "bill_show": bills.bill,
    "statement_show": bills.between,
    "invoice_list": bills.invoice_list,
    "invoice_ask": bills.ask_invoice,
    "tariff_list": bills.tariffs,
    "tenant_open": numbers.open_first,
    "number_give": numbers.give,
    "number_list": numbers.listing,
    "number_show": numbers.show,
    "number_put": numbers.put,
    "number_move": numbers.move,
    "application_show": applications.show,
    "application_receive": applications.receive,
    "application_step": applications.step,
    "proposal_list": proposals.listing,
    "proposal_ask": proposals.ask,
    "proposal_decide": proposals.decide,
    "reconciliation_list": reconciliations.listing,
    "reconciliation_take": reconciliations.take,
    "reconciliation_show": reconciliations.show,
    "invoice_waiting": proposals.waiting_invoices,
    "invoice_answer": proposals.answer_invoice,
    "operator_list": operators.listing,
    "operator_put": operators.put,
    "operator_patch": operators.patch,
    "operator_act": operators.act,
    "prompt_waiting": prompts.waiting,
    "prompt_list": prompts.listing,
    "prompt_upload": prompts.upload,
    "prompt_delete": prompts.delete,
    "prompt_audio": prompts.audio,
    "prompt_version_delete": prompts.delete_version,
    "prompt_choose": prompts.choose,
    "prompt_review": prompts.review,
    "flow_list": flows.listing,
    "flow_show": flows.show,
    "flow_delete": flows.delete,
    "flow_draft": flows.draft,
    "flow_check": flows.check,
    "flow_publish": flows.publish,
    "flow_roll_back": flows.roll_back,
    "notice_list": notices.listing,
    "recipient_list": notices.recipients,
    "recipient_put": notices.set_recipients,
    "robot_list": notices.robots,
    "robot_put": notices.put_robot,
    "robot_delete": notices.delete_robot,
    "webhook_list": notices.webhooks,
    "article_list": knowledge.listing,
    "article_show": knowledge.show,
    "article_propose": knowledge.propose,
    "article_upload": knowledge.upload,
    "article_file": knowledge.file,
    "proposed_file": knowledge.proposal_file,
    "proposed_show": knowledge.proposal,
    "proposed_put": knowledge.rewrite,
    "satisfaction_show": reports.satisfied,
    "desk_ticket_list": tickets.of_operator,
    "ticket_list": tickets.listing,
    "ticket_open": tickets.open_one,
    "ticket_show": tickets.show,
    "ticket_patch": tickets.change,
    "ticket_write": tickets.write,
}
"""Operation of the document -> what does it. It returns a value for JSON, None (no body) or a response."""


def make_api(services: BoxServices) -> Router:
    """Return the API of one box; raises KeyError for an operation that nothing does."""
    api = make_operations()
    attach(api, services)
    return api


def attach(api: Router, services: BoxServices) -> None:
    """Let the API be that of this box."""
    api.registry["services"] = services
    api.registry["rates"] = Rates()


def make_operations() -> Router:
    """Return the API, of no box yet: :func:`attach` it to one."""
    spec = read_spec()
    document = msgspec.json.encode(spec)
    config = Configurator()
    config.add_route("openapi", f"{PREFIX}/openapi.json")
    config.add_view(
        lambda request: Response(document, content_type="application/json"),
        route_name="openapi", request_method="GET",
    )  # fmt: skip
    by_path: dict[str, list[str]] = {}
    for each in operations(spec):
        if each.path not in by_path:
            config.add_route(each.path, PREFIX + each.path)
        by_path.setdefault(each.path, []).append(each.method)
        config.add_view(_view(DO[each.id], each), route_name=each.path, request_method=each.method)
    for path, methods in by_path.items():
        config.add_view(_other_method(methods), route_name=path)
    config.add_exception_view(_problem, context=ApiProblem)
    config.add_exception_view(_down, context=StoreDown)
    config.add_exception_view(_down, context=ControlDown)
    config.add_exception_view(_failed, context=Exception)
    config.add_notfound_view(lambda request: _problem(ApiProblem(404), request))
    config.add_tween("webui.security.headers.headers_tween")
    return config.make_wsgi_app()


def with_api(pages: Wsgi, api: Wsgi) -> Wsgi:
    """Return an application that gives the API what is below its prefix, and the pages everything else."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        below = environ["PATH_INFO"].startswith(f"{PREFIX}/")
        return (api if below else pages)(environ, start_response)

    return serve


def _view(do: Callable[[Caller], Any], operation: Operation) -> Callable[[Any, Request], Response]:
    def view(context: Any, request: Request) -> Response:
        registry = request.registry
        done = do(admitted(request, registry["services"], registry["rates"], operation.scope))
        if isinstance(done, Response):
            return done
        if done is None:
            return Response(status=operation.status, content_type=None)
        return Response(msgspec.json.encode(done), status=operation.status, content_type="application/json")

    return view


def _other_method(methods: list[str]) -> Callable[[Any, Request], Response]:
    allowed = ", ".join([*methods, "HEAD"] if "GET" in methods else methods)

    def view(context: Any, request: Request) -> Response:
        raise ApiProblem(405, headers=(("Allow", allowed),))

    return view


def _problem(problem: ApiProblem, request: Request) -> Response:
    return answer(problem, language_of(request))


def _down(error: Exception, request: Request) -> Response:
    return _problem(ApiProblem(503, headers=(("Retry-After", "2"),)), request)


def _failed(error: Exception, request: Request) -> Response:
    log.exception("%s %s", request.method, request.path, exc_info=error)
    return _problem(ApiProblem(500), request)
