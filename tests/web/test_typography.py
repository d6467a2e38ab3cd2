"""French pages: no line begins with a colon or ends with an opening quotation mark."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.web.typography import no_break


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("Étape 2 : <b>Amlodipine</b>", "Étape 2\u00a0: <b>Amlodipine</b>"),
        ("« <bdi>Repos</bdi> » ; fini ?", "«\u00a0<bdi>Repos</bdi>\u00a0»\u202f; fini\u202f?"),
        ("<b>Urgent</b> : 12 % !", "<b>Urgent</b>\u00a0: 12\u00a0%\u202f!"),
        ("ratio 1:2, https://x.ma/?a=b", "ratio 1:2, https://x.ma/?a=b"),
        ("à 09 :30 &lt; 5 ; ok", "à 09\u00a0:30 &lt; 5\u202f; ok"),
    ],
)
def test_the_space_before_high_punctuation_does_not_break(plain: str, set_: str) -> None:
    assert no_break(plain) == set_ == no_break(set_)


def test_what_is_typed_and_what_programs_read_stays_as_it_is() -> None:
    page = '<p title="a : b" data-rule="x ? y : z">.</p><textarea>a : « b »</textarea><script>a ? b : c</script>'
    assert no_break(page) == page


def test_only_french_pages_are_set(flask: Any) -> None:
    client = flask.test_client()
    french = client.get("/sign-in?lang=fr").text
    assert not re.search(r"\w [:;?!»](?![^<>]*>)", re.sub(r"<(script|style).*?</\1>", "", french, flags=re.S))
    assert "\u00a0" not in client.get("/sign-in?lang=ar").text
