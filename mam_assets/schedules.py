"""When the jobs run, in the person's own time zone (spec.md section 4). Acquisition is a sensor: it runs when work
is due."""

from __future__ import annotations

import dagster as dg

from mam_assets import jobs


def build_schedules(timezone: str) -> tuple[dg.ScheduleDefinition, ...]:
    """The seven schedules. All run by default; the UI's switch overrules the code once it has been used."""

    def at(name: str, cron: str, job: object, description: str) -> dg.ScheduleDefinition:
        return dg.ScheduleDefinition(
            name=name,
            cron_schedule=cron,
            target=job,  # type: ignore[arg-type]
            execution_timezone=timezone,
            description=description,
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )

    return (
        at("daily_mam_scan", "0 2 * * *", jobs.mam_scan, "Every day at 02:00: new uploads on MAM."),
        at("weekly_genre_top10", "0 3 * * 0", jobs.genre_top10, "Sunday 03:00: the week's top ten of each genre."),
        at("monthly_metadata_refresh", "0 4 1 * *", jobs.metadata_full, "The 1st at 04:00: metadata of every book."),
        at("weekly_metadata_of_new_books", "30 4 * * 0", jobs.metadata_new, "Sunday 04:30: metadata of new books."),
        at("monthly_series_completion", "0 3 2 * *", jobs.series_completion, "The 2nd at 03:00: gaps in series."),
        at("monthly_author_completion", "0 3 3 * *", jobs.author_completion, "The 3rd at 03:00: gaps in authors."),
        at("nightly_retry_and_clean_up", "0 1 * * *", jobs.nightly, "Every day at 01:00: due retries, then upkeep."),
    )
