"""The stylesheet and the script: named by their content, so that a browser fetches each version once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, url_for

FOLDER = Path(__file__).resolve().parent / "static"
YEAR = 31_536_000


def init_app(flask: Flask) -> None:
    flask.jinja_env.globals["asset"] = asset


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/assets/<digest>/<name>", "asset", serve)


def asset(name: str) -> str:
    """The address of a file of ours, with the digest of its content in it."""
    return url_for("web.asset", digest=_loaded(name, _stamp(name))[0], name=name)


def serve(digest: str, name: str) -> Response:
    """The file, compressed once and kept; an old digest gets the present file without a promise to keep it."""
    if not (FOLDER / name).is_file() or "/" in name:
        abort(404)
    current, body, packed = _loaded(name, _stamp(name))
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(packed if small else body, mimetype=mimetypes.guess_type(name)[0])
    if small:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if digest == current else "no-cache"
    return response


def _stamp(name: str) -> int:
    return (FOLDER / name).stat().st_mtime_ns


@lru_cache(maxsize=64)
def _loaded(name: str, _stamp: int) -> tuple[str, bytes, bytes]:
    body = (FOLDER / name).read_bytes()
    return hashlib.sha256(body).hexdigest()[:12], body, gzip.compress(body, 9, mtime=0)
