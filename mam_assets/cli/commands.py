"""The commands and their options. Each imports what it needs when it is chosen; errors of ours become one line and an
exit code: 1 something failed, 2 the settings are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Keeps an Audiobookshelf library right and complete.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
export = typer.Typer(help="Write what is kept to a file.", no_args_is_help=True)
app.add_typer(export, name="export")
series = typer.Typer(help="Say which series are one.", no_args_is_help=True)
app.add_typer(series, name="series")
author = typer.Typer(help="Say under which names an author writes.", no_args_is_help=True)
app.add_typer(author, name="author")
genres = typer.Typer(help="Say which genres are watched.", no_args_is_help=True)
app.add_typer(genres, name="genres")

_OnlyOnce = Annotated[bool, typer.Option("--once", help="Stop after the report.")]
_Fresh = Annotated[bool, typer.Option("--fresh", help="Forget what earlier demos did.")]
_UiPort = Annotated[int, typer.Option("--port-ui", min=0, max=65535, help="Port of the Dagster UI, if it is free.")]
_ApiPort = Annotated[int, typer.Option("--port-api", min=0, max=65535, help="Port of the API, if it is free.")]
_Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; the terminal without one.")]

_Title = Annotated[str, typer.Argument(help="A title or a part of one, or an id: book:12, gap:7, work:31.")]
_ByAuthor = Annotated[
    str | None, typer.Option("--author", help="Only works by this author; a part of the name is enough.")
]
_InSeries = Annotated[
    str | None, typer.Option("--series", help="Only works of this series; a part of the name is enough.")
]
_Series = Annotated[str, typer.Argument(help="A series, by its number or its name.")]
_Merge = Annotated[int, typer.Argument(help="The number of the merge, as `mam series list` shows it.")]
_OtherName = Annotated[str, typer.Argument(help="The pen name, or another spelling.")]
_Author = Annotated[str, typer.Argument(help="The author, as the library names them.")]
_Remove = Annotated[bool, typer.Option("--remove", help="Take the other name back.")]
_Genre = Annotated[str, typer.Argument(help="A genre's name, as `mam genres list` shows it.")]
_Categories = Annotated[
    str, typer.Option("--categories", help="MAM's categories by number or name, comma separated: 41,Urban Fantasy.")
]
_OtherCategories = Annotated[
    str | None, typer.Option("--categories", help="MAM's categories by number or name, comma separated.")
]
_Places = Annotated[int | None, typer.Option("--places", help="Ranks of the weekly list, 0 to 10.")]
_OnLists = Annotated[bool | None, typer.Option("--top10/--no-top10", help="Whether it has a weekly list.")]
_Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]

_Correction = Annotated[int | None, typer.Argument(help="The number of a correction, as `mam why` shows it.")]
_OfRun = Annotated[str | None, typer.Option("--run", help="All that stand of this Dagster run.")]
_OfBook = Annotated[str | None, typer.Option("--book", help="All that stand of this book: its title or id.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
_Book = Annotated[str, typer.Argument(help="A book, by its title or its id.")]
_Field = Annotated[str, typer.Argument(help="A field, such as narrator or published_year.")]
_Value = Annotated[str | None, typer.Argument(help='What it shall hold; "" for nothing. Without one: what it holds.')]


@app.command()
def demo(once: _OnlyOnce = False, fresh: _Fresh = False, port_ui: _UiPort = 3000, port_api: _ApiPort = 8000) -> None:
    """Run the whole flow over a world of public-domain books, on this machine alone."""
    with _told_in_one_line() as console:
        from mam_assets.cli import demo as show
        from mam_assets.settings import load_settings

        folder = load_settings().data_dir.resolve() / "demo"
        code = show.run(console, folder, show.Wishes(once, fresh, port_ui, port_api))
    raise typer.Exit(code)


@app.command()
def up() -> None:
    """Run against your own services, as `.env` names them, until Ctrl-C."""
    with _told_in_one_line() as console:
        from mam_assets.cli import up as system
        from mam_assets.settings import load_settings

        system.run(console, load_settings())


@app.command()
def doctor() -> None:
    """Check every credential, version, path, limit and clock, and say what to mend. Changes nothing."""
    with _told_in_one_line() as console:
        from mam_assets.cli import doctor as examination

        code = examination.run(console)
    raise typer.Exit(code)


@app.command()
def why(title: _Title, author: _ByAuthor = None, series: _InSeries = None, json: _Json = False) -> None:
    """Show why a book is as it is, or why a work is owned, missing or not wanted: rows, sources, rules, decisions."""
    with _told_in_one_line() as console:
        from mam_assets.cli import why as explanation
        from mam_assets.settings import load_settings

        asked = explanation.Asked(title, author, series)
        code = explanation.run(console, load_settings(), asked, as_json=json)
    raise typer.Exit(code)


@app.command()
def revert(number: _Correction = None, run: _OfRun = None, book: _OfBook = None, dry_run: _DryRun = False) -> None:
    """Undo a correction of metadata, or all of a run or a book. The fields are locked, since you decided."""
    with _told_in_one_line() as console:
        from mam_assets.cli import corrections
        from mam_assets.settings import load_settings

        code = corrections.revert(console, load_settings(), number, run_id=run, book=book, dry_run=dry_run)
    raise typer.Exit(code)


@app.command()
def lock(book: _Book, field: _Field, value: _Value = None) -> None:
    """Settle a field of a book: no source changes it any more."""
    with _told_in_one_line() as console:
        from mam_assets.cli import corrections
        from mam_assets.settings import load_settings

        code = corrections.lock(console, load_settings(), book, field, value)
    raise typer.Exit(code)


@app.command()
def unlock(book: _Book, field: _Field) -> None:
    """Leave a field of a book to the sources again."""
    with _told_in_one_line() as console:
        from mam_assets.cli import corrections
        from mam_assets.settings import load_settings

        code = corrections.unlock(console, load_settings(), book, field)
    raise typer.Exit(code)


@export.command()
def failures(output: _Output = None) -> None:
    """The tally of everything that ever failed, as CSV."""
    with _told_in_one_line() as console:
        from mam_assets.cli.exporting import export_failures
        from mam_assets.settings import load_settings

        written = export_failures(load_settings(), output)
        if output is not None:
            console.print(f"{written} failures written to {output}", soft_wrap=True, markup=False)


@series.command("list")
def list_series() -> None:
    """The series that were merged, and the pairs that look alike and wait for your word."""
    with _told_in_one_line() as console:
        from mam_assets.cli import identities
        from mam_assets.settings import load_settings

        identities.show(console, load_settings())


@series.command()
def merge(keep: _Series, drop: _Series) -> None:
    """Make the second series part of the first."""
    with _told_in_one_line() as console:
        from mam_assets.cli import identities
        from mam_assets.settings import load_settings

        identities.merge(console, load_settings(), keep, drop)


@series.command()
def unmerge(number: _Merge) -> None:
    """Undo a merge; no rule makes it again."""
    with _told_in_one_line() as console:
        from mam_assets.cli import identities
        from mam_assets.settings import load_settings

        identities.unmerge(console, load_settings(), number)


@series.command()
def apart(first: _Series, second: _Series) -> None:
    """Say that two series are not one; they are asked about no more."""
    with _told_in_one_line() as console:
        from mam_assets.cli import identities
        from mam_assets.settings import load_settings

        identities.apart(console, load_settings(), first, second)


@author.command()
def alias(other_name: _OtherName, name: _Author, remove: _Remove = False) -> None:
    """Say that an author also writes under another name."""
    with _told_in_one_line() as console:
        from mam_assets.cli import identities
        from mam_assets.settings import load_settings

        identities.alias(console, load_settings(), other_name, name, remove=remove)


@genres.command("list")
def list_genres() -> None:
    """Every genre: whether it is watched, its weekly list, its MAM categories."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled
        from mam_assets.settings import load_settings

        settled.show(console, load_settings())


