"""Authors that are nobody ("Unknown", "Various", "Anon", "N/A"), as earlier versions stored them: taken away.

Belongs here: SQL that unties such a row from all that refers to it. Does not belong here: which names are nobody's
(domain/authors.py); that none is stored any more is seen to where authors are stored (memberships).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.authors import NOBODY_RULES, is_nobody
from mam_assets.store import marks

MARK = "nobodies"


def take_away(connection: Connection, now: datetime) -> int:
    """Remove the authors whose name is nobody's, once for each version of the rules; returns how many. Their books stay
    and keep the words of their tags; what a catalogue of such a name listed goes, and a gap that was wanted for it
    alone is closed. One to whom a person gave another name stays: it means somebody."""
    done = marks.get(connection, MARK)
    if done is not None and done["rules"] >= NOBODY_RULES:
        return 0
    rows = connection.execute(text("SELECT id, name FROM authors WHERE cardinality(aliases) = 0 ORDER BY id"))
    ids = [row.id for row in rows if is_nobody(row.name)]
    if ids:
        for statement in _STEPS:
            connection.execute(text(statement), {"ids": ids, "now": now} if ":now" in statement else {"ids": ids})
    marks.put(connection, MARK, {"rules": NOBODY_RULES}, now)
    return len(ids)


_IDS = "CAST(:ids AS bigint[])"
_STEPS = (
    # The next author of a book moves up, and the book goes by that one's key, or by none.
    f"""
    WITH touched AS (
        SELECT DISTINCT book_id FROM book_authors WHERE author_id = ANY({_IDS})
    ), left_over AS (
        SELECT ba.book_id, ba.author_id, row_number() OVER (PARTITION BY ba.book_id ORDER BY ba.ordinal) - 1 AS ordinal
        FROM touched JOIN book_authors ba USING (book_id) WHERE NOT ba.author_id = ANY({_IDS})
    ), moved AS (
        UPDATE book_authors ba SET ordinal = l.ordinal
        FROM left_over l WHERE l.book_id = ba.book_id AND l.author_id = ba.author_id AND ba.ordinal <> l.ordinal
    )
    UPDATE books b SET author_key = coalesce(a.name_key, '')
    FROM touched LEFT JOIN left_over l ON l.book_id = touched.book_id AND l.ordinal = 0
    LEFT JOIN authors a ON a.id = l.author_id
    WHERE b.id = touched.book_id AND b.author_key <> coalesce(a.name_key, '')
    """,
    f"DELETE FROM book_authors WHERE author_id = ANY({_IDS})",
    # Two series of one name and of nobody would be one row; that they are one is decided elsewhere.
    f"""
    UPDATE series s SET author_key = ''
    FROM (SELECT DISTINCT ON (name_key) id FROM series WHERE author_id = ANY({_IDS}) ORDER BY name_key, id) first
    WHERE s.id = first.id AND s.author_key <> ''
      AND NOT EXISTS (SELECT FROM series o WHERE o.name_key = s.name_key AND o.author_key = '')
    """,
    f"UPDATE series SET author_id = NULL, author = NULL WHERE author_id = ANY({_IDS})",
    f"DELETE FROM catalog_entries WHERE author_id = ANY({_IDS})",
    f"DELETE FROM author_searches WHERE author_id = ANY({_IDS})",
    f"""
    UPDATE missing_books
    SET closed_date = CASE WHEN reasons <@ ARRAY['author_gap'] THEN CAST(:now AS timestamptz) END,
        reasons = CASE WHEN reasons <@ ARRAY['author_gap'] THEN reasons ELSE array_remove(reasons, 'author_gap') END
    WHERE author_id = ANY({_IDS}) AND closed_date IS NULL AND 'author_gap' = ANY(reasons)
      AND download_status IN ('identified', 'upcoming', 'held', 'failed')
    """,
    f"UPDATE missing_books SET author_id = NULL WHERE author_id = ANY({_IDS})",
    f"DELETE FROM authors WHERE id = ANY({_IDS})",
)
