"""What both processes make alike: the list of lost cards; and when the patient's one brings portraits to the desk."""

from kiosk.config import PatientConfig, StaffConfig
from kiosk.devices.portrait_link import StaffPortraits
from kiosk.domain.holder import HolderMode, HolderPolicy
from kiosk.keys import PersonTags, load_secret
from kiosk.services.lost_cards import LostCards
from kiosk.services.portraits import Portraits
from kiosk.store.database import Database


def lost_cards_of(config: StaffConfig | PatientConfig, database: Database) -> LostCards:
    """The list of lost cards; ConfigurationError where the roster's key is not there or cannot be used."""
    key = config.roster_key
    if key is None:
        raise ValueError("the list of lost cards needs the roster's key")
    return LostCards(database=database, clinic=config.clinic, tags=PersonTags(load_secret(key)))


def portraits_of(config: PatientConfig) -> Portraits | None:
    """When a chip's portrait goes to the desk; None where nothing may, or there is no way to the staff's process.

    :raises ConfigurationError: where the key to the staff's process cannot be used.
    """
    if config.internal_key is None or not config.brings_portraits:
        return None
    policy = HolderPolicy(
        mode=HolderMode(config.holder_check), rate=config.holder_check_rate, waits=config.holder_check_waits
    )
    link = StaffPortraits(config.host, config.staff_port, token=load_secret(config.internal_key))
    return Portraits(policy=policy, link=link, cases=config.desk_portrait)
