"""The gaps of two series that were one: each to the series that lacks the work, and none for two works.

Belongs here: SQL on missing_books when a merge is undone. Does not belong here: everything else that goes back
(series_giving_back), which works are lacking (the next judging tells).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB


def give_gaps_back(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """The gaps that the dropped series had, and those opened since for works that now only it has; how many of both.
    What was one gap for two works, since they had one place, is two again. ``moved`` is what the merge kept in
    `series_merges.moved`, ``given`` has the ids ``kept`` and ``restored``."""
    had = connection.execute(
        text(
            """
            UPDATE missing_books SET series_id = :restored
            WHERE series_id = :kept AND id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        dict(given) | {"ids": [gap["id"] for gap in moved["gaps"]]},
    ).rowcount
    since = connection.execute(
        text(
            """
            UPDATE missing_books m SET series_id = :restored,
                   series_name = CASE m.series_name WHEN k.name THEN r.name ELSE m.series_name END
            FROM series k, series r
            WHERE k.id = :kept AND r.id = :restored AND m.series_id = k.id
              AND NOT m.id = ANY(CAST(:had AS bigint[]))
              AND EXISTS (SELECT FROM catalog_entries c
                          WHERE c.series_id = r.id AND c.title = ANY(m.other_titles || m.title))
              AND NOT EXISTS (SELECT FROM catalog_entries c
                              WHERE c.series_id = k.id AND c.title = ANY(m.other_titles || m.title))
            """
        ),
        dict(given) | {"had": [gap["id"] for gap in moved["kept_gaps"]]},
    ).rowcount
    _forget_the_other(connection, given)
    _separate(connection, moved, given)
    return had + since


def _forget_the_other(connection: Connection, given: Mapping[str, Any]) -> None:
    """A gap forgets what it learnt of a work of the other series: it would stand for that work too, which nobody would
    look for then."""
    connection.execute(
        text(
            """
            WITH told AS (
                SELECT c.series_id, v.told FROM catalog_entries c
                CROSS JOIN LATERAL (VALUES (c.title), (c.isbn), (c.asin), (c.goodreads_id)) AS v (told)
                WHERE c.series_id IN (:kept, :restored) AND v.told IS NOT NULL
            ), of_one AS (
                SELECT min(series_id) AS series_id, told FROM told GROUP BY told HAVING count(DISTINCT series_id) = 1
            )
            UPDATE missing_books m SET other_titles = n.titles, isbn = n.isbn, asin = n.asin,
                   goodreads_id = n.goodreads_id
            FROM (
                SELECT o.id,
                       ARRAY(SELECT name FROM unnest(o.other_titles) name WHERE NOT name = ANY(f.foreign_)) AS titles,
                       CASE WHEN o.isbn = ANY(f.foreign_) THEN NULL ELSE o.isbn END AS isbn,
                       CASE WHEN o.asin = ANY(f.foreign_) THEN NULL ELSE o.asin END AS asin,
                       CASE WHEN o.goodreads_id = ANY(f.foreign_) THEN NULL ELSE o.goodreads_id END AS goodreads_id
                FROM missing_books o
                JOIN (SELECT s.id, ARRAY(SELECT told FROM of_one WHERE of_one.series_id <> s.id) AS foreign_
                      FROM series s WHERE s.id IN (:kept, :restored)) f ON f.id = o.series_id
                WHERE o.closed_date IS NULL
            ) n
            WHERE m.id = n.id AND (m.other_titles, m.isbn, m.asin, m.goodreads_id)
                  IS DISTINCT FROM (n.titles, n.isbn, n.asin, n.goodreads_id)
            """
        ),
        given,
    )


def _separate(connection: Connection, moved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Two gaps, one of each series, that were joined since: both are open again, each with a person's word on it."""
    gaps = [
        {"id": gap["id"], "status": gap["status"], "restored": restored}
        for restored, side in ((True, moved["gaps"]), (False, moved["kept_gaps"]))
        for gap in side
        if gap["open"]
    ]
    connection.execute(
        text(
            """
            WITH before AS (
                SELECT * FROM jsonb_to_recordset(CAST(:gaps AS jsonb)) AS v (id bigint, status text, restored boolean)
            ), joined AS (
                SELECT d.id, kept.id AS kept_id, kept.status AS kept_status, mine.status
                FROM missing_books d JOIN before mine ON mine.id = d.id
                JOIN before kept ON kept.id = d.same_as AND kept.restored <> mine.restored
                WHERE d.closed_date IS NOT NULL AND NOT EXISTS (
                    SELECT FROM missing_books o WHERE o.work_key = d.work_key AND o.closed_date IS NULL)
            ), opened AS (
                UPDATE missing_books d SET closed_date = NULL, same_as = NULL FROM joined WHERE d.id = joined.id
            )
            -- the one that stood for both was ignored for the sake of the other
            UPDATE missing_books m SET download_status = joined.kept_status FROM joined
            WHERE m.id = joined.kept_id AND m.download_status = 'ignored' AND joined.status = 'ignored'
              AND joined.kept_status IN ('identified', 'upcoming', 'held', 'failed')
            """
        ).bindparams(bindparam("gaps", type_=JSONB)),
        {"gaps": gaps},
    )
