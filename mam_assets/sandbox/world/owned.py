"""What stands in the Audiobookshelf library: about half of the works, as tidily or untidily as people keep them.

Belongs here: which works are owned, and each owned item's own metadata. Does not belong here: what exists (works),
what is offered (releases), how it is written to disk (layout). Narrators are invented.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from mam_assets.sandbox.world.model import OwnedItem, WorldWork
from mam_assets.sandbox.world.works import Works

NARRATORS = (
    "Margaret Ellery",
    "Tobias Wren",
    "Alasdair Penrose",
    "Ruth Okafor",
    "Henrietta Shaw",
    "Daniel Marsh",
    "Zoë Lindqvist",
    "Ivor Pemberton",
)

OWNED_VOLUMES: dict[str, tuple[str, ...]] = {
    "Barsoom": ("1", "2", "4", "5", "8"),
    "Tarzan": ("1", "2", "3", "5", "6", "8", "10"),
    "Pellucidar": ("1", "3"),
    "Allan Quatermain": ("1", "2", "5", "7", "10", "11"),
    "She": ("1",),
    "Professor Challenger": ("1", "2"),
    "Extraordinary Voyages": ("1", "3", "4", "6", "7", "9", "11", "12", "14", "17", "20"),
    "Tom Swift": ("1", "2", "4", "6", "7", "9"),
    "Sherlock Holmes": ("1", "2", "3", "5", "6", "8"),
    "Father Brown": ("1", "2", "4"),
    "Dr. Thorndyke": ("1", "3", "5"),
    "A.J. Raffles, The Gentleman Thief": ("1", "3"),
    "Arsène Lupin": ("1", "2", "6", "9"),
    "Fu Manchu": ("1",),
    "Richard Hannay": ("1", "2", "4"),
    "The Scarlet Pimpernel": ("1", "3", "4", "7"),
    "The Four Just Men": ("1", "2"),
    "Joseph Rouletabille": ("1",),
    "Oz": ("1", "2", "3", "6", "8", "10", "11", "13"),
    "Aunt Jane's Nieces": ("1", "2", "4", "7", "9"),
    "Anne of Green Gables": ("1", "3", "5", "7", "8"),
    "Emily": ("1", "2"),
    "Little Women": ("1", "2"),
    "Bastable": ("1", "2"),
    "Psammead": ("1", "2", "3"),
    "Peter Pan": ("1",),
    "Doctor Dolittle": ("1", "2", "4", "6"),
    "Alice": ("1", "2"),
    "Princess Irene": ("1",),
    "The D'Artagnan Romances": ("1", "2", "3.4"),
    "The Leatherstocking Tales": ("2", "3", "5"),
    "Chronicles of Barsetshire": ("1", "2", "3", "5"),
    "Palliser": ("1", "2", "5"),
    "The Adventures of Tom and Huck": ("1", "2", "3"),
    "David Balfour": ("1",),
}

OWNED_TITLES = (
    "The Time Machine",
    "The Invisible Man",
    "The First Men in the Moon",
    "The War in the Air",
    "Tono-Bungay",
    "The Pickwick Papers",
    "Oliver Twist",
    "David Copperfield",
    "Bleak House",
    "A Tale of Two Cities",
    "Great Expectations",
    "Sense and Sensibility",
    "Pride and Prejudice",
    "Emma",
    "Persuasion",
    "Treasure Island",
    "Strange Case of Dr Jekyll and Mr Hyde",
    "The Murders in the Rue Morgue",
    "A Connecticut Yankee in King Arthur's Court",
    "The Prince and the Pauper",
    "Wuthering Heights",
    "The Tenant of Wildfell Hall",
    "North and South",
    "The Moonstone",
    "The Woman in White",
    "Dracula",
    "Frankenstein",
    "The Picture of Dorian Gray",
    "Phantastes",
    "The Well at the World's End",
    "The King of Elfland's Daughter",
    "The House on the Borderland",
    "The King in Yellow",
    "The Riddle of the Sands",
    "Heart of Darkness",
    "The Secret Agent",
    "The Man Who Was Thursday",
    "The Phantom of the Opera",
    "Moby-Dick",
    "The Scarlet Letter",
    "The Call of the Wild",
    "White Fang",
    "Middlemarch",
    "Silas Marner",
    "Far from the Madding Crowd",
    "Tess of the d'Urbervilles",
    "Flatland",
    "The Secret Garden",
    "The Wind in the Willows",
    "Kim",
    "Just So Stories",
    "Self-Help",
)

# How untidily an item is kept goes by its place in the list, so that each kind is met with everywhere.
_WITHOUT_CODES = 1
_BARE = 2
_WITHOUT_NARRATOR = 4


def build_owned(works: Works) -> tuple[OwnedItem, ...]:
    """All items of the library; keys are unique and stable."""
    wanted = [works.at(series, position) for series, positions in OWNED_VOLUMES.items() for position in positions]
    wanted += [works.titled(title) for title in OWNED_TITLES]
    plain = [_plain_item(place, work, works) for place, work in enumerate(wanted)]
    return (*plain, *_awkward_items(works))


def _plain_item(place: int, work: WorldWork, works: Works) -> OwnedItem:
    series = works.series_of(work)
    series_name: str | None = None
    if series:
        series_name = series.aliases[place % len(series.aliases)] if series.aliases and place % 3 == 0 else series.name
    narrator = NARRATORS[work.work_id % len(NARRATORS)]
    untidiness = place % 6
    bare = untidiness == _BARE
    coded = untidiness not in (_WITHOUT_CODES, _BARE)
    return OwnedItem(
        key=f"owned-{work.work_id}",
        work_id=work.work_id,
        folder=_folder(place, work, series_name, narrator),
        files=audio_files(work.title, work.runtime_seconds, "m4b" if place % 2 else "mp3"),
        title=work.title,
        authors=work.authors,
        narrators=() if bare or untidiness == _WITHOUT_NARRATOR else (narrator,),
        series=((series_name, work.position),) if series_name else (),
        subtitle=None if bare else work.subtitle,
        year=None if bare else work.year or None,
        publisher=None if bare or place % 4 == 1 else work.publisher,
        description=None if bare or place % 3 == 1 else work.description,
        isbn=work.isbn_13 if coded and place % 2 == 0 else None,
        asin=work.asin if coded else None,
        language=None if bare else work.language,
        genres=() if place % 5 == 3 else (work.genre,),
    )


def audio_files(title: str, seconds: float, kind: str) -> tuple[tuple[str, float], ...]:
    """A recording as one M4B, or as MP3 parts of at most a minute, together exactly ``seconds`` long."""
    name = file_name(title)
    if kind == "m4b":
        return ((f"{name}.m4b", seconds),)
    parts = max(2, round(seconds / 60))
    return tuple((f"{name} - Part {part:02d}.mp3", seconds / parts) for part in range(1, parts + 1))


def file_name(text: str) -> str:
    """``text`` without the characters that some file systems refuse."""
    return "".join(character for character in text if character not in '<>:"/\\|?*').strip().rstrip(".")


def _folder(place: int, work: WorldWork, series_name: str | None, narrator: str) -> str:
    author, title = file_name(work.authors[0]), file_name(work.title)
    match place % 4:
        case 0 | 1 if series_name:
            return f"{author}/{file_name(series_name)}/Vol {work.position} - {title} {{{narrator}}}"
        case 2:
            return f"{author}/{work.year} - {title}" if work.year else f"{author}/{title}"
        case _:
            return f"{author}/{title}"


def _item(key: str, work: WorldWork, folder: str, **changes: object) -> OwnedItem:
    item = OwnedItem(
        key=key,
        work_id=work.work_id,
        folder=folder,
        files=audio_files(work.title, work.runtime_seconds, "m4b"),
        title=work.title,
        authors=work.authors,
        narrators=(NARRATORS[work.work_id % len(NARRATORS)],),
        year=work.year or None,
        isbn=work.isbn_13,
        asin=work.asin,
        genres=(work.genre,),
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def _awkward_items(works: Works) -> tuple[OwnedItem, ...]:
    """The cases listed in the table of the package's docstring."""
    caspak = works.titled("The Caspak Trilogy")
    wars = works.titled("The War of the Worlds")
    carol = works.titled("A Christmas Carol")
    eyre = works.titled("Jane Eyre")
    decomposed = unicodedata.normalize("NFD", "Charlotte Brontë")
    return (
        _item(
            "box-set-caspak",
            caspak,
            "Edgar Rice Burroughs/Caspak/The Caspak Trilogy",
            files=audio_files(caspak.title, caspak.runtime_seconds, "mp3"),
            series=(("Caspak", "1-3"),),
        ),
        _item(
            "joined-authors",
            works.titled("The Wrong Box"),
            "Robert Louis Stevenson & Lloyd Osbourne/The Wrong Box",
            authors=("Robert Louis Stevenson & Lloyd Osbourne",),
        ),
        _item("two-authors", works.titled("The Wrecker"), "Robert Louis Stevenson, Lloyd Osbourne/The Wrecker"),
        _item("number-title", works.titled("813"), "Maurice Leblanc/813", series=(("Arsene Lupin", "4"),)),
        _item("duplicate-first", wars, "H.G. Wells/The War of the Worlds", narrators=("Tobias Wren",)),
        _item(
            "duplicate-second",
            wars,
            "_incoming/Wells - War of the Worlds (copy)",
            narrators=("Tobias Wren",),
            isbn=None,
            asin=None,
            year=None,
        ),
        _item("narrator-one", carol, "Charles Dickens/A Christmas Carol {Ruth Okafor}", narrators=("Ruth Okafor",)),
        _item(
            "narrator-two",
            carol,
            "Charles Dickens/A Christmas Carol {Ivor Pemberton}",
            narrators=("Ivor Pemberton",),
            asin=None,
        ),
        _item(
            "decomposed-name",
            eyre,
            f"{decomposed}/Jane Eyre",
            authors=(decomposed,),
            narrators=("Sìne\u00a0NicLeòid\u2011Ågård",),
            subtitle=eyre.subtitle,
        ),
        _item(
            "wordy-position",
            works.titled("The Jungle Book"),
            "Rudyard Kipling/The Jungle Book",
            series=(("Jungle Books", "Volume the First"),),
        ),
        _item(
            "series-in-title",
            works.titled("The Road to Oz"),
            "L Frank Baum/The Road to Oz",
            title="The Road to Oz (Oz, Book 5)",
            authors=("L Frank Baum",),
            isbn=None,
        ),
        _item(
            "last-name-first",
            works.titled("Hard Times"),
            "Dickens, Charles/Hard Times",
            authors=("Dickens, Charles",),
            isbn=None,
            asin=None,
        ),
        _item(
            "abridged-recording",
            works.titled("The Mill on the Floss"),
            "George Eliot/The Mill on the Floss (Abridged)",
            title="The Mill on the Floss (Abridged)",
            files=(("The Mill on the Floss.m4b", 24.0),),
            abridged=True,
            asin=None,
        ),
        OwnedItem(
            key="nameless",
            work_id=None,
            folder="New Folder (3)",
            files=(("track01.mp3", 30.0), ("track02.mp3", 30.0)),
            title=None,
            authors=(),
            language=None,
        ),
    )
