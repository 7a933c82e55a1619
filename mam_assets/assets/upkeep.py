"""Group upkeep: what is kept, what is trimmed, what keeps failing. Our tables and Dagster's own."""

from datetime import timedelta
from typing import Any

import dagster as dg

from mam_assets.assets.imports import imports
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import materialised
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.store import history as past
from mam_assets.store import questions, services

CHRONIC = 3


@dg.asset(group_name="upkeep", kinds={"postgres"}, deps=[imports], owners=["team:library"])
def history(
    context: dg.AssetExecutionContext, database: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]
) -> dg.MaterializeResult[Any]:
    """Task runs, corrections and API calls older than 30 days are deleted, and so are Dagster's own events; failures
    are kept for ever. Reported as counts."""
    started = clock.now()
    with database.begin() as connection:
        counts = past.trim(connection, started)
        counts["dagster_events_deleted"] = past.trim_dagster(connection, started)
        counts["budgets_deleted"] = services.forget_budgets(connection, started - past.KEPT_FOR)
        counts["lookups_expired"] = services.forget_answers(connection, started - timedelta(days=1))
        past.record_task(
            connection,
            past.TaskRun(
                task_name="CLEANUP",
                run_id=context.run.run_id,
                status="succeeded",
                start=started,
                end=clock.now(),
                processed=sum(counts.values()),
                succeeded=sum(counts.values()),
                metadata=dict(counts),
            ),
        )
    return materialised(counts, table="tasks")


@dg.asset(group_name="upkeep", kinds={"postgres"}, deps=[history], owners=["team:library"])
def failure_report(database: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]) -> dg.MaterializeResult[Any]:
    """What keeps failing, and whether it gets better: chronic failures, and failures per week."""
    with database.begin() as connection:
        chronic = questions.chronic_failures(connection, at_least=CHRONIC)
        weeks = questions.failures_per_week(connection, clock.now())
        due = questions.retries_due(connection, clock.now())
    per_week = Page()
    per_week.table(("week", "new", "last seen"), [(week.week, week.new, week.last) for week in weeks])
    return materialised(
        {
            "chronic_failures": len(chronic),
            "new_failures_this_week": weeks[-1].new if weeks else 0,
            "retries_due": len(due),
        },
        sample=[{"task": c.task_name, "what": c.item_name, "reasons": c.reasons, "times": c.attempts} for c in chronic],
        table="failed_attempts",
        pages={"failures_per_week": per_week},
    )
