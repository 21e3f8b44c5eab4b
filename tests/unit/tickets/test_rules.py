"""一问一答: what may become of a ticket, compared with a model after any steps in any order."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.days.calendar import Calendar
from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.rules import DAY, Done, Wanted
from domain.tickets.settings import Terms, TicketSettings
from domain.tickets.ticket import (
    MOST_FILES,
    MOST_SUBJECT,
    MOST_TEXT,
    Asker,
    AskerKind,
    Closed,
    EntryKind,
    File,
    Priority,
    Source,
    SourceKind,
    Ticket,
    TicketState,
)

TERMS = Terms(TicketSettings(), Calendar())
NOW = 1795402800.0
"""A Monday, 11:00 in Beijing."""
REACHED = Asker(AskerKind.CUSTOMER, "王先生", "13800138000")
UNREACHED = Asker(AskerKind.CUSTOMER, "路人")


def ticket_of(asker: Asker = REACHED, at: float = NOW) -> Ticket:
    """Return a ticket that somebody just opened."""
    wanted = Wanted("demo", "demo", asker, "打不通", "400 打不通", Source(SourceKind.PAGE))
    return rules.opened(wanted, "01", 1, "CODE", at, TERMS).ticket


class Life(RuleBasedStateMachine):
    """A ticket's life, told by a model that knows whose turn it is and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.ticket = ticket_of()
        self.turn = "desk"
        self.holder = ""
        self.reminded = self.rated = False
        self.entries = 1

    def _does(self, done: Done) -> None:
        self.ticket = done.ticket
        self.entries += 1
        assert done.entry.at == self.now

    @rule(hours=st.integers(0, 80))
    def time_passes(self, hours: int) -> None:
        """Nothing happens by itself."""
        self.now += hours * 3600

    @rule(text=st.sampled_from(["还是不行", "  补充 "]))
    def asks_on(self, text: str) -> None:
        """The asker writes; only a closed ticket refuses it."""
        if self.turn == "nobody":
            with pytest.raises(NotPossible):
                rules.asked(self.ticket, text, (), self.now, TERMS)
            return
        self._does(rules.asked(self.ticket, text, (), self.now, TERMS))
        self.turn, self.reminded = "desk", False

    @rule(who=st.sampled_from(["8001", "8002"]))
    def answers(self, who: str) -> None:
        """The desk writes; who answers what nobody has, has it."""
        if self.turn == "nobody":
            with pytest.raises(NotPossible):
                rules.answered(self.ticket, "好了", (), who, self.now, TERMS)
            return
        self._does(rules.answered(self.ticket, "好了", (), who, self.now, TERMS))
        self.turn, self.reminded, self.holder = "asker", False, self.holder or who

    @rule(to=st.sampled_from(["", "8001", "8002"]))
    def is_given_to(self, to: str) -> None:
        """Somebody has it, or nobody; never when it is closed."""
        if self.turn == "nobody" or to == self.holder:
            with pytest.raises(NotPossible):
                rules.assigned(self.ticket, to, "anna", self.now)
            return
        self._does(rules.assigned(self.ticket, to, "anna", self.now))
        self.holder = to

    @rule()
    def is_noted(self) -> None:
        """An internal note changes nobody's turn."""
        self._does(rules.noted(self.ticket, "客户很急", (), "8001", self.now))

    @rule(priority=st.sampled_from(list(Priority)))
    def is_filed(self, priority: Priority) -> None:
        """Another priority moves what is due, not whose turn it is."""
        if self.turn == "nobody" or priority == self.ticket.priority:
            with pytest.raises(NotPossible):
                rules.filed(self.ticket, "", priority, "8001", self.now, TERMS)
            return
        self._does(rules.filed(self.ticket, "", priority, "8001", self.now, TERMS))

    @rule()
    def is_looked_after(self) -> None:
        """What time does: a reminder once, closing after it, neither early."""
        due = self.turn == "asker" and self.now >= self.ticket.due
        if due and not self.reminded:
            self._does(rules.reminded(self.ticket, self.now, TERMS))
            self.reminded = True
            assert self.ticket.due > self.now
        elif due:
            self._does(rules.waited_out(self.ticket, self.now))
            self.turn, self.rated = "nobody", False
            assert self.ticket.closed is Closed.WAITED
        else:
            for step in (
                lambda: rules.reminded(self.ticket, self.now, TERMS),
                lambda: rules.waited_out(self.ticket, self.now),
            ):
                with pytest.raises(NotPossible):
                    step()

    @rule()
    def is_closed_by_asker(self) -> None:
        """The asker may always."""
        if self.turn == "nobody":
            with pytest.raises(NotPossible):
                rules.closed(self.ticket, self.now)
            return
        self._does(rules.closed(self.ticket, self.now))
        self.turn, self.rated = "nobody", False
        assert self.ticket.closed is Closed.BY_ASKER

    @rule()
    def is_not_closed_by_desk(self) -> None:
        """The desk never may: its asker can be reached."""
        with pytest.raises(NotPossible):
            rules.confirmed(self.ticket, "电话确认", "8001", self.now)

    @precondition(lambda self: self.turn == "nobody")
    @rule()
    def is_reopened(self) -> None:
        """Within the days that the settings name; it may be rated again then."""
        if self.now > self.ticket.closed_at + TERMS.settings.reopen_days * DAY:
            with pytest.raises(NotPossible):
                rules.reopened(self.ticket, "又坏了", (), self.now, TERMS)
            return
        self._does(rules.reopened(self.ticket, "又坏了", (), self.now, TERMS))
        self.turn, self.reminded, self.rated = "desk", False, False

    @rule(score=st.integers(0, 6))
    def is_rated(self, score: int) -> None:
        """Once after each closing, with 1 to 5, within a month."""
        late = self.now > self.ticket.closed_at + rules.RATE_DAYS * DAY
        if self.turn != "nobody" or self.rated or late or not 1 <= score <= 5:
            with pytest.raises(NotPossible):
                rules.rated(self.ticket, score, "", self.now)
            return
        self._does(rules.rated(self.ticket, score, "", self.now))
        self.rated = True

    @invariant()
    def stands_as_the_model_says(self) -> None:
        """State, holder, reminder and score; something is due exactly while it is open."""
        ticket = self.ticket
        expected = {
            "desk": TicketState.WORKING if self.holder else TicketState.OPEN,
            "asker": TicketState.ANSWERED,
            "nobody": TicketState.CLOSED,
        }[self.turn]
        assert (ticket.state, ticket.by, ticket.entries) == (expected, self.holder, self.entries)
        assert bool(ticket.due) == ticket.is_open == (ticket.closed is None)
        assert bool(ticket.score) == (self.rated and not ticket.is_open)
        if self.turn == "asker":
            assert bool(ticket.reminded) == self.reminded
        assert msgspec.json.decode(msgspec.json.encode(ticket), type=Ticket) == ticket


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_second_question_does_not_postpone_the_first_ones_answer() -> None:
    """While one waits, asking on adds to it."""
    ticket = ticket_of()
    assert rules.asked(ticket, "在吗", (), NOW + 3600, TERMS).ticket.due == ticket.due


