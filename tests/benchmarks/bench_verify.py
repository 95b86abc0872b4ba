"""Judging: what a verdict costs over the signature verifications that it cannot do without, and what a store costs.

``verdict_over_raw_warm`` compares one full verdict on the evidence of a Vietnamese card (CSCA on brainpoolP512r1,
signer and chip on brainpoolP256r1, explicit parameters; the store holds the whole German master list and this CSCA)
with its three signature verifications alone: CSCA over signer, SOD, active authentication, by ``cryptography``, with
keys that are loaded already. Both are done in turns and count processor time, which is all they take: so other
programs on the machine do not count.

``verdict_cold_ms`` and ``store_mb`` are taken in processes of their own, that have imported the library and the
evidence and nothing else: opening the store and the first verdict; the memory after every certificate was parsed.

The peers are the ``openssl`` command on the same data, its start included, which is what a program pays that calls it.
"""

import gc
import json
import pickle
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from tempfile import TemporaryDirectory

from _cards import PipedCards
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import idcard
from idcard.crypto.signature import EcPublicKey, load_public_key
from idcard.encoding.cms import SignedData
from idcard.lds.dg15 import parse_dg15
from idcard.lds.sod import Sod
from idcard.testing import Holder, Issuer
from idcard.testing.keys import KeyProfile
from idcard.trust.certificates import Certificate
from idcard.trust.draft import editing
from idcard.trust.importing import Report, add_file

WARM_UP, REPEATS, PROCESSES = 10, 60, 7
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "trust"
LIST = VECTORS / "german_master_list_2024-08-07.ml"
HOLDER = Holder(
    personal_number="036090999991",
    name="Nguyễn Văn Mẫu",
    birth=date(1990, 5, 15),
    sex="M",
    issued=date(2022, 6, 1),
    expiry=date(2030, 5, 15),
)
AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
COLD = """
import json, pickle, sys, time
from datetime import datetime
import idcard
with open(sys.argv[2], "rb") as stream:
    evidence = idcard.Evidence(**pickle.load(stream))
at = datetime.fromisoformat(sys.argv[3])
start = time.perf_counter()
verdict = idcard.verify(evidence, idcard.TrustStore.from_directory(sys.argv[1]), at=at)
milliseconds = 1000 * (time.perf_counter() - start)
verdict.require(idcard.VIETNAM_STRICT)
print(json.dumps(milliseconds))
"""
MEMORY = """
import gc, json, os, sys
import idcard
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before = resident()
store = idcard.TrustStore.from_directory(sys.argv[1])
held = store.anchors
print(json.dumps((resident() - before) / 1e6))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A card that was read, and who issued it."""

    issuer: Issuer
    evidence: idcard.Evidence

    @classmethod
    def of(cls, issuer: Issuer, active_authentication: str) -> "Case":
        """A card of that issuer, read."""
        with PipedCards([issuer.issue(HOLDER, active_authentication=active_authentication)]) as card:
            card.take(0)
            return cls(issuer=issuer, evidence=idcard.read(idcard.Can(HOLDER.can), card))

    def kept(self) -> "Case":
        """The same from an evidence file, which keeps no ephemeral key: three signatures are left to verify."""
        proof = self.evidence.chip_authentication
        bare = None if proof is None else replace(proof, ephemeral_private_key=None)
        return replace(self, evidence=replace(self.evidence, chip_authentication=bare))


def the_list(directory: Path) -> Report:
    """The German list in a store; every one of its signatures must have been judged."""
    # The root comes with the list: what is measured is the import, not whom to believe.
    root = next(one for one in brought(LIST.read_bytes()) if one.is_authority)
    with editing(directory, at=AT) as draft:
        report = add_file(draft, LIST.read_bytes(), name=LIST.name, at=AT, roots=[root])
    undecided = [finding for finding in report.findings if finding.signed is None]
    if len(report.findings) != 541 or undecided:
        raise SystemExit("error: not every signature of the list was judged")
    return report


def brought(signed: bytes) -> list[Certificate]:
    """The certificates that came with signed data."""
    return [Certificate.from_bytes(der) for der in SignedData.from_bytes(signed).certificates]


def store_with(directory: Path, *issuers: Issuer) -> idcard.TrustStore:
    """A store with the German list and these CSCAs."""
    the_list(directory)
    with editing(directory, at=AT) as draft:
        for number, issuer in enumerate(issuers):
            add_file(draft, issuer.csca_certificate, name=f"csca {number}", at=AT)
    return idcard.TrustStore.from_directory(directory)


def raw_verifications(case: Case) -> Callable[[], None]:
    """The three signature verifications of a card whose keys are all on curves, with keys at hand."""
    sod = Sod.from_bytes(case.evidence.files[idcard.File.SOD])
    anchor = Certificate.from_bytes(case.issuer.csca_certificate)
    signer = Certificate.from_bytes(sod.signer_certificates[0])
    info = sod.signed_data.signers[0]
    chip = load_public_key(parse_dg15(case.evidence.files[idcard.File.DG15]))
    proof = case.evidence.active_authentication
    if proof is None or proof.response is None or info.signed_attributes is None:
        raise SystemExit("error: this card does not have all three signatures")
    half = len(proof.response) // 2
    pair = int.from_bytes(proof.response[:half]), int.from_bytes(proof.response[half:])
    three = (
        (anchor.public_key, signer.signature, signer.tbs, hashes.SHA512()),
        (signer.public_key, info.signature, info.signed_attributes, hashes.SHA256()),
        (chip, encode_dss_signature(*pair), proof.challenge, hashes.SHA256()),
    )
    loaded = [(backend(key), signature, message, ec.ECDSA(digest)) for key, signature, message, digest in three]

    def verify() -> None:
        for key, signature, message, scheme in loaded:
            key.verify(signature, message, scheme)

    return verify


