from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mam_assets.sandbox.audio import write_m4b, write_mp3

WRITERS = {"mp3": write_mp3, "m4b": write_m4b}


@pytest.mark.parametrize("kind", sorted(WRITERS))
@pytest.mark.parametrize("seconds", [1.0, 30.0, 60.0, 119.5, 1560.0])
def test_a_file_is_as_long_as_asked(tmp_path: Path, kind: str, seconds: float) -> None:
    path = tmp_path / f"silence.{kind}"
    WRITERS[kind](path, seconds, title="Kim", artist="Rudyard Kipling", album="Kim")
    heard = mutagen.File(path)
    assert heard is not None
    assert heard.info.length == pytest.approx(seconds, rel=0.01, abs=0.05)
    assert heard.info.channels == 1
    assert heard.info.sample_rate == 22_050


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_the_size_is_that_of_quiet_speech(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"silence.{kind}"
    WRITERS[kind](path, 120, title="Kim", artist="Rudyard Kipling", album="Kim")
    assert 16_000 <= path.stat().st_size * 8 / 120 <= 34_000


@pytest.mark.parametrize(
    ("kind", "names"), [("mp3", ("TIT2", "TPE1", "TALB")), ("m4b", ("\xa9nam", "\xa9ART", "\xa9alb"))]
)
def test_tags_hold_any_script(tmp_path: Path, kind: str, names: tuple[str, str, str]) -> None:
    path = tmp_path / f"silence.{kind}"
    texts = ("Arsène Lupin", "Maurice Leblanc & Søren Å", "怪盗")
    WRITERS[kind](path, 2, title=texts[0], artist=texts[1], album=texts[2])
    tags = mutagen.File(path).tags
    assert tuple(tags[name][0] if kind == "m4b" else tags[name].text[0] for name in names) == texts


@pytest.mark.parametrize("write", [write_mp3, write_m4b])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.floats(min_value=0.5, max_value=400))
def test_every_length_is_met_within_a_frame(tmp_path: Path, write: Callable[..., None], seconds: float) -> None:
    path = tmp_path / ("any.mp3" if write is write_mp3 else "any.m4b")
    write(path, seconds, title="t", artist="a", album="b")
    assert mutagen.File(path).info.length == pytest.approx(seconds, abs=0.06, rel=0.001)
