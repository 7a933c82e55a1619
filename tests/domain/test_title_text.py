"""What stands in a title's text: its series, its edition, its subtitle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.folding import fold
from mam_assets.domain.series_names import normalise_series
from mam_assets.domain.title_text import main_title, normalise_title, parse_title_all_series, parse_title_series


@pytest.mark.parametrize(
    ("title", "bare", "name", "position"),
    [
        ("Dune Messiah (Dune, #2)", "Dune Messiah", "Dune", "2"),
        ("I, Robot (Robot #0.1)", "I, Robot", "Robot", "0.1"),
        ("Harry Potter Boxset (Harry Potter, #1-7)", "Harry Potter Boxset", "Harry Potter", "1-7"),
        ("The Oedipus Cycle (The Theban Plays, #1–3)", "The Oedipus Cycle", "The Theban Plays", "1–3"),
        (
            "A Storm of Swords (A Song of Ice and Fire, #3: Part 1 of 2)",
            "A Storm of Swords",
            "A Song of Ice and Fire",
            "3: Part 1 of 2",
        ),
        (
            "After the Feast (A Song of Ice and Fire #5, Part 2 of 2)",
            "After the Feast",
            "A Song of Ice and Fire",
            "5, Part 2 of 2",
        ),
        ("The Twilight Saga (Twilight, #1-4 + 3.5)", "The Twilight Saga", "Twilight", "1-4 + 3.5"),
        ("The Lunatic Cafe (Anita Blake, Vampire Hunter #4)", "The Lunatic Cafe", "Anita Blake, Vampire Hunter", "4"),
        ("Beyond Exile (Day by Day Armageddon,# 2)", "Beyond Exile", "Day by Day Armageddon", "2"),
        ("One Thousand (One Thousand White Women#1)", "One Thousand", "One Thousand White Women", "1"),
        ("The Final Empire (Mistborn, Book 1)", "The Final Empire", "Mistborn", "1"),
        ("The Final Empire (Mistborn Book One)", "The Final Empire", "Mistborn", "1"),
        ("The Final Empire (Book 1 of Mistborn)", "The Final Empire", "Mistborn", "1"),
        ("A (B (C), #3)", "A", "B (C)", "3"),
        ("Leviathan Wakes (The Expanse, #1) (Unabridged)", "Leviathan Wakes", "The Expanse", "1"),
        ("Title (Foo, Book #3)", "Title", "Foo", "3"),
        ("The Jungle Book (The Jungle Book, #1)", "The Jungle Book", "The Jungle Book", "1"),
        ("Title (#3 in the Foo Series)", "Title", "the Foo Series", "3"),
        ("Title (Series, #1 of 3)", "Title", "Series", "1"),
        ("Title (Series, #1) (1977)", "Title", "Series", "1"),
        ("Title [Series, #4]", "Title", "Series", "4"),
        ("You (Not) Me (Pair, #2)", "You (Not) Me", "Pair", "2"),
    ],
)
def test_the_series_is_taken_off_a_title(title: str, bare: str, name: str, position: str) -> None:
    assert parse_title_series(title) == (bare, SeriesRef(name, position))


@pytest.mark.parametrize(
    "title",
    [
        "Is Everyone Hanging Out Without Me? (And Other Concerns)",
        "The Silmarillion (Middle-Earth Universe)",
        "The Firm (Penguin Readers, Level 5)",
        "America (The Book): A Citizen's Guide to Democracy Inaction",
        "The Annotated Sherlock Holmes (2 Volume Set)",
        "The Talisman (Volume 1)",
        "The Talisman (Volume 1): The Road of Trials",
        "Big Book (The #1 Bestseller)",
        "Nothing (#1)",
        "Nothing (#1 of the best)",
        "Nothing (Book #2)",
        "Nothing (1977)",
        "Saga #1",
        "Batman: Hush, Vol. 1",
        "(Series, #1)",
        "Unclosed (Series, #1",
        "Book of the Dead (Book of the Dead)",
        "",
        ")(",
    ],
)
def test_no_series_is_invented(title: str) -> None:
    assert parse_title_series(title) == (title, None)


def test_every_series_of_a_title_is_read() -> None:
    _, series = parse_title_all_series("Raising Steam (Discworld, #40, Moist von Lipwig #3 )")
    assert series == (SeriesRef("Discworld", "40"), SeriesRef("Moist von Lipwig", "3"))
    _, series = parse_title_all_series("Eve (Eve Duncan, #12; Eve, Quinn and Bonnie #1)")
    assert series == (SeriesRef("Eve Duncan", "12"), SeriesRef("Eve, Quinn and Bonnie", "1"))


@given(st.text(alphabet=st.sampled_from("ab #()[],;:-1290.&+ΩéPart of Book"), max_size=60))
def test_any_title_is_taken_apart_without_loss_of_its_name(title: str) -> None:
    bare, series = parse_title_series(title)
    assert series is None or (fold(bare) and fold(series.name) and series.position)
    normalise_title(title)
    main_title(title)
    normalise_series(title)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Hobbit", "hobbit"),
        ("The Hobbit (Unabridged)", "hobbit"),
        ("The Hobbit: Unabridged", "hobbit"),
        ("Dune (10th Anniversary Edition)", "dune"),
        ("Dune: A Novel", "dune"),
        ("A", "a"),
        ("The", "the"),
        ("Sapiens: A Brief History", "sapiens a brief history"),
        ("?!", ""),
    ],
)
def test_a_title_has_one_key(title: str, key: str) -> None:
    assert normalise_title(title) == key


@pytest.mark.parametrize(
    ("title", "main"),
    [
        ("Sapiens: A Brief History", "Sapiens"),
        ("Dune - House Atreides", "Dune"),
        ("1: The Beginning", "1: The Beginning"),
        ("Book 1: The Beginning", "Book 1: The Beginning"),
        ("Catch-22", "Catch-22"),
        ("The Hobbit", "The Hobbit"),
    ],
)
def test_what_stands_before_a_subtitle_must_be_a_title(title: str, main: str) -> None:
    assert main_title(title) == main


@pytest.mark.parametrize(
    ("title", "bare", "name", "position"),
    [
        ("Dune #2: Dune Messiah", "Dune Messiah", "Dune", "2"),
        ("Goosebumps, #12: Be Careful What You Wish For", "Be Careful What You Wish For", "Goosebumps", "12"),
        ("Star Wars: Thrawn #3: Treason", "Treason", "Star Wars: Thrawn", "3"),
        ("Mistborn 01 - The Final Empire", "The Final Empire", "Mistborn", "01"),
        ("Horus Heresy 02: False Gods", "False Gods", "Horus Heresy", "02"),
        ("The Wheel of Time 00.5 - New Spring", "New Spring", "The Wheel of Time", "00.5"),
        ("Mistborn 03 - The Hero of Ages (Unabridged)", "The Hero of Ages", "Mistborn", "03"),
        ("Assassin's Quest, Book Three of The Farseer Trilogy", "Assassin's Quest", "The Farseer Trilogy", "3"),
        ("The Eye of the World: Book One of 'The Wheel of Time'", "The Eye of the World", "The Wheel of Time", "1"),
        ("The Primal Hunter - Book 12 of The Primal Hunter", "The Primal Hunter", "The Primal Hunter", "12"),
        ("The Final Empire [Mistborn 1]", "The Final Empire", "Mistborn", "1"),
        ("The Final Empire [Mistborn #1]", "The Final Empire", "Mistborn", "1"),
        ("The Final Empire [Mistborn, Book 1]", "The Final Empire", "Mistborn", "1"),
        ("Edge of Eternity [Mistborn 3.5]", "Edge of Eternity", "Mistborn", "3.5"),
        ("Legends in Exile (Fables, Vol. IV)", "Legends in Exile", "Fables", "4"),
        ("The Angel's Game (The Cemetery of Forgotten Books, Book 2)", "The Angel's Game",
         "The Cemetery of Forgotten Books", "2"),
        ("The Angel's Game (The Cemetery of Forgotten Books #2)", "The Angel's Game",
         "The Cemetery of Forgotten Books", "2"),
        ("Chainsaw Man Box Set (Chainsaw Man Books #1-11)", "Chainsaw Man Box Set", "Chainsaw Man", "1-11"),
        ("Les Deux Tours (Le Seigneur des anneaux, #2)", "Les Deux Tours", "Le Seigneur des anneaux", "2"),
        ("Der Krieg der Zwerge (Die Zwerge, #2)", "Der Krieg der Zwerge", "Die Zwerge", "2"),
        ("El prisionero del cielo (El cementerio de los libros olvidados #3)", "El prisionero del cielo",
         "El cementerio de los libros olvidados", "3"),
    ],
)  # fmt: skip
def test_a_series_is_read_from_other_dress(title: str, bare: str, name: str, position: str) -> None:
    assert parse_title_series(title) == (bare, SeriesRef(name, position))


@pytest.mark.parametrize(
    "title",
    [
        "Catch-22",
        "1984",
        "Fahrenheit 451",
        "Slaughterhouse-Five",
        "2001: A Space Odyssey",
        "Henry IV, Part 1",
        "The 39 Steps",
        "Station Eleven",
        "The Martian (Movie Tie-In)",
        "The Corrections (Oprah's Book Club)",
        "Middlemarch (Penguin Classics)",
        "Emma (Spanish Edition)",
        "The Book of Three",
        "11/22/63",
        "Apollo 13: Lost Moon",
        "Area 51 - The Truth",
        "Around the World in 80 Days",
        "Discworld 12 - Witches Abroad",  # "Apollo 13 - Lost Moon" is written just so
        "Percy Jackson: The Lightning Thief, Book 1",  # and so is "The Final Empire: Mistborn, Book 1"
        "Harry Potter and the Chamber of Secrets, Book 2",
        "Days Gone Bye, Vol. 01: The Walking Dead",
        "My #1 Fan: A Memoir",
        "Public Enemy #1: The Story",
        "We're #1: How It Was Won",
        "Book One of Two",
        "Emma [Disc 3]",
        "Emma [1 of 3]",
        "Emma [2019]",
        "Emma [MP3]",
        "The Stand [Part 1]",
        "Windows (Windows 95)",
        "Psalms (Psalm 23)",
        "No Fear Shakespeare (Act 2)",
        "Wool: Part 3",
        "The Complete Tales, Book of Days",
    ],
)
def test_a_number_alone_makes_no_series(title: str) -> None:
    assert parse_title_all_series(title) == (title, ())


@pytest.mark.parametrize(
    ("moved", "title"),
    [
        ("Hobbit, The", "The Hobbit"),
        ("Tale of Two Cities, A", "A Tale of Two Cities"),
        ("Hobbit, The (Unabridged)", "The Hobbit"),
        ("Hobbit, The: There and Back Again", "The Hobbit: There and Back Again"),
        ("Petit Prince, Le", "Le Petit Prince"),
        ("unendliche Geschichte, Die", "Die unendliche Geschichte"),
        ("Alchimiste, L'", "Alchimiste, L'"),
        ("Sombra del viento, La", "La sombra del viento"),
        ("Hobbit, The (Middle-earth, #0)", "The Hobbit"),
        ("I, Robot", "I, Robot"),
        ("Hush, Hush", "Hush, Hush"),
    ],
)
def test_an_article_may_stand_behind(moved: str, title: str) -> None:
    assert normalise_title(moved) == normalise_title(title)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Selfish Gene_ A Novel", "selfish gene"),
        ("Castle in the Air: A Novel - Unabridged", "castle in the air"),
        ("Pride &amp; Prejudice", "pride and prejudice"),
        ("Ender&#39;s Game", "enders game"),
        ("The\u200b Hob\u00adbit", "hobbit"),
        ("\u202bالأسود يليق بك\u202c", "الاسود يليق بك"),
        ("三体", "三体"),
    ],
)
def test_a_titles_key_stands_noise(title: str, key: str) -> None:
    assert normalise_title(title) == key


def test_what_stands_before_an_underscore_is_a_title() -> None:
    """A colon can't stand in a file's name on every system."""
    assert main_title("Dune_ House Atreides") == "Dune"