def backend(key: object) -> ec.EllipticCurvePublicKey:
    """The key as ``cryptography`` holds it."""
    found = key.backend() if isinstance(key, EcPublicKey) else None
    if found is None:
        raise SystemExit("error: a key that cryptography does not know")
    return found


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """The milliseconds that ``work`` takes by that clock."""
    start = clock()
    work()
    return 1000 * (clock() - start)


def in_turns(*works: Callable[[], object]) -> list[float]:
    """The median milliseconds of this process's processor time for each, done in turns."""
    runs: list[list[float]] = []
    gc.collect()
    for _ in range(WARM_UP + REPEATS):
        runs.append([timed(work, time.process_time) for work in works])
    return [statistics.median(column) for column in zip(*runs[WARM_UP:], strict=True)]


def judged(case: Case, store: idcard.TrustStore) -> Callable[[], idcard.Verdict]:
    """A full verdict, which must prove the card."""
    idcard.verify(case.evidence, store, at=AT).require(idcard.VIETNAM_STRICT)
    return lambda: idcard.verify(case.evidence, store, at=AT)


def in_a_process(program: str, *arguments: str) -> float:
    """What a fresh process prints, the median of several."""
    command = [sys.executable, "-c", program, *arguments]
    root = Path(__file__).resolve().parents[2]
    outputs = (subprocess.run(command, check=True, capture_output=True, cwd=root).stdout for _ in range(PROCESSES))
    return statistics.median(float(json.loads(output)) for output in outputs)


def openssl(*arguments: str) -> Callable[[], None]:
    """That call of the openssl command, which must succeed."""
    command = shutil.which("openssl")
    if command is None:
        raise SystemExit("error: the openssl command is missing.\n       Install the package openssl.")

    def run() -> None:
        subprocess.run([command, *arguments], check=True, capture_output=True)

    return run


def peers(case: Case, directory: Path) -> dict[str, dict[str, float]]:
    """The openssl command on the RSA card's signatures (it refuses explicit parameters) and on the master list."""
    sod = Sod.from_bytes(case.evidence.files[idcard.File.SOD])
    files = {
        "sod.der": case.evidence.files[idcard.File.SOD][4:],
        "signer.pem": DER_cert_to_PEM_cert(sod.signer_certificates[0]).encode(),
        "csca.pem": DER_cert_to_PEM_cert(case.issuer.csca_certificate).encode(),
    }
    paths = {name: str(directory / name) for name in files}
    for name, data in files.items():
        Path(paths[name]).write_bytes(data)
    moment = ["-attime", str(int(AT.timestamp()))]
    cms = openssl("cms", "-verify", "-inform", "DER", "-in", paths["sod.der"], "-noverify", "-out", "/dev/null")
    chain = openssl("verify", *moment, "-CAfile", paths["csca.pem"], paths["signer.pem"])
    listed = openssl("cms", "-verify", "-inform", "DER", "-in", str(LIST), "-noverify", "-out", "/dev/null")
    taken = {
        name: statistics.median(timed(work) for _ in range(PROCESSES))
        for name, work in {"cms": cms, "verify": chain, "list": listed}.items()
    }
    return {
        "openssl cms -verify": {"verdict_rsa_warm_ms": round(taken["cms"], 2)},
        "openssl verify": {"verdict_rsa_warm_ms": round(taken["verify"], 2)},
        "openssl cms, list's own signature": {"master_list_import_s": round(taken["list"] / 1000, 3)},
    }


def measure() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of this area, and the peers'."""
    made_at = datetime(2022, 1, 1, tzinfo=UTC)
    vietnamese = Case.of(Issuer.create(at=made_at, demonstration=False), "ecdsa")
    rsa = Case.of(
        Issuer.create(
            name="CSCA Demonstration RSA",
            at=made_at,
            demonstration=False,
            csca_profile=KeyProfile(kind="rsa", digest="sha256", bits=4096),
            signer_profile=KeyProfile(kind="rsa", digest="sha256", bits=2048),
        ),
        "rsa",
    )
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        imported = [timed(lambda n=n: the_list(directory / f"list {n}")) for n in range(3)]
        store = store_with(directory / "store", vietnamese.issuer, rsa.issuer)
        warm, here, raw = in_turns(
            judged(vietnamese.kept(), store), judged(vietnamese, store), raw_verifications(vietnamese)
        )
        (warm_rsa,) = in_turns(judged(rsa.kept(), store))
        evidence = directory / "evidence"
        parts = {name: getattr(vietnamese.evidence, name) for name in ("access", "active_authentication", "witness")}
        evidence.write_bytes(pickle.dumps(parts | {"files": dict(vietnamese.evidence.files)}))
        figures = {
            "verdict_over_raw_warm": round(warm / raw, 2),
            "verdict_warm_ms": round(warm, 2),
            "verdict_here_ms": round(here, 2),
            "raw_signatures_ms": round(raw, 2),
            "verdict_rsa_warm_ms": round(warm_rsa, 2),
            "verdict_cold_ms": round(in_a_process(COLD, str(directory / "store"), str(evidence), AT.isoformat()), 1),
            "master_list_import_s": round(statistics.median(imported) / 1000, 3),
            "store_mb": round(in_a_process(MEMORY, str(directory / "store")), 1),
        }
        return figures, peers(rsa, directory)
