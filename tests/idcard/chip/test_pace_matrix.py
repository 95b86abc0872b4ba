"""Every combination of PACE that the standard defines, against a simulated card that shares no code with the reader.

The script of all tests runs a sample: every mapping with every domain parameter, ciphers in turn, and every cipher on a
few. ``script/test --all`` runs them all.
"""

import itertools
import os

import pytest

from idcard.chip.access_keys import Can, MrzKey
from idcard.chip.pace import PaceSecrets, PaceSession, pace
from idcard.chip.pace_offers import PaceOffer, offer_of, offers
from idcard.crypto.key_agreement import multiply
from idcard.encoding import tlv
from idcard.errors import UnsupportedAlgorithm, WrongAccessKey
from idcard.iso7816.apdu import CommandApdu
from idcard.lds.layout import File
from idcard.lds.security_infos import PaceInfo, SecurityInfos
from idcard.testing import Behaviour, Profile, SimulatedCard, Suite, records
from idcard.testing.behaviour import ChipSecrets
from idcard.testing.chip_domains import CurveDomain
from idcard.testing.chip_pace import Mapping
from idcard.transport.session import perform

GROUPS, CURVES = (0, 1, 2), tuple(range(8, 19))
ALL = bool(os.environ.get("KIOSK_GALLERY_ALL"))
CAN = Can("123456")


def defined(mapping: Mapping, number: int, suite: Suite) -> bool:
    if mapping is Mapping.CHIP_AUTHENTICATION:
        return number in CURVES and suite is not Suite.DES3
    return not (mapping is Mapping.INTEGRATED and number == 10)


def sampled(position: int, number: int, suite: Suite) -> bool:
    return ALL or number in (0, 12, 13) or list(Suite).index(suite) == position % 4


PROFILES = [
    Profile(mapping=mapping, parameter_id=number, suite=suite, written_as=written)
    for position, (mapping, number) in enumerate(itertools.product(Mapping, (*GROUPS, *CURVES)))
    for suite in Suite
    if defined(mapping, number, suite) and sampled(position, number, suite)
    for written in (None, 40)
    if written is None or ALL or number in (1, 13, 14)
]


def name_of(profile: Profile) -> str:
    return f"{profile.mapping.name}-{profile.parameter_id}-{profile.suite.label}-{profile.written_as}"


def card_of(profile: Profile, *more: Profile, secret: int = 0xC0FFEE, **manners: object) -> SimulatedCard:
    manner = Behaviour(
        pace_profile=profile,
        more_pace_profiles=more,
        chip_profile=Profile(parameter_id=profile.parameter_id),
        max_response=1024,
        **manners,  # type: ignore[arg-type]
    )
    mrz = MrzKey.of("C11T002JM", "960812", "231031").information
    secrets = ChipSecrets(can="123456", mrz_information=mrz, agreement=secret, pin="123456", puk="1234567890")
    files = {File.CARD_ACCESS: records.card_access(profile, Profile(), *more), File.COM: records.com()}
    return SimulatedCard(files=files, secrets=secrets, behaviour=manner)


def best_of(card: SimulatedCard) -> PaceOffer:
    return next(offers(SecurityInfos.from_bytes(card.files[File.CARD_ACCESS])))


def opened(card: SimulatedCard, offer: PaceOffer, key: Can | MrzKey = CAN, **options: bool) -> PaceSession:
    secrets = PaceSecrets.from_entropy(offer, os.urandom(offer.entropy_bytes))
    return perform(card, pace(offer, key, secrets, **options))


@pytest.mark.parametrize("profile", PROFILES, ids=name_of)
def test_every_defined_combination_opens_the_card(profile: Profile) -> None:
    card = card_of(profile)
    session = opened(card, best_of(card))
    select = CommandApdu(ins=0xA4, p1=0x04, p2=0x0C, data=bytes.fromhex("A0000002471001"))
    assert perform(card, session.channel.send(select)).ok
    assert perform(card, session.channel.send(CommandApdu(ins=0xB0, p1=0x9E, le=223))).data == card.files[File.COM]
    assert (session.cam is not None) is (profile.mapping is Mapping.CHIP_AUTHENTICATION)


@pytest.mark.parametrize("number", CURVES)
def test_chip_authentication_data_turn_the_static_key_into_the_mapping_key(number: int) -> None:
    profile = Profile(mapping=Mapping.CHIP_AUTHENTICATION, parameter_id=number)
    card = card_of(profile)
    offer = best_of(card)
    session = opened(card, offer)
    assert session.cam is not None
    assert isinstance(profile.domain, CurveDomain)
    curve = offer.domain.curve  # type: ignore[attr-defined]
    static = curve.decode(profile.domain.public(0xC0FFEE))
    mapped = multiply(curve, int.from_bytes(session.cam.chip_authentication_data), static)
    assert curve.encode(mapped) == session.cam.mapping_public_key


