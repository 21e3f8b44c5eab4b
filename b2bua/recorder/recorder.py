"""The recorder: finished calls' spools become recordings, each safe before its spool goes.

Everything is done again harmlessly: a recording is known by its call's id, the place in the journal moves on
only behind calls that are done, and a spool is deleted last.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ZODB.POSException import ConflictError

from b2bua.alarms import AlarmBoard, Severity
from b2bua.recorder.compose import Composition
from b2bua.recorder.finished import FinishedCalls, progress_path, read_progress, spooled_calls
from b2bua.recorder.flac import Sound, write_flac
from b2bua.recorder.message import compose_message
from b2bua.recorder.spool_folder import SpoolFolder, count_failed
from b2bua.recorder.status import RecorderStatus, read_status, write_status
from b2bua.recorder.timeline import CALLER, Course, Message, course
from storage.data_directory import DataDirectory
from storage.recordings import Fresh, RecordingFacts, Recordings
from storage.serving.message_counts import write_counts

log = logging.getLogger(__name__)

BATCH_CALLS: Final = 40
BATCH_SECONDS: Final = 1.0
"""Composing stops for a commit after this long, so that no recording waits for many others."""
QUIET_SECONDS: Final = 2.0
"""A spool that no worker closed must not have grown for so long."""
ORPHAN_SECONDS: Final = 3600.0
SWEEP_SECONDS: Final = 600.0
SAVE_SECONDS: Final = 5.0
COUNT_SECONDS: Final = 30.0
"""How often messages are counted; each new one is at once, but people delete them elsewhere."""
MOST_WAITING: Final = 1000
"""Calls looked ahead in the journal while the store takes nothing."""
ATTEMPTS: Final = 5
"""How often composing one call may end the whole process before its spool is put aside."""
FORGOTTEN_SECONDS: Final = 86400.0
"""A call this old without a spool was dealt with long ago; its lines are only read again."""
_PART: Final = ".composing"


class _Hopeless(Exception):
    """A call cannot be composed, now or later; the text says why."""


@contextmanager
def _hopeless_but_for_disk(call: str) -> Iterator[None]:
    """Turn what goes wrong into _Hopeless, but leave OSError: the disk may take it later."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        log.exception("call %s cannot be composed", call)
        raise _Hopeless(f"{type(error).__name__}: {error}") from error


class _Waiting:
    """A call that ended."""

    __slots__ = ("changed", "doubts", "folder", "plan", "sizes")

    def __init__(self, plan: Course, folder: SpoolFolder) -> None:
        self.plan = plan
        self.folder = folder
        self.doubts: list[str] = []
        """What of the spool did not get into the recording."""
        self.sizes: dict[str, int] | None = None
        self.changed: float | None = None
        """Monotonic seconds when the spool was last seen to differ from before."""


