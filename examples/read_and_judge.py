"""Reads a card and says what is proved about it.

With a PC/SC reader and a trust store of yours::

    python examples/read_and_judge.py --trust DIRECTORY

Without either, with a simulated card and an issuer made on the spot::

    python examples/read_and_judge.py --simulated
"""

import argparse
import sys
from datetime import UTC, date, datetime
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory

import idcard


def judge(keys: idcard.AccessKey, card: idcard.Connection | None, trust: idcard.TrustStore) -> bool:
    """Reads, judges and prints the facts; whether the policy is met."""
    evidence = idcard.read(keys, card)
    verdict = idcard.verify(evidence, trust, at=datetime.now().astimezone())
    for fact in verdict.facts:
        print(f"  {fact.name:<14} {fact.outcome:<14} {fact.reason}")
    try:
        identity = verdict.require()
    except idcard.NotVerified:
        print("Not verified: nothing that the card says is proved.")
        return False
    print("Verified. Born in", identity.birth.year)
    return True


def simulated() -> bool:
    """The same with an invented citizen's card."""
    from idcard.testing import Holder, Issuer  # the extra idcard[testing]

    issuer = Issuer.create(at=datetime(2022, 1, 1, tzinfo=UTC))
    holder = Holder(
        personal_number="036090999991",
        name="Nguyễn Văn Mẫu",
        birth=date(1990, 5, 15),
        sex="M",
        issued=date(2022, 6, 1),
        expiry=None,
    )
    with TemporaryDirectory() as directory:
        store = Path(directory)
        (store / "csca").mkdir()
        (store / "trust.toml").write_text("format = 1\n")
        (store / "csca" / "demonstration.cer").write_bytes(issuer.csca_certificate)
        # Only a demonstration may accept a demonstration's issuer; a production trust store refuses it.
        trust = idcard.TrustStore.from_directory(store, accept_demonstration=True)
    return judge(idcard.Can(holder.can), issuer.issue(holder), trust)


def main() -> int:
    """The exit code: 0 only where the policy is met."""
    parser = argparse.ArgumentParser(description="Read a card and say what is proved about it.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--simulated", action="store_true", help="a simulated card; no reader needed")
    which.add_argument("--trust", type=Path, help="directory of the trust store")
    arguments = parser.parse_args()
    try:
        if arguments.simulated:
            return 0 if simulated() else 1
        trust = idcard.TrustStore.from_directory(arguments.trust)
        digits = getpass("Last six digits of the card number: ")
        return 0 if judge(idcard.Can(digits), None, trust) else 1
    except idcard.IdCardError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
