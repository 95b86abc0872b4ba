"""The cards that the station can put on its reader, by name, and the issuer that signed them.

The issuer bears no demonstration mark: the commands that are tested here are those of production, which refuse it. Its
keys are made anew for each run and forgotten with it.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from idcard.testing import Behaviour, Holder, Issuer, SimulatedCard, dishonest

NOW = datetime.now(UTC)
YEAR = NOW.year - 30
# Thirty years old, with a card of last year, which is good until the fortieth birthday: so in any year of testing.
HOLDER = Holder(
    personal_number=f"036{'0' if YEAR < 2000 else '2'}{YEAR % 100:02}999991",
    name="Nguyễn Văn Mẫu",
    birth=date(YEAR, 5, 15),
    sex="M",
    issued=(NOW - timedelta(days=365)).date(),
    expiry=date(YEAR + 40, 5, 15),
)


class Deck:
    """One issuer and its cards. In ``directory`` lie the trust store that knows it, and what is printed on the card."""

    def __init__(self, directory: Path) -> None:
        self._issuer = issuer = Issuer.create(at=NOW - timedelta(days=730), demonstration=False)
        trust = directory / "trust"
        (trust / "csca").mkdir(parents=True)
        (trust / "trust.toml").write_text("format = 1\n")
        (trust / "csca" / "csca.cer").write_bytes(issuer.csca_certificate)
        (directory / "can").write_text(HOLDER.can)
        (directory / "mrz").write_text(HOLDER.mrz_text())
        (directory / "card_qr").write_text(HOLDER.card_qr_text(), encoding="utf-8")
        self._makers: dict[str, Callable[[], SimulatedCard]] = {
            "honest": lambda: issuer.issue(HOLDER),
            "honest_rsa": lambda: issuer.issue(HOLDER, active_authentication="rsa"),
            "bac_only": lambda: issuer.issue(HOLDER, pace=False),
            "refuses_pace": lambda: issuer.issue(HOLDER, pace_refused_sw=0x6982),
            "altered_dg1": lambda: dishonest.altered_dg1(issuer, HOLDER),
            "altered_dg13": lambda: dishonest.altered_dg13(issuer, HOLDER),
            "foreign_issuer": lambda: dishonest.foreign_issuer(issuer, HOLDER),
            "unknown_issuer": lambda: dishonest.unknown_issuer(HOLDER, demonstration=False),
            "expired_signer": lambda: dishonest.expired_signer(issuer, HOLDER),
            "kilobyte": lambda: issuer.issue(HOLDER, behaviour=Behaviour(max_response=1_029)),
            "long": lambda: issuer.issue(HOLDER, behaviour=Behaviour(max_response=40_000)),
            "long_bac": lambda: issuer.issue(HOLDER, behaviour=Behaviour(max_response=40_000), pace=False),
            "hangs_once": lambda: hanging_once(issuer.issue(HOLDER)),
            "cloned_chip": lambda: dishonest.cloned_chip(issuer, HOLDER),
        }
        self._made: dict[str, SimulatedCard] = {}

    def card(self, name: str) -> SimulatedCard:
        """The card of that name; made when first asked for."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]


def hanging_once(card: SimulatedCard, seconds: float = 4) -> SimulatedCard:
    """The card, whose first answer takes so long: its driver hangs meanwhile."""
    naps = [seconds]
    card.before_each = lambda: time.sleep(naps.pop()) if naps else None
    return card
