"""The bench's pages: an app of its own, mounted by no other."""

from kiosk.demo.web.app import create_bench_app

__all__ = ["create_bench_app"]
