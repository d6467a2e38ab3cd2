"""The application, and beside it a bare Flask route at ``/bare``, for ``bench/fhir.py``: both in one server.

``python -m bench.fhir_server PORT PROCESSES`` serves them as production is served.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response

from app.factory import create_app
from app.serving import serve

BODY = b'{"resourceType":"Basic","id":"bare","code":{"text":"what any answer costs"}}'


def create() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """WSGI of both."""
    whole, bare = create_app(), Flask("bare")

    @bare.get("/bare")
    def answer() -> Response:
        return Response(BODY, content_type="application/fhir+json")

    def either(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return (bare if environ["PATH_INFO"] == "/bare" else whole)(environ, start)

    return either


if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:])
    serve(create(), target="bench.fhir_server:create", host="127.0.0.1", port=port, workers=workers, threads=1)
