"""Series of novels of the nineteenth century. Facts only: titles, numbers, years; see works for the rest."""

from __future__ import annotations

from mam_assets.sandbox.world.tables import Entry, SeriesTable

NOVEL_SERIES = (
    SeriesTable(
        40401,
        "The D'Artagnan Romances",
        "Alexandre Dumas",
        "Classics",
        (
            Entry("The Three Musketeers", 1844, "1", description="A young Gascon makes three friends by three duels."),
            Entry("Twenty Years After", 1845, "2"),
            Entry("The Vicomte de Bragelonne", 1847, "3.1"),
            Entry("Ten Years Later", 1848, "3.2"),
            Entry("Louise de la Vallière", 1849, "3.3"),
            Entry("The Man in the Iron Mask", 1850, "3.4"),
        ),
        ("d'Artagnan", "The Three Musketeers"),
    ),
    SeriesTable(
        40402,
        "The Leatherstocking Tales",
        "James Fenimore Cooper",
        "Classics",
        (
            Entry("The Deerslayer", 1841, "1"),
            Entry("The Last of the Mohicans", 1826, "2"),
            Entry("The Pathfinder", 1840, "3"),
            Entry("The Pioneers", 1823, "4"),
            Entry("The Prairie", 1827, "5"),
        ),
        ("Leatherstocking",),
    ),
    SeriesTable(
        40403,
        "Chronicles of Barsetshire",
        "Anthony Trollope",
        "Classics",
        (
            Entry("The Warden", 1855, "1"),
            Entry("Barchester Towers", 1857, "2"),
            Entry("Doctor Thorne", 1858, "3"),
            Entry("Framley Parsonage", 1861, "4"),
            Entry("The Small House at Allington", 1864, "5"),
            Entry("The Last Chronicle of Barset", 1867, "6"),
        ),
        ("Barsetshire",),
    ),
    SeriesTable(
        40404,
        "Palliser",
        "Anthony Trollope",
        "Classics",
        (
            Entry("Can You Forgive Her?", 1865, "1"),
            Entry("Phineas Finn", 1869, "2"),
            Entry("The Eustace Diamonds", 1872, "3"),
            Entry("Phineas Redux", 1874, "4"),
            Entry("The Prime Minister", 1876, "5"),
            Entry("The Duke's Children", 1880, "6"),
        ),
        ("The Palliser Novels",),
    ),
    SeriesTable(
        40405,
        "The Adventures of Tom and Huck",
        "Mark Twain",
        "Classics",
        (
            Entry("The Adventures of Tom Sawyer", 1876, "1"),
            Entry("Adventures of Huckleberry Finn", 1884, "2", other_titles=("The Adventures of Huckleberry Finn",)),
            Entry("Tom Sawyer Abroad", 1894, "3"),
            Entry("Tom Sawyer, Detective", 1896, "4"),
        ),
        ("Tom Sawyer & Huckleberry Finn",),
    ),
    SeriesTable(
        40406,
        "David Balfour",
        "Robert Louis Stevenson",
        "Classics",
        (Entry("Kidnapped", 1886, "1"), Entry("Catriona", 1893, "2", other_titles=("David Balfour",))),
    ),
)
