"""The page for the desk as a file, with the portrait in a form that browsers show."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

import idcard
from idcard.cli.texts import Language, say
from idcard.evidence_file.private import write_private
from idcard.report import Report

ReportPage = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a page in HTML for the desk: the verdict, and the person."),
]
_JPEG_2000 = ("image/jp2", "image/j2k")
_MAX_PIXELS = 8_000_000


def write_page(path: Path | None, report: Report, language: Language) -> None:
    """Write the page, which only its owner can read, where one was asked for.

    :raises typer.BadParameter: if it cannot be written.
    """
    if path is None:
        return

    def picture(portrait: idcard.Portrait) -> idcard.Portrait:
        shown = for_browsers(portrait)
        if shown is portrait and portrait.media_type in _JPEG_2000:
            typer.echo(say("not_for_browsers", language), err=True)
        return shown

    html = idcard.html_report(report.verdict, language.value, picture=picture)
    try:
        write_private(path, html.encode())
    except OSError as error:
        raise typer.BadParameter("--report takes a file that can be written") from error


def for_browsers(portrait: idcard.Portrait) -> idcard.Portrait:
    """The portrait as JPEG where it is JPEG 2000, which no common browser shows; as it is where that is not possible.

    It takes a Pillow with OpenJPEG, which is installed with the extras ``qr`` and ``testing``.
    """
    if portrait.media_type not in _JPEG_2000:
        return portrait
    image = _as_jpeg(portrait.image)
    return portrait if image is None else idcard.Portrait(image=image, media_type="image/jpeg")


def _as_jpeg(data: bytes) -> bytes | None:
    try:
        from PIL import Image
    except ImportError:
        return None
    written = BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(data), formats=("JPEG2000",)) as image:
                if image.width * image.height > _MAX_PIXELS:
                    return None
                image.convert("RGB").save(written, "JPEG", quality=92)
    except (OSError, ValueError, SyntaxError, MemoryError, Warning, Image.DecompressionBombError):
        return None
    return written.getvalue()
