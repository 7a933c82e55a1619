"""A small library in which every question that `mam why` answers comes up once, filled by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from mam_assets.store import tables as t

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET_LINK = "https://indexer.example/file?apikey=topsecret"


def puzzle(connection: Connection) -> dict[str, int]:
    """Fills the tables; returns ids by a short name."""

    def add(table: type[t.Base], **values: Any) -> int:
        return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())

    ids: dict[str, int] = {}
    baum = ids["baum"] = add(t.Author, name="L. Frank Baum", name_key="l frank baum")
    oz = ids["oz"] = add(
        t.Series, name="Oz", name_key="oz", author="L. Frank Baum", author_id=baum, goodreads_id="41212"
    )
    for name, source in (("Oz", "Goodreads"), ("The Oz Books", "Audiobookshelf")):
        connection.execute(insert(t.SeriesName).values(series_id=oz, name=name, source=source))
    ids["merge"] = add(
        t.SeriesMerge,
        kept_id=oz,
        dropped_name="The Oz Books",
        rule="decoration",
        evidence="both have 'Ozma of Oz' at 3",
        merged_at=NOW - DAY,
        merged_by="series_catalog",
    )
    common: dict[str, Any] = {"author": "L. Frank Baum", "authors": ["L. Frank Baum"], "author_key": "l frank baum"}
    ozma = ids["ozma"] = add(
        t.Book,
        abs_id="li_ozma",
        title="Ozma of Oz",
        title_key="ozma of oz",
        rel_path="L. Frank Baum/Oz/Vol 3 - Ozma of Oz",
        series="Oz",
        series_number="3",
        publisher="Reilly & Britton",
        narrator="A Reader",
        duration_minutes=250.4,
        metadata_completeness_percent=55,
        metadata_source={"publisher": "GoogleBooks", "title": "Manual"},
        metadata_times={"publisher": "2026-03-10T12:00:00+00:00"},
        locked_fields=["title"],
        last_metadata_update=NOW - DAY,
        last_seen_at=NOW,
        **common,
    )
    connection.execute(insert(t.BookSeries).values(book_id=ozma, series_id=oz, position="3"))
    ids["twin"] = add(
        t.Book,
        abs_id="li_twin",
        title="Ozma of Oz",
        title_key="ozma of oz",
        status="duplicate",
        duplicate_of=ozma,
        **common,
    )
    box = ids["box"] = add(
        t.Book, abs_id="li_box", title="The Oz Box", title_key="oz box", series="Oz", series_number="1-2", **common
    )
    ids["correction"] = add(
        t.MetadataCorrection,
        book_id=ozma,
        field_name="publisher",
        old_value="R. & B.",
        new_value="Reilly & Britton",
        source="GoogleBooks",
        reason="GoogleBooks is trusted over file tags",
        correction_date=NOW - DAY,
        corrected_by="book_metadata",
    )
    for source, verdict, evidence in (
        ("GoogleBooks", "matched", "title and author agree"),
        ("Goodreads", "refused", "'Ozma of Oz: A Study Guide' is about another work"),
        ("Audible", "nothing", ""),
    ):
        connection.execute(
            insert(t.MetadataAnswer).values(
                book_id=ozma, source=source, verdict=verdict, evidence=evidence, asked_at=NOW - DAY
            )
        )

    def entry(key: str, title: str, source: str = "Goodreads", **values: Any) -> int:
        ids[key] = add(
            t.CatalogEntry,
            series_id=oz,
            source=source,
            source_key=key,
            title=title,
            authors=["L. Frank Baum"],
            **values,
        )
        return ids[key]

    entry("wizard", "The Wonderful Wizard of Oz", position="1", status="owned", rule="range_covers", book_id=box,
          reason="'The Oz Box' in the library holds 1-2")  # fmt: skip
    entry("guide", "The Road to Oz: A Study Guide", kind="summary", status="not_wanted", rule="summary",
          reason="it is about another work")  # fmt: skip
    speaking = entry("glinda", "Glinda of Oz", position="14", status="missing", rule="no_book", published="1920",
                     reason="no book of the library is 'Glinda of Oz' (14)",
                     disagreements={"position": {"Goodreads": "14", "MAM": "15", "decided": "speaker"}})  # fmt: skip
    entry("glinda_mam", "Glinda of Oz", "MAM", position="15", status="missing", rule="no_book", same_as=speaking,
          audiobook=True, reason="no book of the library is 'Glinda of Oz' (14)")  # fmt: skip

    def gap(key: str, title: str, status: str, **values: Any) -> int:
        ids[key] = add(
            t.MissingBook,
            work_key=key,
            title=title,
            author_name="L. Frank Baum",
            authors=["L. Frank Baum"],
            author_id=baum,
            series_id=oz,
            series_name="Oz",
            reason_missing="series_gap",
            reasons=["series_gap"],
            download_status=status,
            identified_date=NOW - 9 * DAY,
            **values,
        )
        return ids[key]

    glinda = gap("gap_glinda", "Glinda of Oz", "failed", series_number="14")
    connection.execute(
        insert(t.GapSearch).values(missing_book_id=glinda, searches=2, found=2, last_search=NOW - DAY, next_search=NOW)
    )
    connection.execute(insert(t.AuthorSearch).values(author_id=baum, source="MAM", searched_at=NOW - DAY, found=7))
    for guid, verdict, code in (("1", "accept", "right_work"), ("2", "refuse", "wrong_author")):
        ids[f"release_{verdict}"] = release = add(
            t.Release, source="Prowlarr", guid=f"{SECRET_LINK}&n={guid}", title=f"Glinda {verdict}",
            download_url=SECRET_LINK)  # fmt: skip
        add(
            t.ReleaseDecision,
            missing_book_id=glinda,
            release_id=release,
            verdict=verdict,
            reasons=[{"code": code, "evidence": f"evidence of {code}"}],
            rules_version="7",
        )
    download = add(
        t.Download,
        missing_book_id=glinda,
        release_id=ids["release_accept"],
        title="Glinda of Oz",
        source="Prowlarr",
        status="failed",
        failure_reason="stalled for 24 h",
        retry_count=1,
        next_retry=NOW + 3 * DAY,
        torrent_url=SECRET_LINK,
        qbittorrent_hash="ab" * 20,
    )
    connection.execute(update(t.MissingBook).where(t.MissingBook.id == glinda).values(download_id=download))
    for task, item, reason, details in (
        ("DOWNLOAD", download, "stalled", "no byte came for 24 h"),
        ("DOWNLOAD", download + 1, "stalled", "of another download"),
        ("METADATA_NEW", download, "crashed", "of another kind"),
    ):
        add(t.FailedAttempt, task_name=task, item_id=str(item), item_name="Glinda of Oz", reason=reason,
            error_details=details, attempt_count=2, first_attempt=NOW - 3 * DAY, last_attempt=NOW - DAY)  # fmt: skip
    add(t.BlockedRelease, missing_book_id=glinda, release_id=ids["release_accept"], guid_key="hash:" + "ab" * 20,
        reason="stalled")  # fmt: skip
    gap("gap_ozma", "Ozma of Oz", "completed", closed_date=NOW - 2 * DAY, book_id=ozma)
    gap("gap_new", "The Royal Book of Oz", "upcoming", published="2027-01-01")
    gap("gap_held", "Rinkitink in Oz", "held", hold_reason="only doubtful releases are offered; see the decisions")
    gap("gap_ignored", "Tik-Tok of Oz", "ignored")
    free = gap("gap_free", "The Lost Princess of Oz", "identified")
    found = ids["found"] = add(t.Book, title="The Magic of Oz", title_key="magic of oz", status="discovered",
                               import_source="mam_scraper", **common)  # fmt: skip
    for guid, title, values in (
        ("11", "The Lost Princess", {"missing_book_id": free, "outcome": "known", "reason": "a gap: not searched yet"}),
        ("12", "The Magic of Oz", {"book_id": found, "outcome": "discovered", "reason": "neither owned nor known"}),
    ):
        upload = add(t.Release, source="MAM", guid=guid, title=title, seeders=9, added_at=NOW - DAY)
        connection.execute(insert(t.MamUpload).values(release_id=upload, seen_at=NOW, **values))
    connection.execute(
        insert(t.ServiceState).values(
            service="mam", status="limited", retry_at=NOW + DAY, last_error="it asked to be left alone"
        )
    )
    return ids
