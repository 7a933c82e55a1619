-- The three views. A step that changes a column they read drops them first and runs this file again after.

CREATE VIEW series_completion_summary AS
SELECT
    series.id AS series_id,
    series.name,
    series.author,
    series.total_books_in_series,
    series.books_owned,
    series.books_missing,
    series.completion_percentage,
    series.completion_status,
    series.last_completion_check,
    coalesce(gaps.open, 0) AS open_gaps,
    coalesce(gaps.upcoming, 0) AS upcoming,
    coalesce(gaps.held, 0) AS held,
    coalesce(gaps.active, 0) AS active,
    coalesce(gaps.ignored, 0) AS ignored
FROM series
LEFT JOIN (
    SELECT
        series_id,
        count(*) FILTER (WHERE download_status NOT IN ('upcoming', 'ignored')) AS open,
        count(*) FILTER (WHERE download_status = 'upcoming') AS upcoming,
        count(*) FILTER (WHERE download_status = 'held') AS held,
        count(*) FILTER (WHERE download_status IN ('queued', 'downloading', 'completed')) AS active,
        count(*) FILTER (WHERE download_status = 'ignored') AS ignored
    FROM missing_books
    WHERE closed_date IS NULL
    GROUP BY series_id
) AS gaps ON gaps.series_id = series.id;

COMMENT ON VIEW series_completion_summary IS 'Completion of each series as last checked, with its gaps as they are now';

CREATE VIEW author_completion_summary AS
SELECT
    authors.id AS author_id,
    authors.name,
    authors.total_audiobooks_external,
    authors.audiobooks_owned,
    authors.audiobooks_missing,
    CASE
        WHEN authors.total_audiobooks_external > 0
        THEN trunc(100.0 * authors.audiobooks_owned / authors.total_audiobooks_external, 2)  -- 999 of 1,000 is not all
    END AS completion_percentage,
    authors.completion_status,
    authors.last_completion_check,
    coalesce(gaps.open, 0) AS open_gaps,
    coalesce(gaps.upcoming, 0) AS upcoming,
    coalesce(gaps.held, 0) AS held,
    coalesce(gaps.active, 0) AS active,
    coalesce(gaps.ignored, 0) AS ignored
FROM authors
LEFT JOIN (
    SELECT
        author_id,
        count(*) FILTER (WHERE download_status NOT IN ('upcoming', 'ignored')) AS open,
        count(*) FILTER (WHERE download_status = 'upcoming') AS upcoming,
        count(*) FILTER (WHERE download_status = 'held') AS held,
        count(*) FILTER (WHERE download_status IN ('queued', 'downloading', 'completed')) AS active,
        count(*) FILTER (WHERE download_status = 'ignored') AS ignored
    FROM missing_books
    WHERE closed_date IS NULL
    GROUP BY author_id
) AS gaps ON gaps.author_id = authors.id;

COMMENT ON VIEW author_completion_summary IS 'Completion of each author as last checked, with the gaps as they are now';

CREATE VIEW recent_failed_downloads AS
SELECT
    downloads.id AS download_id,
    downloads.missing_book_id,
    downloads.release_id,
    downloads.title,
    downloads.author,
    downloads.source,
    downloads.status,
    downloads.failure_code,
    downloads.failure_reason,
    downloads.abs_import_error,
    downloads.retry_count,
    downloads.max_retries,
    coalesce(downloads.last_attempt, downloads.date_queued) AS last_attempt,
    downloads.next_retry,
    releases.title AS release_title,
    missing_books.download_status AS gap_status
FROM downloads
LEFT JOIN releases ON releases.id = downloads.release_id
LEFT JOIN missing_books ON missing_books.id = downloads.missing_book_id
WHERE
    downloads.status IN ('failed', 'abandoned')
    AND coalesce(downloads.last_attempt, downloads.date_queued) >= now() - interval '30 days';

COMMENT ON VIEW recent_failed_downloads IS 'Downloads that failed or were abandoned within 30 days';
