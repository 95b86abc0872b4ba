"""What the QR code on a Vietnamese card gives: the keys that may open its chip, from a picture of the code.

::

    python examples/card_qr_to_keys.py PICTURE
    python examples/card_qr_to_keys.py --simulated

The code bears no signature: what it says is claimed, not verified. It prints how many keys there are, and nothing of
the person.
"""

import sys
from datetime import date
from io import BytesIO
from pathlib import Path

import idcard


def simulated_picture() -> bytes:
    """A picture of an invented citizen's code."""
    import segno

    from idcard.testing import Holder  # the extra idcard[testing]

    holder = Holder(
        personal_number="036190999992",
        name="Trần Thị Ước",
        birth=date(1990, 11, 2),
        sex="F",
        issued=date(2022, 6, 1),
        expiry=date(2030, 11, 2),
    )
    picture = BytesIO()
    segno.make(holder.card_qr_text(), encoding="utf-8").save(picture, kind="png", scale=6)
    return picture.getvalue()


def main(arguments: list[str]) -> int:
    """The exit code: 0 where a card's code was found."""
    if len(arguments) != 1:
        print("usage: card_qr_to_keys.py PICTURE | --simulated", file=sys.stderr)
        return 2
    picture = simulated_picture() if arguments[0] == "--simulated" else Path(arguments[0]).read_bytes()
    for symbol in idcard.scan(picture):
        try:
            card_qr = idcard.CardQr.from_bytes(symbol.data)
        except idcard.MalformedData:
            continue
        keys = idcard.keys_from_card_qr(card_qr)
        print(f"{len(keys)} keys: " + ", ".join(type(key).__name__ for key in keys))
        return 0
    print("No code of a card in this picture.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
