"""Which papers the law asks for, way by way, and how far a clinic lets each way go."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kiosk.domain.eligibility import Step
from kiosk.domain.ways import Paper, Reaches, Way, WayPolicy, WayRule
from kiosk.insurance.table_schema import Part, Table, Text
from kiosk.insurance.tables import DATA, load_table

AllowedStep = Literal[Step.ADMIT, Step.ADMIT_AND_RECHECK, Step.DESK]


class WayRow(Part):
    """A way as the table has it; ``clause`` is the law's."""

    way: Way
    clause: Text
    enough: Annotated[tuple[frozenset[Paper], ...], Field(min_length=1)]
    reaches: Reaches
    step: AllowedStep
    guardian: bool = False
    numberless: bool = False
    due_hours: Annotated[int, Field(gt=0)] | None = None

    def rule(self, step: Step | None) -> WayRule:
        """The rule, with the step that a clinic chose instead of the table's."""
        return WayRule(
            way=self.way,
            enough=self.enough,
            reaches=self.reaches,
            step=step or self.step,
            guardian=self.guardian,
            due_hours=self.due_hours,
            numberless=self.numberless,
        )


class AdmissionPapers(Table):
    """The ways other than the chip card alone."""

    way: tuple[WayRow, ...]

    @model_validator(mode="after")
    def _each_way_once(self) -> Self:
        ways = [row.way for row in self.way]
        if sorted(ways) != sorted(set(Way) - {Way.CHIP}):
            raise ValueError("every way but the chip's must be there once")
        return self


def way_policy(clinic: Mapping[Way, Step] | None = None) -> WayPolicy:
    """The law's rules, with the steps that this clinic's configuration names.

    :raises ConfigurationError: where the table cannot be used.
    """
    table = load_table(AdmissionPapers, DATA / "admission_papers.toml")
    own = clinic or {}
    return WayPolicy(rules={row.way: row.rule(own.get(row.way)) for row in table.way})
