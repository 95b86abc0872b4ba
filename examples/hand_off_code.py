"""A visit passed from one machine to another: a code for five minutes and one use, made, shown and judged.

::

    python examples/hand_off_code.py --simulated

It prints whether the code was good at another machine than the one that it names, when it was shown first, and when it
was shown again.
"""

import sys
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard


def main(arguments: list[str]) -> int:
    """The exit code: 0 where the code was good once, in one place."""
    if arguments != ["--simulated"]:
        print("usage: hand_off_code.py --simulated", file=sys.stderr)
        return 2
    clinic_key = Ed25519PrivateKey.generate()
    now = datetime.now(UTC)

    # Here the code is made: it names nobody.
    hand_off = idcard.HandOff(
        clinic="PK-MAU", audience="quay-2", visit="7Q2M", issued=now, expires=now + timedelta(minutes=5)
    )
    text = idcard.sign_token(hand_off, clinic_key)

    # And there it is judged, by the machine that it names and by another one.
    trust = idcard.QrTrust.of(keys=[idcard.ClinicKey(clinic="PK-MAU", key=clinic_key.public_key())])
    elsewhere = is_taken(text, trust, idcard.SeenCodes(), "quay-3", now)
    store = idcard.SeenCodes()
    first, again = (is_taken(text, trust, store, "quay-2", now) for _ in range(2))
    words = {True: "good", False: "not good"}
    print(f"shown at another machine: {words[elsewhere]}; shown first: {words[first]}; shown again: {words[again]}")
    return 0 if (elsewhere, first, again) == (False, True, False) else 1


def is_taken(text: bytes, trust: idcard.QrTrust, store: idcard.SeenCodes, machine: str, now: datetime) -> bool:
    """Whether the code is good at ``machine``, for the first time.

    The signature comes first: a store that remembered forged codes would take them for the real ones, or fill up.
    """
    found = idcard.recognise(text)
    signed = idcard.verify_qr(found, trust, idcard.SIGNED_QR, at=now, audience=machine)
    if not signed.meets() or signed.valid_until is None:
        return False
    seen = store.see(idcard.replay_key(found), at=now, until=signed.valid_until)
    return idcard.verify_qr(found, trust, idcard.SINGLE_USE_QR, at=now, seen=seen, audience=machine).meets()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
