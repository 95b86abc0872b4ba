"""The settings of the signed codes that may name a citizen: ``[[codes]]`` in the patient's configuration."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idcard import CitizenClaims
from kiosk.domain.code_rules import CodeRule
from kiosk.domain.eligibility import Step

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
Path = Annotated[str, Field(pattern=r"^[^/]+(/[^/]+)*$", max_length=200)]


class CodeSetting(BaseModel):
    """One format of one issuer: see :class:`~kiosk.domain.code_rules.CodeRule` and :class:`idcard.CitizenClaims`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["mosip_claim_169", "sd_jwt_vc", "w3c_vc_jwt", "iso_18013_5_mdoc"]
    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    number: Path
    name: tuple[Path, ...] = ()
    birth: Path | None = None
    anchor: str | None = None
    step: Literal[Step.ADMIT, Step.ADMIT_AND_RECHECK, Step.DESK] = Step.DESK
    once: bool = False

    @model_validator(mode="after")
    def _anchor_is_a_fingerprint(self) -> Self:
        if self.anchor is not None and not _FINGERPRINT.fullmatch(self.anchor):
            raise ValueError("anchor: a fingerprint is 64 small hexadecimal digits, SHA-256 of the certificate")
        return self

    @property
    def rule(self) -> CodeRule:
        """The setting as the visit applies it."""
        return CodeRule(
            format=self.format,
            issuer=self.issuer,
            claims=CitizenClaims(number=self.number, name=self.name, birth=self.birth or ""),
            anchor=self.anchor,
            step=self.step,
            once=self.once,
        )
