"""The form in which what Audiobookshelf shows is kept."""

from __future__ import annotations

from dataclasses import replace

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.shown import shown_values
from tests.store.test_catalog import item


def test_lists_stay_lists_and_empty_fields_are_left_out() -> None:
    plain = item("a", "The Road to Oz", "L. Frank Baum", "Another")
    series = (SeriesRef("Oz", "5"), SeriesRef("Fairyland"))
    shown = shown_values(replace(plain, series=series, published_year=1909, narrators=(), subtitle=""))
    assert shown["author"] == ["L. Frank Baum", "Another"]
    assert (shown["series"], shown["series_number"]) == (["Oz", "Fairyland"], ["5", None])
    assert shown["published_year"] == "1909"
    assert not {"narrator", "subtitle", "duration_minutes"} & set(shown)


def test_series_without_any_place_have_no_number() -> None:
    shown = shown_values(replace(item("a", "Oz", "L. Frank Baum"), series=(SeriesRef("Oz"),)))
    assert shown["series"] == ["Oz"]
    assert "series_number" not in shown
