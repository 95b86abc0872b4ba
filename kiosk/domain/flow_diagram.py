"""The table of the visit as a picture, for the manual."""

from collections.abc import Iterator

from kiosk.domain.flow import EVERYWHERE, TABLE, Choice, Effect, Screen


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the manual."""
    return "\n".join(("stateDiagram-v2", *_diagram_lines())) + "\n"


def _diagram_lines() -> Iterator[str]:
    yield from (f"    state {choice} <<choice>>" for choice in ("key", "rest", "warn"))
    yield "    [*] --> attract"
    for (screen, event), rule in sorted(TABLE.items(), key=lambda item: (list(Screen).index(item[0][0]), item[0][1])):
        if event not in EVERYWHERE:
            for target in _drawn_targets(rule.target):
                yield f"    {screen} --> {target}: {event.replace('_', ' ')}"
    yield from ("    warn --> still_there: card lies there", "    warn --> rest: card is gone")
    yield from ("    key --> reading: card lies there", "    key --> place_card: no card")
    yield "    key --> consent: the clinic asks first"
    yield from (
        "    rest --> attract: no card",
        "    rest --> take_card: card left behind",
        "    rest --> digits: a new card",
    )
    yield from ("    note left of called: staff called, from every open screen",)
    yield from ("    note left of closed: store failed, from every open screen",)


def _drawn_targets(target: Screen | Choice) -> tuple[str, ...]:
    """Coming back is drawn as one arrow to each screen that can be come back to."""
    remembered = {screen for (screen, _), rule in TABLE.items() if Effect.REMEMBER in rule.effects}
    match target:
        case Choice.BACK:
            return tuple(sorted(remembered))
        case Choice.RESUME:
            return (*sorted(remembered - {Screen.CONFIRM}), "rest")
        case _:
            return (str(target),)
