"""Series of detectives, thieves and spies. Facts only: titles, numbers, years; see works for what is made of them."""

from __future__ import annotations

from mam_assets.sandbox.world.tables import Entry, SeriesTable

DETECTIVE_SERIES = (
    SeriesTable(
        40201,
        "Sherlock Holmes",
        "Arthur Conan Doyle",
        "Mystery",
        (
            Entry(
                "A Study in Scarlet", 1887, "1", description="A doctor takes rooms with a detective and sees him work."
            ),
            Entry("The Sign of Four", 1890, "2", other_titles=("The Sign of the Four",)),
            Entry("The Adventures of Sherlock Holmes", 1892, "3"),
            Entry("The Memoirs of Sherlock Holmes", 1893, "4"),
            Entry("The Hound of the Baskervilles", 1902, "5", description="An old curse and a real dog on a moor."),
            Entry("The Return of Sherlock Holmes", 1905, "6"),
            Entry("The Valley of Fear", 1915, "7"),
            Entry("His Last Bow", 1917, "8"),
            Entry("The Case-Book of Sherlock Holmes", 1927, "9"),
            Entry("The Field Bazaar", 1896, "4.5", "novella"),
            Entry("The Complete Sherlock Holmes", 1930, "1-9", "collection"),
            Entry("Das Zeichen der Vier", 0, "2", "translation", language="German"),
        ),
    ),
    SeriesTable(
        40202,
        "Father Brown",
        "G.K. Chesterton",
        "Mystery",
        (
            Entry(
                "The Innocence of Father Brown",
                1911,
                "1",
                description="Twelve puzzles solved by a small, quiet priest.",
            ),
            Entry("The Wisdom of Father Brown", 1914, "2"),
            Entry("The Donnington Affair", 1914, "2.5", "novella"),
            Entry("The Incredulity of Father Brown", 1926, "3"),
            Entry("The Secret of Father Brown", 1927, "4"),
            Entry("The Scandal of Father Brown", 1935, "5"),
        ),
    ),
    SeriesTable(
        40203,
        "Dr. Thorndyke",
        "R. Austin Freeman",
        "Mystery",
        (
            Entry("The Red Thumb Mark", 1907, "1"),
            Entry("John Thorndyke's Cases", 1909, "2"),
            Entry("The Eye of Osiris", 1911, "3"),
            Entry("The Mystery of 31 New Inn", 1912, "4", other_titles=("The Mystery of 31, New Inn",)),
            Entry("The Singing Bone", 1912, "5"),
            Entry("A Silent Witness", 1914, "6"),
        ),
        ("Dr. Thorndyke Mysteries",),
    ),
    SeriesTable(
        40204,
        "A.J. Raffles, The Gentleman Thief",
        "E.W. Hornung",
        "Thriller",
        (
            Entry("The Amateur Cracksman", 1899, "1", other_titles=("Raffles: The Amateur Cracksman",)),
            Entry("The Black Mask", 1901, "2", other_titles=("Raffles: Further Adventures of the Amateur Cracksman",)),
            Entry("A Thief in the Night", 1905, "3"),
            Entry("Mr. Justice Raffles", 1909, "4"),
        ),
        ("Raffles",),
    ),
    SeriesTable(
        40205,
        "Arsène Lupin",
        "Maurice Leblanc",
        "Thriller",
        (
            Entry(
                "Arsène Lupin, Gentleman Burglar",
                1907,
                "1",
                description="A burglar who announces his visits is arrested at sea, and that is only the beginning.",
                other_titles=("Arsène Lupin, Gentleman-Thief",),
            ),
            Entry(
                "Arsène Lupin versus Herlock Sholmes",
                1908,
                "2",
                other_titles=("The Blonde Lady", "Arsène Lupin contre Herlock Sholmès"),
            ),
            Entry("The Hollow Needle", 1909, "3"),
            Entry("813", 1910, "4"),
            Entry("The Crystal Stopper", 1912, "5"),
            Entry("The Confessions of Arsène Lupin", 1913, "6"),
            Entry("The Woman of Mystery", 1916, "7", other_titles=("The Shell Shard",)),
            Entry("The Golden Triangle", 1918, "8"),
            Entry("The Secret of Sarek", 1919, "9", other_titles=("The Island of Thirty Coffins",)),
            Entry("The Teeth of the Tiger", 1920, "10"),
            Entry("The Eight Strokes of the Clock", 1923, "11"),
        ),
        ("Arsene Lupin", "Arse\u0300ne Lupin"),
    ),
    SeriesTable(
        40206,
        "Fu Manchu",
        "Sax Rohmer",
        "Thriller",
        (
            Entry(
                "The Mystery of Dr. Fu-Manchu",
                1913,
                "1",
                other_titles=("The Insidious Dr. Fu-Manchu",),
            ),
            Entry("The Devil Doctor", 1916, "2", other_titles=("The Return of Dr. Fu-Manchu",)),
            Entry("The Si-Fan Mysteries", 1917, "3", other_titles=("The Hand of Fu-Manchu",)),
        ),
        ("Dr. Fu-Manchu",),
    ),
    SeriesTable(
        40207,
        "Richard Hannay",
        "John Buchan",
        "Thriller",
        (
            Entry(
                "The Thirty-Nine Steps", 1915, "1", description="A man with a secret is killed and his host must run."
            ),
            Entry("Greenmantle", 1916, "2"),
            Entry("Mr. Standfast", 1919, "3", other_titles=("Mr Standfast",)),
            Entry("The Three Hostages", 1924, "4"),
            Entry("The Island of Sheep", 1936, "5", other_titles=("The Man from the Norlands",)),
        ),
    ),
    SeriesTable(
        40208,
        "The Scarlet Pimpernel",
        "Emmuska Orczy",
        "Thriller",
        (
            Entry(
                "The Scarlet Pimpernel", 1905, "1", description="An idle Englishman saves people from the guillotine."
            ),
            Entry("I Will Repay", 1906, "2"),
            Entry("The Elusive Pimpernel", 1908, "3"),
            Entry("Eldorado", 1913, "4"),
            Entry("Lord Tony's Wife", 1917, "5"),
            Entry("The League of the Scarlet Pimpernel", 1919, "6"),
            Entry("The Triumph of the Scarlet Pimpernel", 1922, "7"),
            Entry("Sir Percy Hits Back", 1927, "8"),
        ),
    ),
    SeriesTable(
        40209,
        "The Four Just Men",
        "Edgar Wallace",
        "Thriller",
        (
            Entry("The Four Just Men", 1905, "1"),
            Entry("The Council of Justice", 1908, "2"),
            Entry("The Just Men of Cordova", 1917, "3"),
            Entry("The Law of the Four Just Men", 1921, "4"),
        ),
    ),
    SeriesTable(
        40210,
        "Joseph Rouletabille",
        "Gaston Leroux",
        "Mystery",
        (
            Entry("The Mystery of the Yellow Room", 1907, "1"),
            Entry("The Perfume of the Lady in Black", 1908, "2"),
        ),
    ),
)