@genres.command()
def categories() -> None:
    """MAM's categories of audiobooks with their numbers."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled

        settled.show_categories(console)


@genres.command()
def enable(name: _Genre) -> None:
    """Watch a genre: in the daily scan, and with a weekly list."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled
        from mam_assets.settings import load_settings

        settled.change(console, load_settings(), name, enabled=True, in_top10=True)


@genres.command()
def disable(name: _Genre) -> None:
    """Watch a genre no longer. What it brought stays."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled
        from mam_assets.settings import load_settings

        settled.change(console, load_settings(), name, enabled=False)


@genres.command("set")
def set_genre(
    name: _Genre, categories: _OtherCategories = None, places: _Places = None, top10: _OnLists = None
) -> None:
    """Change a genre's MAM categories, or its weekly list."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled
        from mam_assets.settings import load_settings

        settled.change(console, load_settings(), name, in_top10=top10, categories=categories, places=places)


@genres.command("add")
def add_genre(name: _Genre, categories: _Categories) -> None:
    """Make a new genre of MAM's categories, and watch it."""
    with _told_in_one_line() as console:
        from mam_assets.cli import genres as settled
        from mam_assets.settings import load_settings

        settled.add(console, load_settings(), name, categories)


@contextmanager
def _told_in_one_line() -> Iterator[Console]:
    """A console to print to; errors of ours end the command with their message instead of a trace."""
    from pydantic import ValidationError
    from rich.console import Console

    from mam_assets.cli.doctor import settings_problems

    try:
        yield Console()
    except ValidationError as error:
        for words in settings_problems(error):
            typer.echo(f"Settings: {words}", err=True)
        raise typer.Exit(2) from None
    except Exception as error:
        if not _is_ours(error):
            raise
        typer.echo(f"mam: {error}", err=True)
        raise typer.Exit(1) from None


def _is_ours(error: Exception) -> bool:
    """Whether the message of an error is written for the person who sees it."""
    from mam_assets.cli.demo import DemoBusy
    from mam_assets.cli.processes import ProgramFailed
    from mam_assets.cli.up import NotReady
    from mam_assets.domain.genres import GenreProblem
    from mam_assets.resources.errors import ServiceError
    from mam_assets.store.author_catalog import NoSuchAuthor
    from mam_assets.store.corrections import NotDone
    from mam_assets.store.migrations import UnknownRevision
    from mam_assets.store.series_identity import NoSuchMerge
    from mam_assets.store.server import DatabaseUnavailable

    ours = (
        DatabaseUnavailable,
        DemoBusy,
        NotDone,
        NotReady,
        ProgramFailed,
        ServiceError,
        UnknownRevision,
    )
    return isinstance(error, (*ours, GenreProblem, NoSuchAuthor, NoSuchMerge))
