"""A safe's key from this machine's TPM 2.0, which gives it only while the machine started as it should.

Theory of operation. The key (32 random bytes) is sealed under the primary key of the TPM's storage hierarchy, which the
TPM makes again from its own seed and nobody can take out. A policy asks that registers of the start (PCRs) have the
values that they had when it was sealed: usual is 7, the state of Secure Boot. When it is asked for, the TPM answers in
a session whose key was sealed to it, so that the wires between processor and TPM do not tell.

What it does not do: a thief of the whole machine starts it, and it opens. Then only what starts decides; see
docs/threat-model.md.

The commands are tpm2-tools (Debian: tpm2-tools), which takes secrets on standard input and gives them on standard
output; its Python binding needs a compiler and headers on every kiosk. Linux alone: Windows keeps its TPM for itself.

Source: TCG, "TPM 2.0 Library", part 1, "Sealed Data Objects"; tpm2_create(1), tpm2_startauthsession(1).
"""

import base64
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.key_safe.safe import Kind, PlaceTrouble, Safe, Slot, trouble
from kiosk.key_safe.wrapped import SECRET_BYTES

DEVICE: Final = Path("/dev/tpmrm0")
USUAL_PCRS: Final = "7"
_TCTI: Final = "TPM2TOOLS_TCTI"
_SECONDS: Final = 30
_LIST: Final = re.compile(r"\d{1,2}(,\d{1,2})*")
_PRIMARY = ("tpm2_createprimary", "-Q", "-C", "o", "-g", "sha256", "-G", "ecc256", "-c", "primary")
_ONLY_HERE = "fixedtpm|fixedparent"


def slot_of(secret: bytes, *, safe: Safe, pcrs: str = USUAL_PCRS) -> Slot:
    """A slot that this machine's TPM opens.

    :param pcrs: registers of the SHA-256 bank, such as ``7`` or ``4,7``; empty for none: then it opens whatever starts.
    :raises PlaceTrouble: ``place_silent`` where there is no TPM, ``place_refused`` where it does not seal.
    """
    key = os.urandom(SECRET_BYTES)
    with _Tools() as tools:
        policy = tools.policy(pcrs)
        tools.run(*_PRIMARY)
        sealing = ("tpm2_create", "-Q", "-C", "primary", "-i", "-", "-L", policy, "-a", _ONLY_HERE)
        tools.run(*sealing, "-u", "public", "-r", "private", given=key)
        values: dict[str, str | int | bool] = {
            "pcrs": pcrs,
            "public": base64.b64encode(tools.read("public")).decode(),
            "private": base64.b64encode(tools.read("private")).decode(),
        }
    slot = Slot.of(Kind.TPM, values, key, secret, safe=safe.id)
    # Sealed for nothing is found out now, and not when the machine starts the next time.
    if slot.open(_key(values), safe=safe.id) != secret:
        raise _refused()
    return slot


def secret_of(safe: Safe) -> bytes:
    """The safe's secret, by the TPM; raises as :func:`slot_of`."""
    slot = next(iter(safe.of(Kind.TPM)), None)
    found = None if slot is None else slot.open(_key(slot.values), safe=safe.id)
    if found is None:
        raise _refused()
    return found


def _key(values: Mapping[str, str | int | bool]) -> bytes:
    with _Tools() as tools:
        for name in ("public", "private"):
            tools.write(name, base64.b64decode(str(values[name])))
        tools.run(*_PRIMARY)
        tools.run("tpm2_load", "-Q", "-C", "primary", "-u", "public", "-r", "private", "-c", "sealed")
        tools.run("tpm2_startauthsession", "--policy-session", "-S", "session", "--tpmkey-context", "primary")
        tools.run("tpm2_sessionconfig", "session", "--enable-encrypt")
        pcrs = str(values["pcrs"])
        tools.meet(pcrs)
        return tools.run("tpm2_unseal", "-c", "sealed", "-p", "session:session")


class _Tools:
    """The commands, in a folder of their own that holds nothing secret."""

    def __init__(self) -> None:
        tcti = os.environ.get(_TCTI) or f"device:{DEVICE}"
        if sys.platform != "linux" or (tcti == f"device:{DEVICE}" and not DEVICE.exists()):
            raise _silent("This machine has no TPM that the kiosk can use.")
        self._settings = {"PATH": "/usr/bin:/bin", _TCTI: tcti, "TSS2_LOG": "all+NONE", "LC_ALL": "C"}
        self._folder = tempfile.TemporaryDirectory(prefix="idcard-tpm-")

    def __enter__(self) -> "_Tools":
        return self

    def __exit__(self, *what: object) -> None:
        self._folder.cleanup()

    def run(self, *command: str, given: bytes = b"") -> bytes:
        """What a command says; then the TPM is free of what it had loaded, where no resource manager sees to that."""
        said = self._said(*command, given=given)
        if "swtpm" in self._settings[_TCTI]:
            self._said("tpm2_flushcontext", "-t")
        return said

    def _said(self, *command: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                command,
                input=given,
                capture_output=True,
                timeout=_SECONDS,
                cwd=self._folder.name,
                env=self._settings,
                check=False,
            )
        except FileNotFoundError as error:
            raise _silent("The commands of tpm2-tools are not installed.") from error
        except subprocess.TimeoutExpired as error:
            raise _silent("The TPM does not answer.") from error
        if done.returncode:
            raise _silent("The TPM cannot be reached.") if b"tcti" in done.stderr.lower() else _refused()
        return done.stdout

    def policy(self, pcrs: str) -> str:
        """The name of a file with the policy for the registers as they are now."""
        self.run("tpm2_startauthsession", "-S", "trial")
        if pcrs:
            _checked(pcrs)
            self.run("tpm2_policypcr", "-Q", "-S", "trial", "-l", f"sha256:{pcrs}", "-L", "policy")
        else:
            # A policy that anything meets, so that there is one way to open and not two.
            self.run("tpm2_policycommandcode", "-Q", "-S", "trial", "-L", "policy", "TPM2_CC_Unseal")
        self.run("tpm2_flushcontext", "trial")
        return "policy"

    def meet(self, pcrs: str) -> None:
        """Show the policy in the session that opens."""
        if pcrs:
            _checked(pcrs)
            self.run("tpm2_policypcr", "-Q", "-S", "session", "-l", f"sha256:{pcrs}")
        else:
            self.run("tpm2_policycommandcode", "-Q", "-S", "session", "TPM2_CC_Unseal")

    def write(self, name: str, content: bytes) -> None:
        """A file for the commands."""
        (Path(self._folder.name) / name).write_bytes(content)

    def read(self, name: str) -> bytes:
        """A file of theirs."""
        return (Path(self._folder.name) / name).read_bytes()


def _checked(pcrs: str) -> None:
    if not _LIST.fullmatch(pcrs):
        raise trouble(
            "PCRs are numbers, such as 7 or 4,7.", reason="wrong_setting", remedy="Give numbers from 0 to 23."
        )


def _silent(what: str) -> PlaceTrouble:
    return trouble(
        what, reason="place_silent", remedy="Look at the firmware's settings, or open the safe by its recovery's code."
    )


def _refused() -> PlaceTrouble:
    return trouble(
        "The TPM does not open the key safe: it is another machine, or this one did not start as it used to.",
        reason="place_refused",
        remedy="Find out what was changed. Then open by the recovery's code, and seal anew: kiosk keys protect.",
    )
