"""Reads the card on the reader twice and prints, as JSON, how many commands the second reading took and what came."""

import json
import os
import sys

import idcard
from idcard.reading import Profiles, ReadPlan, read

FILES = (idcard.File.SOD, idcard.File.DG1, idcard.File.DG2, idcard.File.DG13, idcard.File.DG14)
key = idcard.Can(sys.argv[2]) if sys.argv[1] == "can" else idcard.MrzKey(idcard.Mrz.parse(sys.argv[2]).information)
profiles = Profiles()
PLAN = ReadPlan(files=FILES, active_authentication=False)


def count() -> dict[str, int | bool]:
    """What one reading took and gave."""
    log = idcard.LoggedConnection(idcard.connect())
    try:
        evidence = read(log, [key], entropy=os.urandom, plan=PLAN, profiles=profiles)
    finally:
        log.close()
    if evidence.access is not None and evidence.access.card_access is None:
        # As a verdict on this genuine card has it; what idcard.remember_proved asks for is tested elsewhere.
        profiles.prove_absence("", log.atr)
    return {
        "commands": len(log.exchanges),
        "files": len(evidence.files),
        "ca": evidence.chip_authentication is not None,
    }


count()
print(json.dumps(count()))
