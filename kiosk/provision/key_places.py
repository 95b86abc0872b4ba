"""What the units need of the places of keys: the safes handed over, and the TPM or the token within reach."""

from dataclasses import dataclass

from kiosk.config import PatientConfig, StaffConfig
from kiosk.key_safe.safe import Kind, Safe

TPM = "/dev/tpmrm0"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlaces:
    """The settings of safes that are there, and by what they are opened."""

    settings: tuple[str, ...] = ()
    tpm: bool = False
    token: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of it; a token is reached through pcscd."""
        return (TPM,) if self.tpm else ()


def key_places_of(config: PatientConfig | StaffConfig) -> KeyPlaces:
    """The places of a process's keys. A safe that was not made yet is not handed over: its unit would not start.

    :raises ConfigurationError: where a safe is damaged.
    """
    own = config.key_safe if isinstance(config, StaffConfig) else None
    named = {"key_safe": own, "shared_safe": config.shared_safe, "key_pin": config.key_pin}
    found = {name: path for name, path in named.items() if path is not None and path.is_file()}
    kinds = {slot.kind for name, path in found.items() if name != "key_pin" for slot in Safe.load(path).slots}
    return KeyPlaces(settings=tuple(found), tpm=Kind.TPM in kinds, token=Kind.PKCS11 in kinds)
