"""The steps of a reading, shown while they happen."""

from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

import idcard
from idcard.cli.texts import Language, say


class Steps:
    """Shows on ``console``, where that is a terminal, which step a reading is at; elsewhere nothing.

    Used as a context, and given to :func:`idcard.read` as ``on_progress``.
    """

    def __init__(self, console: Console, language: Language) -> None:
        self._language = language
        columns = SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TextColumn("{task.fields[now]}")
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._step: idcard.ReadStep | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()
        self._progress.stop()

    def __call__(self, progress: idcard.Progress) -> None:
        """Show what ``progress`` tells."""
        if progress.step is not self._step:
            self._finish()
            self._step = progress.step
            self._task = self._progress.add_task(say(f"step.{progress.step}", self._language), total=1, now="")
        if self._task is not None and progress.file is not None:
            self._progress.update(self._task, now=f"{progress.file.label} {progress.done}/{progress.total or '…'}")

    def _finish(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=1, now="")
