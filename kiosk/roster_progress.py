"""The progress of an import, as a bar on standard error."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kiosk.roster_words import Language, say


class Bar:
    """One bar, which says what is being done; nothing at all where ``silent``."""

    def __init__(self, language: Language, *, silent: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), disable=silent)
        self._language = language
        self._task: TaskID | None = None

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, step: str, done: int, total: int) -> None:
        """Show how far a step is; one without a length runs to and fro."""
        if self._task is None:
            self._task = self._progress.add_task("", total=None)
        described = say(f"step.{step}", self._language)
        self._progress.update(self._task, description=described, completed=done, total=total or None)