@pytest.mark.parametrize("mapping", Mapping)
@pytest.mark.parametrize("number", [0, 13])
def test_a_wrong_key_is_told_from_a_refusal(mapping: Mapping, number: int) -> None:
    if not defined(mapping, number, Suite.AES128):
        number = 12
    card = card_of(Profile(mapping=mapping, parameter_id=number))
    with pytest.raises(WrongAccessKey):
        opened(card, best_of(card), Can("123457"))


def test_the_mrz_opens_too_also_with_a_birth_of_which_only_the_year_is_known() -> None:
    card = card_of(Profile(mapping=Mapping.INTEGRATED))
    key = MrzKey.of("C11T002JM", "96<<<<", "231031")
    card.secrets = ChipSecrets(can="1", mrz_information=key.information)
    assert opened(card, best_of(card), key).channel is not None


@pytest.mark.parametrize(
    ("oid", "number", "words"),
    [
        ("0.4.0.127.0.7.2.2.4.6.1", 13, "chip authentication mapping and 3DES"),
        ("0.4.0.127.0.7.2.2.4.6.2", 0, "other kind"),
        ("0.4.0.127.0.7.2.2.4.4.2", 10, "integrated mapping on P-224"),
        ("0.4.0.127.0.7.2.2.4.2.2", 1, "other kind"),
        ("0.4.0.127.0.7.2.2.4.1.2", 13, "other kind"),
        ("0.4.0.127.0.7.2.2.4.5.2", 13, "chip authentication mapping over DH"),
        ("0.4.0.127.0.7.2.2.4.2.5", 13, "unknown PACE"),
        ("0.4.0.127.0.7.2.2.3.2.2", 13, "unknown PACE"),
        ("0.4.0.127.0.7.2.2.4.2.2", 3, "parameter id 3"),
        ("0.4.0.127.0.7.2.2.4.2.2", 19, "parameter id 19"),
        ("0.4.0.127.0.7.2.2.4.2.2", 40, "without domain parameters"),
        ("0.4.0.127.0.7.2.2.4.2.2", None, "without domain parameters"),
    ],
)
def test_what_is_not_defined_is_refused_by_name(oid: str, number: int | None, words: str) -> None:
    with pytest.raises(UnsupportedAlgorithm, match=words):
        offer_of(PaceInfo(oid=oid, version=2, parameter_id=number))


def test_the_strongest_of_several_comes_first() -> None:
    gm = Profile(suite=Suite.AES128)
    cam = Profile(suite=Suite.AES128, mapping=Mapping.CHIP_AUTHENTICATION)
    strong = Profile(suite=Suite.AES256, parameter_id=17)
    old = Profile(suite=Suite.DES3, parameter_id=17)
    weak_group = Profile(suite=Suite.AES256, parameter_id=0)
    card = card_of(old, gm, weak_group, cam, strong)
    found = list(offers(SecurityInfos.from_bytes(card.files[File.CARD_ACCESS])))
    order = [next(one for one in (old, gm, weak_group, cam, strong) if one.pace_oid == o.info.oid) for o in found]
    assert order == [strong, cam, gm, weak_group, old]
    for offer in found:
        assert opened(card, offer).channel.suite is offer.suite


def test_what_one_entry_gets_wrong_does_not_hide_the_others() -> None:
    infos = SecurityInfos.from_bytes(
        tlv.build(
            0x31,
            records.pace_info(Profile(parameter_id=13, written_as=40)),
            records.pace_info(Profile(parameter_id=12)),
        )
    )
    assert [offer.domain.name for offer in offers(infos)] == ["P-256"]


def test_parameters_without_a_number_are_those_written_out() -> None:
    profile = Profile(parameter_id=14, written_as=40)
    infos = SecurityInfos.from_bytes(tlv.build(0x31, *records.pace_infos((profile,))))
    offer = offer_of(PaceInfo(oid=profile.pace_oid, version=2), infos.pace_domains)
    assert offer.domain.name == "brainpoolP320r1"


def test_a_card_that_refuses_the_number_of_its_parameters_is_asked_without() -> None:
    card = card_of(Profile(), refuses_parameter_number=True)
    assert opened(card, best_of(card)).channel is not None
