"""How an asset reports: counts under stable keys, a small sample table, pages where a person would rather read.

Belongs here: the form of metadata. Does not belong here: what is counted, how a page is written (pages). Nothing else
makes Markdown of texts, since they come from strangers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from mam_assets.assets.pages import Page

SAMPLE_ROWS = 20
CELL_LENGTH = 200


def materialised(
    counts: Mapping[str, float],
    *,
    sample: Sequence[Mapping[str, Any]] = (),
    table: str | None = None,
    rows: int | None = None,
    problems: Sequence[str] = (),
    told: Page | None = None,
    pages: Mapping[str, Page] | None = None,
) -> dg.MaterializeResult[Any]:
    """A result with every count (0, never left out: numbers plot over time), at most 20 sample rows, what a person
    would rather read (``told`` as the summary, ``pages`` under their own names), and the problems that did not stop the
    run."""
    metadata: dict[str, Any] = dict(counts)
    metadata["problems"] = len(problems)
    shown = {"summary": told or Page(), **(pages or {})}
    if problems:
        lines = list(problems[:SAMPLE_ROWS])
        if len(problems) > SAMPLE_ROWS:
            lines.append(f"… and {len(problems) - SAMPLE_ROWS} more")
        shown["problem_list"] = Page()
        shown["problem_list"].listed(lines, longest=None)
    # In the order of reading: Dagster shows them so, and a sample is long.
    metadata |= {name: dg.MetadataValue.md(page.markdown) for name, page in shown.items() if page}
    if sample:
        metadata["sample"] = sample_table(sample)
    if table:
        metadata["dagster/table_name"] = table
    if rows is not None:
        metadata["dagster/row_count"] = rows
    return dg.MaterializeResult(metadata=metadata)


def sample_table(rows: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """The first rows as a table; every cell as text, number or nothing, since events keep them for ever."""
    records = [dg.TableRecord({key: _cell(value) for key, value in row.items()}) for row in rows[:SAMPLE_ROWS]]
    return dg.MetadataValue.table(records)


def _cell(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | bool | int | float):
        return value[:CELL_LENGTH] if isinstance(value, str) else value
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)[:CELL_LENGTH]
    return str(value)[:CELL_LENGTH]