def test_an_answer_after_its_time_is_late_for_ever() -> None:
    """Whatever comes then; one in time is not."""
    ticket = ticket_of()
    in_time = rules.answered(ticket, "好了", (), "8001", ticket.due, TERMS).ticket
    late = rules.answered(ticket, "好了", (), "8001", ticket.due + 1, TERMS).ticket
    assert (in_time.late, late.late) == (False, True)
    assert rules.answered(late, "还有", (), "8001", late.updated, TERMS).ticket.late


def test_who_cannot_reach_his_ticket_has_it_closed_for_him() -> None:
    """With how he agreed, and only after an answer."""
    ticket = ticket_of(UNREACHED)
    with pytest.raises(NotPossible):
        rules.confirmed(ticket, "电话确认", "8001", NOW)
    answered = rules.answered(ticket, "好了", (), "8001", NOW, TERMS).ticket
    with pytest.raises(NotPossible):
        rules.confirmed(answered, "  ", "8001", NOW)
    done = rules.confirmed(answered, "电话确认", "8001", NOW)
    assert (done.ticket.closed, done.entry.text) == (Closed.CONFIRMED, "电话确认")


def test_nobody_rates_what_nobody_asked() -> None:
    """A ticket of an alarm."""
    ticket = rules.closed(ticket_of(Asker(AskerKind.BOX)), NOW).ticket
    with pytest.raises(NotPossible):
        rules.rated(ticket, 5, "", NOW)


@pytest.mark.parametrize(
    ("subject", "text", "files"),
    [
        (" ", "问题", 0),
        ("标" * (MOST_SUBJECT + 1), "问题", 0),
        ("标题", " \r\n ", 0),
        ("标题", "字" * (MOST_TEXT + 1), 0),
        ("标题", "问题", MOST_FILES + 1),
    ],
)
def test_what_nobody_could_read_is_refused(subject: str, text: str, files: int) -> None:
    """No subject, no text, too much of either, too many files."""
    attached = (File("1", "a.pdf", "application/pdf", 1),) * files
    wanted = Wanted("demo", "demo", REACHED, subject, text, Source(SourceKind.PAGE), files=attached)
    with pytest.raises(NotPossible):
        rules.opened(wanted, "01", 1, "CODE", NOW, TERMS)


def test_a_thread_that_is_too_long_can_still_be_closed() -> None:
    """Texts are refused; closing is not."""
    full = msgspec.structs.replace(ticket_of(), entries=500)
    with pytest.raises(NotPossible):
        rules.asked(full, "在吗", (), NOW, TERMS)
    assert rules.closed(full, NOW).entry.kind is EntryKind.CLOSED
