"""What of the patient's process comes down from the province: whom to believe, how old things may be, a word of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from idcard import ConfigurationError, IdCardError, QrTrust, TrustStore
from kiosk.config import PatientConfig
from kiosk.domain.freshness import Freshness, StoreAge, StoreFreshness
from kiosk.insurance.tables import use_released
from kiosk.releases.contents import Ages, ages_in
from kiosk.self_test_parts import Looked
from kiosk.services.card_reader import CardReader
from kiosk.services.patient_desk import PatientDesk
from kiosk.services.roster_watch import RosterWatch
from kiosk.services.signed_codes import SignedCodes
from kiosk.services.trust_reload import TrustReload
from kiosk.services.trust_watch import TrustWatch
from kiosk.trust import Trust, distrusted_of, marks_of, releases_of, tables_of, trust_of

_log = structlog.get_logger(__name__)


def freshness_of(config: PatientConfig) -> Freshness:
    """How old the roster may be: what the province says, else what the configuration does."""
    return Freshness(
        old_days=_aged(config, "roster_old_days"),
        flagged_days=_aged(config, "roster_flagged_days"),
        too_old_days=_aged(config, "roster_too_old_days"),
    )


def store_freshness_of(config: PatientConfig) -> StoreFreshness:
    """How old the trust store's newest list may be: what the province says, else what the configuration does."""
    return StoreFreshness(old_days=_aged(config, "trust_old_days"), too_old_days=_aged(config, "trust_too_old_days"))


def code_signers_of(config: PatientConfig, trust: Trust) -> QrTrust | None:
    """The signers of codes; None, and a line in the log, where their list cannot be used: chips are read without it."""
    try:
        found = QrTrust.from_directory(trust.folder, accept_demonstration=config.is_demo)
    except ConfigurationError as problem:
        _log.error("signed_codes_off", reason=problem.facts.get("reason"), message=str(problem))
        return None
    return found.distrusting(trust.store.distrusted)


def store_age(store: TrustStore, freshness: StoreFreshness) -> Callable[[datetime], StoreAge]:
    """How old a store is at a moment."""
    return lambda at: freshness.age(store.age(at))


def reload_of(
    config: PatientConfig,
    trust: Trust,
    *,
    seen: object,
    desk: PatientDesk,
    reader: CardReader,
    signed: SignedCodes | None,
    looked: Looked,
    watches: tuple[RosterWatch, TrustWatch],
) -> TrustReload[Trust]:
    """Whoever opens what came newly, between two visits, and hands it to everybody who judges by it.

    :param trust: whom they believe now. :param seen: the marks from before that was opened.
    """
    roster_watch, trust_watch = watches
    present = trust

    def take(trust: Trust) -> None:
        nonlocal present
        present = trust
        ages, of_store = freshness_of(config), store_freshness_of(config)
        reader.believe(trust.store, trust.vouchers, of_store, ages)
        codes = None if signed is None else code_signers_of(config, trust)
        if signed is not None and codes is not None:
            signed.believe(codes, store_age(trust.store, of_store), ages)
        elif signed is not None:
            # Their list cannot be opened: the former signers go on, and nobody who is distrusted among them.
            signed.distrust(trust.store.distrusted)
        looked.trust, looked.trust_freshness, looked.freshness = trust.store, of_store, ages
        roster_watch.use(ages)
        take_tables(config)
        trust_watch.believe(trust.store, of_store, pins=trust.pins, distrusted=trust.distrusted)

    def refused(problem: ConfigurationError) -> None:
        # An emergency waits for nothing else to be in order.
        try:
            listed = distrusted_of(config)
        except ConfigurationError as unread:
            # The lane asks the list itself, and is closed where it cannot be read.
            _log.error("distrusted_not_taken", reason=unread.reason)
        else:
            if listed is not None and listed.number != present.distrusted:
                take(present.distrusting(listed))
        trust_watch.refuse(problem)

    return TrustReload(
        opens=lambda: trust_of(config),
        marks=lambda: marks_of(config),
        is_idle=desk.is_idle,
        take=take,
        refused=refused,
        seen=seen,
    )


def take_tables(config: PatientConfig) -> None:
    """Use the tables that came down; one that cannot be read is passed over, and what is built in counts."""
    try:
        use_released(tables_of(config))
    except ConfigurationError as problem:
        _log.error("tables_not_taken", reason=problem.reason)


def _aged(config: PatientConfig, name: str) -> int:
    ages = _ages(config)
    came: Any = None if ages is None else getattr(ages, name)
    return int(getattr(config, name) if came is None else came)


def _ages(config: PatientConfig) -> Ages | None:
    """What came down; nothing where it cannot be read: then the clinic's own settings count."""
    try:
        folder = releases_of(config)
        return None if folder is None else ages_in(folder)
    except IdCardError as problem:
        _log.error("settings_not_taken", code=problem.code)
        return None
