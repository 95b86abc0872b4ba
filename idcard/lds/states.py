"""Which issuing states a certificate's country may sign for: the two letters of X.509, the three of the MRZ.

Theory of operation. Certificates carry the two-letter codes of ISO 3166-1, documents the three-letter ones, and a few
of ICAO's own. For most states it is one pair. The others are in :data:`_OTHERS`: Germany writes ``D``, Britain has a
code for each kind of its nationals, organisations have codes that ISO does not know, Kosovo has two of each.

Source: ISO 3166-1; ICAO Doc 9303-3, "Codes for nationality, place of birth, location of issuing State or authority".
"""

from collections.abc import Mapping
from types import MappingProxyType

_ISO_3166 = """
    AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW AX:ALA AZ:AZE
    BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES BR:BRA BS:BHS
    BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN
    CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST
    EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF
    GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD
    HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM
    JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA
    LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD
    ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM
    NC:NCL NE:NER NF:NFK NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG
    PH:PHL PK:PAK PL:POL PM:SPM PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA
    SA:SAU SB:SLB SC:SYC SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD
    ST:STP SV:SLV SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON
    TR:TUR TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR
    VN:VNM VU:VUT WF:WLF WS:WSM YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE
"""

_OTHERS = {
    "CN": ("CHN", "HKG", "MAC"),
    "DE": ("D", "DEU"),
    "EU": ("EUE",),
    "GB": ("GBR", "GBD", "GBN", "GBO", "GBP", "GBS"),
    "HK": ("CHN", "HKG"),
    "KS": ("RKS", "XKX", "UNK"),
    "MO": ("CHN", "MAC"),
    "UN": ("UNO", "UNA", "UNK"),
    "UT": ("UTO",),
    "XK": ("RKS", "XKX", "UNK"),
    "XO": ("XOM",),
    "ZZ": ("UTO",),
}
"""What is not one pair. ``UT`` and ``ZZ`` sign specimens of Utopia."""


def _table() -> dict[str, frozenset[str]]:
    pairs = (pair.split(":") for pair in _ISO_3166.split())
    return {two: frozenset({three}) for two, three in pairs} | {two: frozenset(codes) for two, codes in _OTHERS.items()}


ISSUING_STATES: Mapping[str, frozenset[str]] = MappingProxyType(_table())
"""For each country code of a certificate, in capitals, the issuing states that it may sign for."""

KNOWN_STATES: frozenset[str] = frozenset().union(*ISSUING_STATES.values())
"""Every issuing state that somebody may sign for."""


def may_sign(country: str | None, issuing_state: str) -> bool | None:
    """Whether a signer of ``country`` may sign a document of ``issuing_state``; None where either is not known.

    :param country: the two letters in a certificate's issuer, in capitals.
    """
    states = ISSUING_STATES.get(country or "")
    return None if states is None or issuing_state not in KNOWN_STATES else issuing_state in states
