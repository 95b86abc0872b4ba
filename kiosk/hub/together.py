"""Batches that wait at the same time are taken in by one transaction, and each is answered for itself.

Theory of operation. A worker takes whatever waits, up to a bound, and takes it in. Meanwhile others come and wait; the
next turn takes them all. So a lone batch waits for nobody, and under load the cost of a transaction is shared by as
many as came during the last one. Where a group fails for what one batch holds, each is tried alone, so that no batch
fails for another's sake.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from idcard import IdCardError
from kiosk.hub.errors import HubStoreUnavailable
from kiosk.hub.ingest import Ingest, Sent
from kiosk.wire.batch import BatchAnswer

TOGETHER_EVENTS: Final = 1000
"""About how many events a transaction stores; a batch that would go beyond waits for the next."""
TOGETHER_BATCHES: Final = 64
_END_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    sent: Sent
    answer: "Future[BatchAnswer]" = field(default_factory=Future)


class Together:
    """Takes batches in through an :class:`Ingest`, together with those that come at the same time.

    :param workers: how many transactions go on side by side: one works while another waits for the disk.
    """

    def __init__(self, ingest: Ingest, *, workers: int = 2) -> None:
        self._ingest = ingest
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._threads = [Thread(target=self._run, name=f"ingest-{each}", daemon=True) for each in range(workers)]
        for thread in self._threads:
            thread.start()

    def receive(self, sent: Sent) -> BatchAnswer:
        """The answer to a batch, as :meth:`kiosk.hub.ingest.Ingest.receive` gives it."""
        waiting = _Waiting(sent=sent)
        self._queue.put(waiting)
        return waiting.answer.result()

    def close(self) -> None:
        """End, once what waits is answered."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, is_last = self._with_others(first)
            _answer_all(self._ingest, group)
            if is_last:
                return

    def _with_others(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """The first and those that wait behind it, and whether the end was among them."""
        group, events = [first], len(first.sent.signed.request.events)
        while events < TOGETHER_EVENTS and len(group) < TOGETHER_BATCHES:
            try:
                other = self._queue.get_nowait()
            except Empty:
                break
            if other is None:
                return group, True
            group.append(other)
            events += len(other.sent.signed.request.events)
        return group, False


def _answer_all(ingest: Ingest, group: Sequence[_Waiting]) -> None:
    """Answer everybody, in any case: nobody may wait for ever."""
    try:
        answers: list[BatchAnswer | IdCardError] = ingest.receive_all([each.sent for each in group])
    except Exception as error:
        if len(group) > 1 and not _concerns_all(error):
            for each in group:
                _answer_all(ingest, [each])
            return
        for each in group:
            each.answer.set_exception(error)
        return
    for each, answer in zip(group, answers, strict=True):
        if isinstance(answer, IdCardError):
            each.answer.set_exception(answer)
        else:
            each.answer.set_result(answer)


def _concerns_all(error: Exception) -> bool:
    """Whether the store itself fails: then trying each alone would only fail more often."""
    return isinstance(error, HubStoreUnavailable) and not str(error.facts.get("reason", "")).startswith(("22", "23"))
