"""A visit passed from one machine to another: a code for five minutes and one use, made, shown and judged.

::

    python examples/hand_off_code.py --simulated

It prints whether the code was good when it was shown first, and when it was shown again.
"""

import sys
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import idcard


def main(arguments: list[str]) -> int:
    """The exit code: 0 where the code was good once and not twice."""
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

    # And there it is judged.
    trust = idcard.QrTrust.of(keys=[idcard.ClinicKey(clinic="PK-MAU", key=clinic_key.public_key())])
    store = idcard.SeenCodes()
    good = []
    for _ in range(2):
        found = idcard.recognise(text)
        seen = store.see(idcard.replay_key(found), at=now, until=hand_off.expires)
        good.append(idcard.verify_qr(found, trust, idcard.SINGLE_USE_QR, at=now, seen=seen).meets())
    print(f"shown first: {'good' if good[0] else 'not good'}; shown again: {'good' if good[1] else 'not good'}")
    return 0 if good == [True, False] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
