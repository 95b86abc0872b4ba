"""The morning's self-test: ordered by staff or on the command line, run by the kiosk's own process.

An order is a row in the shared store. It makes no visit and no number: the card that is read for it is one that the
clinic has registered as its test card, by a keyed hash, and such a card counts as one only while a test waits for it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kiosk.domain.self_test import Outcome, SelfTestRow, Step, StepResult
from kiosk.ports import Clock
from kiosk.store import repositories
from kiosk.store.database import Database
from kiosk.store.device_tables import SelfTest, TestCard
from kiosk.store.ids import uuid7
from kiosk.store.tables import DeviceState


class NoSuchKiosk(ValueError):
    """No kiosk of this clinic goes by that name."""


class SelfTests:
    """Orders tests, and says what came of them; for whoever has the shared store.

    :param device: who orders, in the audit chain.
    """

    def __init__(self, database: Database, *, clinic: str, device: str, clock: Clock) -> None:
        self._database, self._clinic, self._device, self._clock = database, clinic, device, clock

    def kiosks(self) -> tuple[str, ...]:
        """The kiosks that ever spoke here."""
        with self._database.read() as session:
            return tuple(
                session.scalars(
                    select(DeviceState.device).where(DeviceState.part == "kiosk").order_by(DeviceState.device)
                )
            )

    def order(self, kiosk: str, *, by: str) -> str:
        """Order a test of a kiosk; its id. One that is under way there is given up.

        :raises NoSuchKiosk: where no kiosk goes by that name.
        """
        if kiosk not in self.kiosks():
            raise NoSuchKiosk("no kiosk goes by that name")
        at = self._clock.now()
        with self._database.write() as session:
            for earlier in _under_way(session, kiosk):
                earlier.state, earlier.settled_at = "failed", at
            row = SelfTest(
                id=uuid7(at), clinic=self._clinic, device=kiosk, by=by, state="ordered", steps={}, created_at=at
            )
            session.add(row)
            facts = {"kiosk": kiosk, "by": by, "test": row.id}
            repositories.append_audit(session, self._device, at, "self_test_ordered", facts)
            return row.id

    def get(self, test_id: str) -> SelfTestRow | None:
        """One test."""
        with self._database.read() as session:
            row = session.get(SelfTest, test_id)
            return None if row is None else _row(row)

    def last(self) -> tuple[SelfTestRow, ...]:
        """The latest test of each kiosk that ever had one."""
        with self._database.read() as session:
            rows = session.scalars(
                select(SelfTest).where(SelfTest.clinic == self._clinic).order_by(SelfTest.created_at, SelfTest.id)
            )
            latest = {row.device: _row(row) for row in rows}
        return tuple(latest[device] for device in sorted(latest))

    def ready(self) -> Mapping[str, bool]:
        """Of each kiosk, whether a test passed there within the last day, however often one failed before."""
        now = self._clock.now()
        with self._database.read() as session:
            rows = session.scalars(select(SelfTest).where(SelfTest.clinic == self._clinic, SelfTest.state == "passed"))
            passed = {row.device for row in rows if _row(row).speaks(now)}
        return {kiosk: kiosk in passed for kiosk in self.kiosks()}


class TestCards:
    """The cards that the clinic uses for tests: nobody's name and no number, only keyed hashes."""

    __test__ = False

    def __init__(self, database: Database, *, clinic: str, clock: Clock) -> None:
        self._database, self._clinic, self._clock = database, clinic, clock

    def register(self, tag: bytes, *, by: str) -> None:
        """Let the card with this keyed hash be a test card."""
        with self._database.write() as session:
            if session.get(TestCard, (self._clinic, tag)) is None:
                session.add(TestCard(clinic=self._clinic, tag=tag, by=by, created_at=self._clock.now()))

    def forget_all(self) -> int:
        """Let no card be a test card any more; how many were."""
        with self._database.write() as session:
            cards = session.scalars(select(TestCard).where(TestCard.clinic == self._clinic)).all()
            session.execute(delete(TestCard).where(TestCard.clinic == self._clinic))
            return len(cards)

    def has(self, tag: bytes) -> bool:
        """Whether the card with this keyed hash is a test card."""
        with self._database.read() as session:
            return session.get(TestCard, (self._clinic, tag)) is not None


def take_order(session: Session, kiosk: str) -> SelfTest | None:
    """The test that is ordered of a kiosk, in this transaction."""
    return next((row for row in _under_way(session, kiosk) if row.state == "ordered"), None)


def write_steps(row: SelfTest, steps: tuple[StepResult, ...]) -> None:
    """Put what came of a test into its row."""
    row.steps = {result.step.value: [result.outcome.value, result.reason] for result in steps}


def _under_way(session: Session, kiosk: str) -> list[SelfTest]:
    query = select(SelfTest).where(SelfTest.device == kiosk, SelfTest.state.in_(("ordered", "running")))
    return list(session.scalars(query.order_by(SelfTest.created_at)))


def _row(row: SelfTest) -> SelfTestRow:
    return SelfTestRow(
        id=row.id,
        device=row.device,
        state=row.state,
        by=row.by,
        steps=tuple(_step(step, row.steps) for step in Step if step.value in row.steps),
        created_at=row.created_at,
        settled_at=row.settled_at,
    )


def _step(step: Step, steps: Mapping[str, Any]) -> StepResult:
    outcome, reason = steps[step.value]
    return StepResult(step=step, outcome=Outcome(outcome), reason=reason)
