"""Every table, under one name each: `from mam_assets.store import tables`, then `tables.Book`.

The definitions are in tables_library, tables_acquisition and tables_operation, the allowed words in vocabulary, the
shared shapes in base. Triggers, views and seeds are in `schema/`.
"""

from __future__ import annotations

from mam_assets.store.base import Base
from mam_assets.store.tables_acquisition import (
    AuthorSearch,
    BlockedRelease,
    CrawledGuide,
    Download,
    GapSearch,
    ImportedFile,
    MamUpload,
    MissingBook,
    OutboxEntry,
    Release,
    ReleaseDecision,
    Top10Entry,
)
from mam_assets.store.tables_keys import MissingBookKey, SeriesWorkKey
from mam_assets.store.tables_library import (
    Author,
    Book,
    BookAuthor,
    BookSeries,
    CatalogEntry,
    GenreSetting,
    MetadataAnswer,
    MetadataCorrection,
    Series,
    SeriesMerge,
    SeriesName,
)
from mam_assets.store.tables_operation import (
    ApiKey,
    ApiLog,
    FailedAttempt,
    Lookup,
    ServiceBudget,
    ServiceCookie,
    ServiceSession,
    ServiceState,
    SyncMark,
    Task,
    User,
)

metadata = Base.metadata
"""What Alembic compares the database with."""

__all__ = [
    "ApiKey",
    "ApiLog",
    "Author",
    "AuthorSearch",
    "Base",
    "BlockedRelease",
    "Book",
    "BookAuthor",
    "BookSeries",
    "CatalogEntry",
    "CrawledGuide",
    "Download",
    "FailedAttempt",
    "GapSearch",
    "GenreSetting",
    "ImportedFile",
    "Lookup",
    "MamUpload",
    "MetadataAnswer",
    "MetadataCorrection",
    "MissingBook",
    "MissingBookKey",
    "OutboxEntry",
    "Release",
    "ReleaseDecision",
    "Series",
    "SeriesMerge",
    "SeriesName",
    "SeriesWorkKey",
    "ServiceBudget",
    "ServiceCookie",
    "ServiceSession",
    "ServiceState",
    "SyncMark",
    "Task",
    "Top10Entry",
    "User",
    "metadata",
]
