"""The words that status, reason and source columns may hold, for the CHECK constraints and for whoever writes.

Belongs here: closed lists of values. Does not belong here: what follows from a value (domain).
"""

from __future__ import annotations

from mam_assets.domain.lifecycle import LEGAL_MOVES

BOOK_STATUSES = ("active", "discovered", "duplicate", "archived")
IMPORT_SOURCES = ("user_import", "mam_scraper", "series_completion", "author_discovery", "top10", "request")
COMPLETION_STATUSES = ("complete", "partial", "incomplete", "unknown")
SOURCES = ("GoogleBooks", "Goodreads", "Audible", "MAM", "Prowlarr", "Audiobookshelf", "Manual")
CORRECTION_SOURCES = ("GoogleBooks", "Goodreads", "Audible", "MAM", "Audiobookshelf", "Manual")

ANSWER_VERDICTS = ("matched", "refused", "nothing")

CATALOG_KINDS = ("primary", "novella", "collection", "part", "companion", "summary", "translation")
CATALOG_STATUSES = ("unjudged", "owned", "missing", "upcoming", "not_wanted")

MISSING_REASONS = ("series_gap", "author_gap", "top10", "request")
MISSING_STATUSES = ("identified", "upcoming", "held", "queued", "downloading", "completed", "failed", "ignored")

MEDIA = ("audiobook", "ebook", "music", "radio", "video", "unknown")
RELEASE_SOURCES = ("MAM", "Prowlarr", "Manual")
VERDICTS = ("accept", "hold", "refuse")
DOWNLOAD_STATUSES = ("queued", "downloading", "completed", "failed", "abandoned")
IMPORT_STATUSES = ("pending", "imported", "import_failed")
IMPORT_METHODS = ("link", "copy", "in_place")
OUTBOX_STATES = ("intended", "confirmed", "abandoned")
TOP10_OUTCOMES = ("owned", "wanted", "active", "failed", "ignored", "doubtful", "refused")
UPLOAD_OUTCOMES = ("discovered", "known", "owned", "doubtful", "refused")

TASK_NAMES = (
    "MAM",
    "TOP10",
    "METADATA_FULL",
    "METADATA_NEW",
    "SERIES",
    "AUTHOR",
    "DOWNLOAD",
    "IMPORT",
    "RETRY",
    "CLEANUP",
)
TASK_STATUSES = ("queued", "running", "succeeded", "failed", "canceled", "skipped")
SERVICE_STATUSES = ("unknown", "healthy", "limited", "blocked", "unauthorised", "down")
ROLES = ("viewer", "operator", "admin")

DOWNLOAD_MOVES = tuple((before.value, after.value) for before, ways in LEGAL_MOVES.items() for after in sorted(ways))
"""The legal moves of downloads.status, as domain.lifecycle has them; the database refuses every other. completed →
failed is for an import that finds the files damaged, abandoned → queued for a person."""
