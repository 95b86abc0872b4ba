"""The headers of every answer of the bench, from every route, refused and crashed ones too."""

from headers import Answer, Walk, crashing, statuses

from kiosk.config import load
from kiosk.demo.config import BenchConfig
from kiosk.demo.provision import Place
from kiosk.demo.web import create_bench_app
from kiosk.demo.workbench import Bench

VALUES = {
    **{"filename": "css/tokens.css", "bench.static.filename": "bench.css", "name": "nobody", "state": "nobody"},
    **{"mood": "nobody", "sign": "nobody", "code": "E99"},
}
"""What stands for the parameters of routes. A route with another one fails until it stands here."""


def test_every_answer_of_the_bench(bench: Bench, place: Place) -> None:
    config = load(BenchConfig, place.config("bench"))
    app = create_bench_app(bench, config, at_desk=bench)
    base_url = f"http://127.0.0.1:{config.port}"
    walk = Walk(app=app, values=VALUES, headers={"Origin": base_url}, base_url=base_url)
    client = app.test_client()
    found = statuses(walk.answers(client), Answer.is_page)
    crashing(app, "bench.show")
    found |= statuses(iter([walk.ask(client, "GET", "/")]), Answer.is_page)
    assert {200, 204, 400, 404, 405, 500} <= found
