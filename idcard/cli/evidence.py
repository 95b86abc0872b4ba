"""Evidence files on the command line: what ``read`` saves, and what ``verify`` judges again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rich.console import Console
from rich.text import Text

import idcard
from idcard.cli import trusted
from idcard.cli.page import ReportPage, write_page
from idcard.cli.private_keys import key_in, private
from idcard.cli.report import show
from idcard.cli.shared import (
    NOT_MET,
    POLICIES,
    AsJson,
    At,
    Demanded,
    In,
    PolicyName,
    errors_told,
    here_and_now,
    print_json,
)
from idcard.cli.texts import Language, say
from idcard.report import Report, judge, to_json

_CHALLENGE_BYTES = 8
_SHOWN_OF_A_FINGERPRINT = 16
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class Keep(StrEnum):
    """How much of a reading is saved."""

    VERDICT = "verdict"
    PROOF = "proof"
    EVERYTHING = "everything"


_ABOUT_THE_PERSON = tuple(file for file in idcard.File if file.data_group in range(1, 14))

Save = Annotated[Path | None, typer.Option(metavar="FILE", help="Keep what came of it in this evidence file.")]
HowMuch = Annotated[
    Keep,
    typer.Option(help="The verdict alone; a proof that names nobody (EF.SOD and keys); or everything."),
]
Sign = Annotated[Path | None, typer.Option(metavar="KEY", help="Sign the file with this Ed25519 key (PEM).")]
EncryptTo = Annotated[Path | None, typer.Option(metavar="KEY", help="Seal the file to this X25519 public key (PEM).")]
EvidenceFile = Annotated[Path, typer.Argument(metavar="FILE", help="An evidence file.")]
OpenWith = Annotated[Path | None, typer.Option(metavar="KEY", help="The X25519 private key that opens it (PEM).")]
Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        metavar="FINGERPRINT|KEY",
        help="A device that you know, by fingerprint or public key (PEM); another's file is not met.",
    ),
]


def _eight_bytes(text: str) -> bytes:
    try:
        challenge = bytes.fromhex(text)
    except ValueError:
        challenge = b""
    if len(challenge) != _CHALLENGE_BYTES:
        raise typer.BadParameter("a challenge is eight bytes in hexadecimal")
    return challenge


Challenge = Annotated[
    bytes | None,
    typer.Option(parser=_eight_bytes, metavar="HEX", help="The challenge that you gave; an answer to another fails."),
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Saving:
    """What ``read`` was asked to save, its keys read before the card is."""

    path: Path | None
    keep: Keep
    sign_with: Ed25519PrivateKey | None
    seal_to: X25519PublicKey | None

    @classmethod
    def of(cls, path: Path | None, keep: Keep, sign: Path | None, encrypt_to: Path | None) -> "Saving":
        """What the options ask for.

        :raises typer.BadParameter: if they do not fit together, or a key is none.
        """
        if path is None and (sign or encrypt_to or keep is not Keep.VERDICT):
            raise typer.BadParameter("--keep, --sign and --encrypt-to say how to --save FILE")
        return cls(
            path=path,
            keep=keep,
            sign_with=key_in(sign, private, Ed25519PrivateKey, "--sign"),
            seal_to=key_in(encrypt_to, load_pem_public_key, X25519PublicKey, "--encrypt-to"),
        )

    def save(self, report: Report) -> None:
        """Save what is to be kept of the report, if anything is."""
        if self.path is None:
            return
        file = idcard.retain(report.evidence, report.verdict)
        if self.keep is not Keep.VERDICT:
            kept = idcard.without(report.evidence, _ABOUT_THE_PERSON if self.keep is Keep.PROOF else ())
            file = idcard.EvidenceFile(evidence=kept, verdict=file.verdict, signer_certificate=file.signer_certificate)
        try:
            idcard.save_evidence(self.path, file, sign_with=self.sign_with, seal_to=self.seal_to)
        except OSError as error:
            raise typer.BadParameter("--save takes a file that can be written") from error


def verify(
    file: EvidenceFile,
    trust: trusted.Trust = None,
    state: trusted.State = None,
    pins: trusted.PinsFile = None,
    pin_keys: trusted.PinKeysFile = None,
    authority: trusted.AuthorityUrl = None,
    authority_keys: trusted.AuthorityKeys = None,
    policy: Demanded = PolicyName.VIETNAM_STRICT,
    at: At = None,
    open_with: OpenWith = None,
    device: Devices = None,
    challenge: Challenge = None,
    page: ReportPage = None,
    as_json: AsJson = False,
    language: In = Language.EN,
) -> None:
    """Judge an evidence file again; exit code 0 only where the policy is met.

    A file that keeps a verdict only is shown, and never met: what was once judged is a record and no proof.
    """
    with errors_told(language, as_json):
        loaded = _load(file, open_with)
        known = trusted.Trusted.of(trust, state, pins, pin_keys, authority, authority_keys)
        devices = frozenset(map(_fingerprint, device or ()))
        report = judge(
            loaded.evidence,
            known.store,
            POLICIES[policy],
            at or here_and_now(),
            idcard.Expectation(challenge=challenge, witnesses=devices),
            vouchers=known.vouchers,
            online=known.online,
        )
        ours = not devices or loaded.evidence.witness in devices
        if not ours:
            report = replace(report, verified=None)
        _write_page(page, report, language, ours=ours)
    met = report.met and ours
    if as_json:
        told = {"met": met, "device": _device(loaded, ours), "recorded": _recorded(loaded)}
        print_json(to_json(report) | told | {"read_at": report.verdict.provenance.to_dict()["read_at"]})
    else:
        console = Console(highlight=False)
        for line in _about(loaded, ours, language):
            console.print(Text(line), soft_wrap=True)
        show(report, console, language)
    if not met:
        raise typer.Exit(NOT_MET)


def _fingerprint(device: str) -> str:
    """The fingerprint that ``device`` is, or that of the public key in the file it names."""
    if _FINGERPRINT.fullmatch(device.lower()):
        return device.lower()
    return idcard.device_fingerprint(key_in(Path(device), load_pem_public_key, Ed25519PublicKey, "--device"))


def _write_page(page: Path | None, report: Report, language: Language, *, ours: bool) -> None:
    """A page says what the verdict says, and nothing of devices: none is written of a file that does not count."""
    if ours:
        write_page(page, report, language)
    elif page is not None:
        typer.echo(say("no_page", language), err=True)


def _load(path: Path, open_with: Path | None) -> idcard.EvidenceFile:
    key = key_in(open_with, private, X25519PrivateKey, "--open-with")
    try:
        return idcard.load_evidence(path, open_with=key)
    except OSError as error:
        raise typer.BadParameter("FILE is an evidence file that can be read") from error


def _device(loaded: idcard.EvidenceFile, known: bool) -> dict[str, Any]:
    return {"fingerprint": loaded.evidence.witness, "accepted": known}


def _recorded(loaded: idcard.EvidenceFile) -> dict[str, Any] | None:
    return None if loaded.verdict is None else dict(loaded.verdict)


def _about(loaded: idcard.EvidenceFile, known: bool, language: Language) -> Sequence[str]:
    """Who signed the file, and what was judged when it was written."""
    witness = loaded.evidence.witness
    signed = say("signed_by", language, device=(witness or "")[:_SHOWN_OF_A_FINGERPRINT])
    lines = [signed if witness else say("unsigned", language)]
    if not known:
        lines.append(say("unknown_device", language))
    if loaded.evidence.read_at is not None:
        lines.append(say("read_at", language, at=loaded.evidence.read_at.isoformat(timespec="seconds")))
    if loaded.verdict is not None:
        lines.append(_record(loaded.verdict, language))
    return lines


def _record(verdict: Mapping[str, Any], language: Language) -> str:
    """The recorded verdict in one line; its values come from a file and may be anything."""
    met = say("recorded.met" if verdict.get("met") is True else "recorded.not_met", language)
    at, policy = (_printable(verdict.get(name)) for name in ("at", "policy"))
    return say("recorded", language, at=at, policy=policy, met=met)


def _printable(value: object) -> str:
    text = value if isinstance(value, str) else "?"
    return "".join(each for each in text[:64] if each.isprintable())
