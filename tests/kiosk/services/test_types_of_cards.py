"""What the kiosk remembers of types of cards: the second person's card is read with fewer commands than the first's."""

from datetime import UTC, datetime
from typing import Any

from idcard import Can
from idcard.testing import SPECIMEN, Behaviour, Hand, Issuer


def test_the_second_card_of_a_type_takes_fewer_commands(kiosk: Any) -> None:
    issuer = Issuer.create(at=datetime(2021, 1, 1, tzinfo=UTC))
    sent = []
    for _ in range(2):
        hand = Hand(issuer.issue(SPECIMEN, behaviour=Behaviour(max_response=40_000)))
        kiosk.reader._card_reader.read(hand, Can(SPECIMEN.can), on_step=lambda _: None, should_cancel=lambda: False)
        sent.append(hand.sent)
    assert sent[1] < sent[0]
