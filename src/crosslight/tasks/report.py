"""report.html: a run as one page, kept up to date while it trains."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from crosslight.config.run import RunConfig
from crosslight.report.page import report_page
from crosslight.report.run import read_run
from crosslight.tasks.files import write_text
from crosslight.tasks.recipe import begin_session, end_session
from crosslight.train import events
from crosslight.train.progress import Progress


def write_report(run: Path, out: Path | None = None) -> Path:
    """Make the page of the run in `run` from its files; returns where it is, `run`/report.html unless told.

    Raises:
        RunError: there is no run, or its settings cannot be read.
        CrosslightError: the page cannot be written.
    """
    page = out or run / "report.html"
    write_text(page, report_page(read_run(run)))
    return page


@contextmanager
def reported(run: Path, config: RunConfig, console: Console) -> Iterator[Progress]:
    """Inside, a training session is shown, recorded, and reported on after every validation and at the end.

    A page that cannot be made costs a line in the log, never the training.
    """
    begin_session(run, config.data)
    bundle_before = _age(run / "bundle" / "bundle.json")

    def refresh() -> None:
        with _spared(progress):
            write_report(run)

    with Progress(run, console, after_validation=refresh) as progress:
        refresh()
        progress.say(f"report: {run / 'report.html'}")
        if not events.available():
            progress.say(events.HOW_TO_GET)
        outcome = "stopped"
        try:
            yield progress
            if _age(run / "bundle" / "bundle.json") != bundle_before:
                outcome = "finished"
        except Exception as error:
            outcome = f"failed: {str(error).partition(chr(10))[0] or type(error).__name__}"
            raise
        finally:
            with _spared(progress):
                end_session(run, outcome)
                write_report(run)


@contextmanager
def _spared(progress: Progress) -> Iterator[None]:
    """Training goes on, whatever is wrong with its report."""
    try:
        yield
    except Exception as error:
        progress.say(f"report.html could not be made: {error!r}")


def _age(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.is_file() else None
