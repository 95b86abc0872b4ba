"""Whatever the wire does, in whatever order: in the end each admission is at the hub once."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FAULTS = st.sampled_from(["cut", "lose", "double", 503, 413, 429, "none"])
DEEDS = st.lists(
    st.one_of(st.just("admit"), st.just("start"), st.just("restore"), st.tuples(st.just("step"), FAULTS)), max_size=8
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(DEEDS)
def test_every_admission_is_counted_once(clinic_sends: Any, deeds: list[Any]) -> None:
    for deed in deeds:
        match deed:
            case "admit":
                clinic_sends.admit()
            case "start":
                clinic_sends.start()
            case "restore":
                copy = clinic_sends.copy()
                clinic_sends.step(minutes=6)
                clinic_sends.put_back(copy)
            case ("step", fault):
                clinic_sends.wire.faults = [] if fault == "none" else [fault]
                clinic_sends.step(minutes=6)
    clinic_sends.wire.faults = []
    clinic_sends.settle()
    assert clinic_sends.exactly_once()
