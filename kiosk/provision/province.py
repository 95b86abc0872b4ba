"""What a machine has of its province: where releases come down, who it is to the hub, and that it may call the hub."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.config import PatientConfig, StaffConfig
from kiosk.province.settings import load_province
from kiosk.provision.places import folders_of, is_rooted, on_machine, refuse_unlisted, refused, state_files
from kiosk.provision.settings import KitSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Province:
    """Places of the province on a machine.

    The staff's process writes ``releases``, and the patients' read it; ``identity`` and ``person_key`` are its own.
    """

    releases: Path | None
    identity: Path
    person_key: Path


def province_of(
    staff: StaffConfig | None, patients: Mapping[str, PatientConfig], settings: KitSettings, target: Path
) -> Province | None:
    """What this machine has of its province; None where its clinic belongs to none.

    :param patients: the configurations of the patients' processes of this machine, by their files.
    :raises ConfigurationError: ``hub_not_listed``, ``releases_folder`` or ``identity_folder``.
    """
    if staff is None or staff.province is None:
        return None
    said = load_province(staff.province)
    hub = urlsplit(said.hub)
    port = hub.port or (443 if hub.scheme == "https" else 80)
    refuse_unlisted(port, settings, reason="hub_not_listed", whose="the province's hub")
    releases = None if said.releases is None else on_machine(said.releases, target)
    for file, patient in patients.items():
        _refuse_elsewhere(releases, file, patient, target)
    shared = [folder for each in patients.values() for folder in folders_of(state_files(each, each.device), target)]
    if releases is not None:
        _refuse_shared("releases", releases, shared)
    identity = on_machine(said.identity, target)
    _refuse_shared("identity", identity, shared)
    return Province(releases=releases, identity=identity, person_key=on_machine(said.person_key, target))


def _refuse_elsewhere(releases: Path | None, file: str, patient: PatientConfig, target: Path) -> None:
    """A patients' process that looks elsewhere, or nowhere, would hear of no emergency."""
    looks = None if patient.releases is None else on_machine(patient.releases, target)
    if releases is not None and looks != releases:
        raise refused(
            "releases_folder",
            f"The process of {file} does not look for releases where the staff's process puts them.",
            f"Name the same folder as releases in {file} and in the settings of the province.",
        )


def _refuse_shared(what: str, folder: Path, shared: list[Path]) -> None:
    """The patients' processes must not be able to put another folder in the place of this one."""
    if not is_rooted(folder) or any(folder.is_relative_to(each) for each in shared):
        raise refused(
            f"{what}_folder",
            f"The folder of {what}, {folder}, lies where the patient's process writes, or outside of /var/lib.",
            f"Let it be a folder of its own, such as /var/lib/idcard-{what}.",
        )
