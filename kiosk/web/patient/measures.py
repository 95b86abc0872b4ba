"""How large a millimetre is on this screen: the one thing of the style that is a setting."""

from flask import Flask, Response


def add_measures(app: Flask, mm_per_px: float) -> None:
    """Give the app the style sheet that says it: the page allows no style of its own inside itself."""
    style = f":root {{ --mm: {1 / mm_per_px:.4f}px; }}\n"

    @app.get("/measures.css")
    def measures() -> Response:
        return Response(style, mimetype="text/css")
