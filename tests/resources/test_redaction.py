"""Secrets never stand in a message or a log line."""

from __future__ import annotations

import logging

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.resources.redaction import RedactingFilter, Redactor, quiet_request_logs


@pytest.mark.parametrize(
    "text",
    [
        "GET http://host/api?apikey=SECRETVALUE&q=dune",
        "https://www.googleapis.com/books/v1/volumes?q=x&key=SECRETVALUE",
        "http://host/cover?token=SECRETVALUE",
        "https://t.myanonamouse.net/announce.php?passkey=SECRETVALUE",
        "Cookie: mam_id=SECRETVALUE",
        "set-cookie: mam_id=SECRETVALUE; path=/",
        "Authorization: Bearer SECRETVALUE",
        "{'Authorization': 'Bearer SECRETVALUE'}",
        "X-Api-Key: SECRETVALUE",
        "https://www.myanonamouse.net/tor/download.php/SECRETVALUE",
        "postgresql://user:SECRETVALUE@host/name",
        '{"password": "SECRETVALUE"}',
        "https://tracker.example/0123456789abcdefSECRETVALUE/announce",
        "username=me&password=SECRETVALUE",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    assert "SECRETVALUE" not in Redactor().clean(text)


@pytest.mark.parametrize(
    "text",
    ["The Monkey = a Key", "audiobookshelf: search: not there. Check the id.", "mam: keyword=dune", "A Token of Love"],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert Redactor().clean(text) == text


def test_known_values_are_taken_out_in_their_url_forms_too() -> None:
    redactor = Redactor(["a+b/c d%"])
    for form in ("a+b/c d%", "a%2Bb%2Fc%20d%25", "a%2Bb%2Fc+d%25", "a%2Bb/c%20d%25"):
        assert redactor.clean(f"got {form} here") == "got <hidden> here"


def test_a_secret_inside_another_leaves_no_rest_of_it() -> None:
    assert Redactor(["secret", "my-secret-word"]).clean("my-secret-word") == "<hidden>"


def test_a_secret_learned_later_is_hidden_from_then_on() -> None:
    redactor = Redactor()
    redactor.learn("rotated-cookie")
    assert redactor.clean("it is rotated-cookie") == "it is <hidden>"


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=6), st.text(), st.text())
def test_no_known_secret_survives(secret: str, before: str, after: str) -> None:
    if secret in "<hidden>" or "<hidden>" in secret:
        return
    assert secret not in Redactor([secret]).clean(f"{before} {secret} {after}").replace("<hidden>", "")


def test_a_log_record_is_cleaned_with_its_arguments_and_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(guard := RedactingFilter(Redactor(["hunter2hunter2"])))
    try:
        raise ValueError("with hunter2hunter2 inside")
    except ValueError:
        logging.getLogger("mam_assets.test").exception("asked with %s", "hunter2hunter2")
    finally:
        caplog.handler.removeFilter(guard)
    assert "hunter2hunter2" not in caplog.text
    assert "asked with <hidden>" in caplog.text
    assert "ValueError: with <hidden> inside" in caplog.text


def test_httpx_does_not_log_addresses(caplog: pytest.LogCaptureFixture) -> None:
    quiet_request_logs()
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.get("http://host/?apikey=SECRETVALUE")
    assert "SECRETVALUE" not in caplog.text