class Recorder:
    """One box's recorder; ``mono`` and ``utc`` are clocks in seconds."""

    def __init__(
        self,
        data: DataDirectory,
        recordings: Recordings,
        *,
        mono: Callable[[], float],
        utc: Callable[[], float],
        encode: Callable[[Sound, Path], tuple[int, str]] = write_flac,
    ) -> None:
        self._data = data
        self._recordings = recordings
        self._messages = recordings.messages()
        self._mono = mono
        self._utc = utc
        self._encode = encode
        self._progress = progress_path(data)
        progress = read_progress(self._progress)
        self._suspects = dict(progress.suspects) if progress else {}
        self._calls = FinishedCalls(data.journal, progress)
        self._waiting: dict[str, _Waiting] = {}
        self._saved: object = None
        self._saved_at: float | None = None
        self._swept: float | None = None
        self._temporary: Path | None = None
        self._composing: tuple[str, ...] = ()
        self._told: RecorderStatus | None = None
        self.alarms = AlarmBoard(utc, lambda content: None)
        self.made = self.lost = 0
        self.messages_made = 0
        self._counted: float | None = None
        self._counts: dict[str, int] | None = None
        self._seconds = 0.0
        self._last_call, self._last_at = "", 0.0
        self._accuse(read_status(data))

    def close(self) -> None:
        """Keep the place and let the journal go; the recordings' database stays the caller's."""
        self._saved_at = None
        self._save()
        self._calls.close()

    # One round.

    def step(self) -> int:
        """Look for finished calls and make safe what is ready, one batch; return how many calls were done.

        Raises StoreDown and OSError; all is kept then, and tried again by the next step.
        """
        caught_up = self._look()
        ready = self._ready()
        done = self._make(ready) if ready else 0
        if caught_up and not ready and (self._swept is None or self._mono() - self._swept > SWEEP_SECONDS):
            self._sweep()
        if self._counted is None or self._mono() - self._counted > COUNT_SECONDS:
            self._count_messages()
        self._save()
        return done

    def _count_messages(self) -> None:
        """Tell the b2bua how many messages each tenant has."""
        counts = {tenant: usage.count for tenant, usage in self._messages.usages().items() if usage.count}
        if counts != self._counts:
            write_counts(self._data, counts)
            self._counts = counts
        self._counted = self._mono()

    def _look(self) -> bool:
        """Take newly ended calls from the journal; return whether its end was reached."""
        while len(self._waiting) < MOST_WAITING:
            found = self._calls.poll()
            if found is None:
                return True
            for call, events in found:
                self._waiting[call] = _Waiting(course(events), SpoolFolder(self._data.spool, call))
        return False

    def _ready(self) -> list[_Waiting]:
        """Return the next calls whose spools are closed, suspects one at a time."""
        ready: list[_Waiting] = []
        for waiting in self._waiting.values():
            if not (waiting.plan.spooled or self._is_quiet(waiting)):
                continue
            if waiting.plan.call in self._suspects:
                if ready:
                    continue
                return [waiting]
            ready.append(waiting)
            if len(ready) == BATCH_CALLS:
                break
        return ready

    def _is_quiet(self, waiting: _Waiting) -> bool:
        now, sizes = self._mono(), waiting.folder.sizes()
        if waiting.changed is None or sizes != waiting.sizes:
            waiting.changed, waiting.sizes = now, sizes
        return now - waiting.changed >= QUIET_SECONDS

    def _make(self, ready: list[_Waiting]) -> int:
        known = self._recordings.known(waiting.plan.call for waiting in ready)
        left = [waiting.plan.call for waiting in ready if waiting.plan.message is not None]
        known_messages = self._messages.known(left) if left else set()
        directory = self._directory()
        self._tell_composing(ready)
        until = self._mono() + BATCH_SECONDS
        fresh: list[Fresh] = []
        messages: list[Fresh] = []
        done: list[_Waiting] = []
        for waiting in ready:
            if fresh and self._mono() > until:
                break
            call = waiting.plan.call
            try:
                if waiting.plan.message is not None and call not in known_messages:
                    self._compose_message(waiting, waiting.plan.message, directory, messages)
                if call not in known:
                    self._compose(waiting, directory, fresh)
            except _Hopeless as error:
                self._give_up(waiting, str(error))
                continue
            done.append(waiting)
        try:
            if messages:
                self._messages.add(messages)
            if fresh:
                self._recordings.add(fresh)
        except ConflictError as error:  # somebody deletes at the same time; compose again
            log.info("recordings are committed again: %s", error)
            return 0
        finally:
            for recording in (*fresh, *messages):
                recording.file.unlink(missing_ok=True)
        if messages:
            self.messages_made += len(messages)
            self._counted = None
        self._settle(fresh, done)
        return len(done)

    def _directory(self) -> Path:
        """Return where recordings are made; without what a killed recorder left there."""
        if self._temporary is None:
            self._temporary = self._recordings.temporary_directory()
            _tidy(self._temporary)
        return self._temporary

    def _settle(self, fresh: list[Fresh], done: list[_Waiting]) -> None:
        """Everything is safe: delete the spools and forget the calls."""
        for recording in fresh:
            self.made += 1
            self._seconds += recording.facts.seconds
            self._last_call, self._last_at = recording.facts.id, self._utc()
        for waiting in done:
            if waiting.doubts:
                waiting.folder.put_aside("; ".join(waiting.doubts))
            waiting.folder.remove()
            self._suspects.pop(waiting.plan.call, None)
            del self._waiting[waiting.plan.call]
        self._calls.done(waiting.plan.call for waiting in done)
        self._composing = ()

    # One call.

    def _compose(self, waiting: _Waiting, directory: Path, fresh: list[Fresh]) -> None:
        """Compose one call into ``fresh`` if there is something to keep; raises _Hopeless, OSError."""
        plan = waiting.plan
        if plan.answered_at is None or not plan.record:
            return
        if self._suspects.get(plan.call, 0) >= ATTEMPTS:
            raise _Hopeless(f"composing it ended the recorder {ATTEMPTS} times")
        if not waiting.folder.exists() and not self._may_be_silent(plan):
            return
        with _hopeless_but_for_disk(plan.call):
            fresh.append(self._recorded(waiting, directory))

    def _compose_message(
        self, waiting: _Waiting, message: Message, directory: Path, messages: list[Fresh]
    ) -> None:
        """Compose a message; raises _Hopeless, OSError. Without a spool there is none."""
        plan = waiting.plan
        if self._suspects.get(plan.call, 0) >= ATTEMPTS:
            raise _Hopeless(f"composing it ended the recorder {ATTEMPTS} times")
        with _hopeless_but_for_disk(plan.call):
            file = directory / f"{plan.call}.message{_PART}"
            facts = compose_message(plan, message, waiting.folder, lambda sound: self._encode(sound, file))
        if facts is not None:
            messages.append(Fresh(facts, file))

    def _may_be_silent(self, plan: Course) -> bool:
        """Say of an answered call without any spool whether it was silent, else count it as lost."""
        assert plan.answered_at is not None
        if self._utc() - plan.answered_at > FORGOTTEN_SECONDS:
            return False
        if plan.spooled:
            return True
        self.lost += 1
        log.error("call %s should have been recorded, and there is no spool of it", plan.call)
        self.alarms.raise_alarm(
            "recording-lost",
            Severity.CRITICAL,
            f"{self.lost} 个通话的录音丢失(最近:{plan.call})",
            f"{self.lost} calls have lost their recording (last: {plan.call})",
        )
        return False

    def _recorded(self, waiting: _Waiting, directory: Path) -> Fresh:
        plan = waiting.plan
        assert plan.answered_at is not None
        legs, waiting.doubts = waiting.folder.read({CALLER, *(span.leg for span in plan.spans)})
        composition = Composition(plan, legs)
        notes = [f"no audio from {leg}" for leg in composition.missing]
        notes += [f"{leg} may lack a second" for leg, audio in legs.items() if not audio.whole]
        if composition.plan.stopped:
            notes.append(f"stopped before the end of the call: {composition.plan.stopped}")
        waiting.doubts += [f"{codec} cannot be decoded" for codec in composition.undecodable]
        file = directory / f"{plan.call}{_PART}"
        size, digest = self._encode(composition, file)
        facts = RecordingFacts(
            id=plan.call,
            tenant=plan.tenant,
            number=plan.number,
            caller=plan.caller,
            answerers=plan.answerers,
            at=plan.answered_at,
            seconds=round(composition.seconds, 3),
            bytes=size,
            sha256=digest,
            notes=tuple(notes + waiting.doubts),
        )
        return Fresh(facts, file)

    def _give_up(self, waiting: _Waiting, reason: str) -> None:
        """Keep a spool that cannot be composed for a person."""
        waiting.folder.put_aside(reason)
        del self._waiting[waiting.plan.call]
        self._suspects.pop(waiting.plan.call, None)
        self._calls.done((waiting.plan.call,))

    # What a crash left.

    def _accuse(self, before: RecorderStatus | None) -> None:
        """Remember which calls the process before us was composing when it ended."""
        for call in before.composing if before is not None else ():
            self._suspects[call] = self._suspects.get(call, 0) + 1
            log.warning("call %s was being composed when the recorder ended", call)
        if self._suspects:
            self._calls.save(self._progress, self._suspects)

    def _sweep(self) -> None:
        """Deal with spools that the journal says nothing about."""
        strange = [call for call in spooled_calls(self._data.spool) if not self._calls.is_known(call)]
        known = self._recordings.known(strange) if strange else set()
        self._swept = self._mono()
        for call in strange:
            folder = SpoolFolder(self._data.spool, call)
            if call in known:
                folder.remove()
            elif self._utc() - _newest(folder.path) > ORPHAN_SECONDS:
                folder.put_aside("the journal knows no such call that is up or to be recorded")

    # Telling.

    def _tell_composing(self, ready: Iterable[_Waiting]) -> None:
        self._composing = tuple(waiting.plan.call for waiting in ready)
        self.tell()

    def tell(self) -> None:
        """Write the status file if anything changed; raises OSError."""
        status = self.status()
        if status != self._told:
            write_status(self._data, status)
            self._told = status

    def status(self) -> RecorderStatus:
        """Return how recording is going."""
        failed = count_failed(self._data.spool)
        if failed:
            self.alarms.raise_alarm(
                "recording-failed",
                Severity.CRITICAL,
                f"{failed} 个通话的录音未能合成,原始数据保存在 spool/failed",
                f"{failed} spools could not be composed and wait in spool/failed",
            )
        else:
            self.alarms.clear("recording-failed")
        oldest = min((waiting.plan.answered_at or 0.0 for waiting in self._waiting.values()), default=0.0)
        return RecorderStatus(
            pid=os.getpid(),
            backlog=len(self._waiting),
            oldest=oldest,
            made=self.made,
            seconds=round(self._seconds, 3),
            last_call=self._last_call,
            last_at=self._last_at,
            failed=failed,
            lost=self.lost,
            composing=self._composing,
            alarms=tuple(self.alarms.up()),
        )

    def _save(self) -> None:
        """Keep the place in the journal, now and then: reading lines again does no harm."""
        now, place = self._mono(), (self._calls.position, dict(self._suspects))
        if place != self._saved and (self._saved_at is None or now - self._saved_at > SAVE_SECONDS):
            self._calls.save(self._progress, self._suspects)
            self._saved, self._saved_at = place, now


def _newest(path: Path) -> float:
    """Return when anything in a directory was last changed, UTC POSIX seconds."""
    return max(entry.stat().st_mtime for entry in (path, *path.iterdir()))


def _tidy(directory: Path) -> None:
    """Delete what a killed recorder left; nobody else makes blobs in this storage."""
    for pattern in (f"*{_PART}", "BUC*"):
        for leftover in directory.glob(pattern):
            leftover.unlink(missing_ok=True)
