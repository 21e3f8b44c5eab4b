"""What may become of a ticket: each step returns the ticket after it, and what the thread says of it.

One question, one answer (一问一答): a question waits for its answer; an answer waits for the asker, who
closes the ticket or asks on. Nobody else closes it but time: after a reminder, and a wait that is set.

=========  =============================================  =================
from       what                                           to
=========  =============================================  =================
open       assigned                                       working
working    assigned to nobody                             open
open       answered                                       answered
working    answered                                       answered
answered   answered (more)                                answered
answered   asked on                                       open or working
answered   reminded, then waited out                      closed
not closed closed by the asker                            closed
answered   confirmed (the asker cannot reach it)          closed
closed     reopened by the asker                          open or working
closed     rated, once after each closing                 closed
=========  =============================================  =================
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from domain.refusal import NotPossible
from domain.tickets.settings import Terms
from domain.tickets.ticket import (
    MOST_COMMENT,
    MOST_ENTRIES,
    MOST_FILES,
    MOST_SUBJECT,
    MOST_TEXT,
    Asker,
    AskerKind,
    Closed,
    Entry,
    EntryKind,
    File,
    Priority,
    Source,
    Ticket,
    TicketState,
)

RATE_DAYS: Final = 30
"""A closed ticket may be rated so long."""
DAY: Final = 86400.0
_WRITTEN: Final = frozenset({EntryKind.QUESTION, EntryKind.ANSWER, EntryKind.NOTE, EntryKind.REOPENED})


class Done(NamedTuple):
    """A ticket after a step, and what the thread says of it."""

    ticket: Ticket
    entry: Entry


class Wanted(NamedTuple):
    """A ticket that somebody opens."""

    desk: str
    tenant: str
    asker: Asker
    subject: str
    text: str
    source: Source
    category: str = ""
    priority: Priority = Priority.NORMAL
    files: tuple[File, ...] = ()


def opened(wanted: Wanted, name: str, number: int, code: str, at: float, terms: Terms) -> Done:
    """Open a ticket; raises NotPossible for one without a subject, or too long."""
    subject = " ".join(wanted.subject.split())
    if not subject:
        raise NotPossible("say in a line what it is about", "请填写标题")
    if len(subject) > MOST_SUBJECT:
        raise NotPossible(
            f"the subject has more than {MOST_SUBJECT} characters", f"标题超过 {MOST_SUBJECT} 个字"
        )
    entry = Entry(EntryKind.QUESTION, at, wanted.asker.name, _text(wanted.text), _files(wanted.files))
    ticket = Ticket(
        name, number, code, wanted.desk, wanted.tenant, wanted.asker, subject, wanted.source, at,
        category=wanted.category, priority=wanted.priority, asked=at, updated=at,
        due=terms.answer_due(at, wanted.priority), entries=1,
    )  # fmt: skip
    return Done(ticket, entry)


def asked(ticket: Ticket, text: str, files: tuple[File, ...], at: float, terms: Terms) -> Done:
    """Ask on; while a question waits already, its answer is due as it was. Raises NotPossible."""
    if not ticket.is_open:
        raise NotPossible("the ticket is closed: open it again", "工单已关闭，请先重新打开")
    entry = Entry(EntryKind.QUESTION, at, ticket.asker.name, _text(text), _files(files))
    if ticket.waits_for_desk:
        return _done(ticket, entry)
    return _done(ticket, entry, **_waits_for_desk(ticket, at, terms))


def answered(ticket: Ticket, text: str, files: tuple[File, ...], by: str, at: float, terms: Terms) -> Done:
    """Answer; who answers a ticket of nobody sees to it from then on. Raises NotPossible."""
    if not ticket.is_open:
        raise NotPossible("the ticket is closed; its asker may open it again", "工单已关闭，提问人可重新打开")
    entry = Entry(EntryKind.ANSWER, at, by, _text(text), _files(files))
    return _done(
        ticket, entry, state=TicketState.ANSWERED, by=ticket.by or by, answers=ticket.answers + 1,
        first_answer=ticket.first_answer or at, asked=0.0, reminded=0.0, due=terms.remind_at(at),
        late=ticket.late or (ticket.waits_for_desk and at > ticket.due),
    )  # fmt: skip


def noted(ticket: Ticket, text: str, files: tuple[File, ...], by: str, at: float) -> Done:
    """Write down what the asker does not see; raises NotPossible."""
    return _done(ticket, Entry(EntryKind.NOTE, at, by, _text(text), _files(files)))


def assigned(ticket: Ticket, to: str, by: str, at: float) -> Done:
    """Let somebody of the desk see to it, or nobody (``""``); raises NotPossible."""
    _require_open(ticket)
    if to == ticket.by:
        raise NotPossible(f"it is {to or 'nobody'}'s already", f"工单已由 {to or '无人'} 负责")
    state = ticket.state
    if ticket.waits_for_desk:
        state = TicketState.WORKING if to else TicketState.OPEN
    return _done(ticket, Entry(EntryKind.ASSIGNED, at, by, to), by=to, state=state)


def filed(ticket: Ticket, category: str, priority: Priority, by: str, at: float, terms: Terms) -> Done:
    """Give it another category or priority; what is due follows the priority. Raises NotPossible."""
    _require_open(ticket)
    if (category, priority) == (ticket.category, ticket.priority):
        raise NotPossible("nothing would change", "没有变化")
    due = terms.answer_due(ticket.asked, priority) if ticket.waits_for_desk else ticket.due
    entry = Entry(EntryKind.FILED, at, by, f"{category} {priority}".strip())
    return _done(ticket, entry, category=category, priority=priority, due=due, told=False)


def reminded(ticket: Ticket, at: float, terms: Terms) -> Done:
    """Remind the asker, when that is due; raises NotPossible."""
    if ticket.state is not TicketState.ANSWERED or ticket.reminded or at < ticket.due:
        raise NotPossible("no reminder is due", "未到提醒时间")
    return _done(ticket, Entry(EntryKind.REMINDED, at), reminded=at, due=terms.close_at(at))


def waited_out(ticket: Ticket, at: float) -> Done:
    """Close a ticket whose asker said nothing to the reminder; raises NotPossible."""
    if ticket.state is not TicketState.ANSWERED or not ticket.reminded or at < ticket.due:
        raise NotPossible("the asker may still say something", "未到自动关闭时间")
    return _close(ticket, Closed.WAITED, "", "", at)


def closed(ticket: Ticket, at: float) -> Done:
    """Close it as its asker; raises NotPossible."""
    _require_open(ticket)
    return _close(ticket, Closed.BY_ASKER, ticket.asker.name, "", at)


def confirmed(ticket: Ticket, how: str, by: str, at: float) -> Done:
    """Close it for an asker who cannot reach it, with how he agreed; raises NotPossible."""
    if ticket.asker_reaches_it:
        raise NotPossible(
            "only its asker closes it: he is reminded, and it closes by itself when he says nothing",
            "只能由提问人关闭：系统会提醒对方，逾期未回复自动关闭",
        )
    if ticket.state is not TicketState.ANSWERED:
        raise NotPossible("answer it first", "请先答复")
    return _close(ticket, Closed.CONFIRMED, by, _text(how), at)


def reopened(ticket: Ticket, text: str, files: tuple[File, ...], at: float, terms: Terms) -> Done:
    """Open it again with what is still to be answered; raises NotPossible."""
    if ticket.is_open:
        raise NotPossible("the ticket is open", "工单尚未关闭")
    if at > ticket.closed_at + terms.settings.reopen_days * DAY:
        raise NotPossible("it was closed too long ago: open a new one", "关闭时间过长，请提交新工单")
    entry = Entry(EntryKind.REOPENED, at, ticket.asker.name, _text(text), _files(files))
    return _done(
        ticket, entry, closed=None, closed_at=0.0, score=0, comment="", reopened=ticket.reopened + 1,
        **_waits_for_desk(ticket, at, terms),
    )  # fmt: skip


def rated(ticket: Ticket, score: int, comment: str, at: float) -> Done:
    """Say how good the service was, 1 to 5, once after each closing; raises NotPossible."""
    if ticket.is_open:
        raise NotPossible("it can be rated when it is closed", "关闭后才能评价")
    if ticket.asker.kind is AskerKind.BOX:
        raise NotPossible("nobody asked, so nobody rates it", "系统生成的工单无需评价")
    if ticket.score:
        raise NotPossible("it is rated already", "已经评价过了")
    if at > ticket.closed_at + RATE_DAYS * DAY:
        raise NotPossible("it was closed too long ago", "关闭时间过长，不能再评价")
    if not 1 <= score <= 5:
        raise NotPossible("the score is 1 to 5", "评分为 1 至 5")
    if len(comment) > MOST_COMMENT:
        raise NotPossible(
            f"the comment has more than {MOST_COMMENT} characters", f"评语超过 {MOST_COMMENT} 个字"
        )
    entry = Entry(EntryKind.RATED, at, ticket.asker.name, f"{score} {comment}".strip())
    return _done(ticket, entry, score=score, comment=comment)


def found_late(ticket: Ticket) -> Ticket:
    """Note that the desk was told of an answer that is late."""
    return msgspec.structs.replace(ticket, late=True, told=True)


def overdue(ticket: Ticket, at: float) -> bool:
    """Tell whether an answer is not there though it is due."""
    return ticket.waits_for_desk and at > ticket.due


def _waits_for_desk(ticket: Ticket, at: float, terms: Terms) -> dict[str, Any]:
    state = TicketState.WORKING if ticket.by else TicketState.OPEN
    due = terms.answer_due(at, ticket.priority)
    return {"state": state, "asked": at, "reminded": 0.0, "due": due, "told": False}


def _close(ticket: Ticket, why: Closed, by: str, text: str, at: float) -> Done:
    entry = Entry(EntryKind.CLOSED, at, by, text)
    late = ticket.late or overdue(ticket, at)
    return _done(
        ticket, entry, state=TicketState.CLOSED, closed=why, closed_at=at, asked=0.0, due=0.0, late=late
    )


def _done(ticket: Ticket, entry: Entry, **changes: Any) -> Done:
    if ticket.entries >= MOST_ENTRIES and entry.kind in _WRITTEN:
        raise NotPossible(
            f"the thread has {MOST_ENTRIES} entries: open a new ticket", "记录过多，请提交新工单"
        )
    after = msgspec.structs.replace(ticket, updated=entry.at, entries=ticket.entries + 1, **changes)
    return Done(after, entry)


def _require_open(ticket: Ticket) -> None:
    if not ticket.is_open:
        raise NotPossible("the ticket is closed", "工单已关闭")


def _text(text: str) -> str:
    kept = text.replace("\r\n", "\n").strip()
    if not kept:
        raise NotPossible("write something", "请填写内容")
    if len(kept) > MOST_TEXT:
        raise NotPossible(f"the text has more than {MOST_TEXT} characters", f"内容超过 {MOST_TEXT} 个字")
    return kept


def _files(files: tuple[File, ...]) -> tuple[File, ...]:
    if len(files) > MOST_FILES:
        raise NotPossible(f"at most {MOST_FILES} files at once", f"一次最多 {MOST_FILES} 个附件")
    return files
