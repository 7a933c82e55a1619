"""`mam export`: what is kept, as a file that other programs read.

Does not belong here: the SQL and the form of the rows (store/questions.py).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mam_assets.settings import Settings
from mam_assets.store import questions


def export_failures(settings: Settings, output: Path | None) -> int:
    """Write the tally of failures as CSV to a file, or to standard output; returns the number of rows.

    The file gets its name when it is whole. Raises DatabaseUnavailable.
    """
    from mam_assets.resources.database import connect

    engine = connect(settings)
    try:
        with engine.connect() as connection:
            if output is None:
                return questions.write_failures(connection, sys.stdout)
            unfinished = output.with_name(f".{output.name}.unfinished")
            try:
                with unfinished.open("w", encoding="utf-8", newline="") as file:
                    written = questions.write_failures(connection, file)
                os.replace(unfinished, output)
            finally:
                unfinished.unlink(missing_ok=True)
            return written
    finally:
        engine.dispose()
