"""Series for young readers. Facts only: titles, numbers, years; see works for what is made of them."""

from __future__ import annotations

from mam_assets.sandbox.world.tables import Entry, SeriesTable

BAUM = "L. Frank Baum"
MONTGOMERY = "L.M. Montgomery"
NESBIT = "E. Nesbit"

YOUNG_READER_SERIES = (
    SeriesTable(
        40301,
        "Oz",
        BAUM,
        "Fantasy",
        (
            Entry(
                "The Wonderful Wizard of Oz",
                1900,
                "1",
                description="A storm carries a girl and her dog to a strange land.",
            ),
            Entry("The Marvelous Land of Oz", 1904, "2"),
            Entry("Ozma of Oz", 1907, "3"),
            Entry("Dorothy and the Wizard in Oz", 1908, "4"),
            Entry("The Road to Oz", 1909, "5"),
            Entry("The Emerald City of Oz", 1910, "6"),
            Entry("The Patchwork Girl of Oz", 1913, "7"),
            Entry("Tik-Tok of Oz", 1914, "8"),
            Entry("The Scarecrow of Oz", 1915, "9"),
            Entry("Rinkitink in Oz", 1916, "10"),
            Entry("The Lost Princess of Oz", 1917, "11"),
            Entry("The Tin Woodman of Oz", 1918, "12"),
            Entry("The Magic of Oz", 1919, "13"),
            Entry("Glinda of Oz", 1920, "14"),
            Entry("Little Wizard Stories of Oz", 1913, "6.5", "novella"),
            Entry("The Woggle-Bug Book", 1905, None, "companion", audiobook=False),
        ),
        ("Land of Oz", "Oz Series"),
    ),
    SeriesTable(
        40302,
        "Aunt Jane's Nieces",
        "Edith Van Dyne",
        "Classics",
        (
            Entry("Aunt Jane's Nieces", 1906, "1"),
            Entry("Aunt Jane's Nieces Abroad", 1907, "2"),
            Entry("Aunt Jane's Nieces at Millville", 1908, "3"),
            Entry("Aunt Jane's Nieces at Work", 1909, "4"),
            Entry("Aunt Jane's Nieces in Society", 1910, "5"),
            Entry("Aunt Jane's Nieces and Uncle John", 1911, "6"),
            Entry("Aunt Jane's Nieces on Vacation", 1912, "7"),
            Entry("Aunt Jane's Nieces on the Ranch", 1913, "8"),
            Entry("Aunt Jane's Nieces Out West", 1914, "9"),
            Entry("Aunt Jane's Nieces in the Red Cross", 1915, "10"),
        ),
    ),
    SeriesTable(
        40303,
        "Anne of Green Gables",
        MONTGOMERY,
        "Classics",
        (
            Entry("Anne of Green Gables", 1908, "1", description="A farm asks for a boy and is sent a talkative girl."),
            Entry("Anne of Avonlea", 1909, "2"),
            Entry("Anne of the Island", 1915, "3"),
            Entry("Anne of Windy Poplars", 1936, "4", other_titles=("Anne of Windy Willows",)),
            Entry("Anne's House of Dreams", 1917, "5"),
            Entry("Anne of Ingleside", 1939, "6"),
            Entry("Rainbow Valley", 1919, "7"),
            Entry("Rilla of Ingleside", 1921, "8"),
            Entry("Chronicles of Avonlea", 1912, None, "companion"),
            Entry("Further Chronicles of Avonlea", 1920, None, "companion"),
        ),
    ),
    SeriesTable(
        40304,
        "Emily",
        MONTGOMERY,
        "Classics",
        (
            Entry("Emily of New Moon", 1923, "1"),
            Entry("Emily Climbs", 1925, "2"),
            Entry("Emily's Quest", 1927, "3"),
        ),
        ("Emily of New Moon",),
    ),
    SeriesTable(
        40305,
        "Little Women",
        "Louisa May Alcott",
        "Classics",
        (
            Entry("Little Women", 1868, "1", description="Four sisters grow up while their father is away at war."),
            Entry("Good Wives", 1869, "1.5", "part"),
            Entry("Little Men", 1871, "2"),
            Entry("Jo's Boys", 1886, "3"),
        ),
    ),
    SeriesTable(
        40306,
        "Bastable",
        NESBIT,
        "Classics",
        (
            Entry("The Story of the Treasure Seekers", 1899, "1"),
            Entry("The Wouldbegoods", 1901, "2"),
            Entry("The New Treasure Seekers", 1904, "3"),
        ),
        ("The Bastables",),
    ),
    SeriesTable(
        40307,
        "Psammead",
        NESBIT,
        "Fantasy",
        (
            Entry("Five Children and It", 1902, "1"),
            Entry("The Phoenix and the Carpet", 1904, "2"),
            Entry("The Story of the Amulet", 1906, "3"),
        ),
        ("Five Children",),
    ),
    SeriesTable(
        40308,
        "Peter Pan",
        "J.M. Barrie",
        "Fantasy",
        (
            Entry("Peter Pan in Kensington Gardens", 1906, "0.5", "novella"),
            Entry("Peter and Wendy", 1911, "1", other_titles=("Peter Pan",)),
        ),
    ),
    SeriesTable(
        40309,
        "Doctor Dolittle",
        "Hugh Lofting",
        "Fantasy",
        (
            Entry("The Story of Doctor Dolittle", 1920, "1"),
            Entry("The Voyages of Doctor Dolittle", 1922, "2"),
            Entry("Doctor Dolittle's Post Office", 1923, "3"),
            Entry("Doctor Dolittle's Circus", 1924, "4"),
            Entry("Doctor Dolittle's Zoo", 1925, "5"),
            Entry("Doctor Dolittle's Caravan", 1926, "6"),
            Entry("Doctor Dolittle's Garden", 1927, "7"),
            Entry("Doctor Dolittle in the Moon", 1928, "8"),
        ),
    ),
    SeriesTable(
        40310,
        "Alice",
        "Lewis Carroll",
        "Fantasy",
        (
            Entry("Alice's Adventures in Wonderland", 1865, "1", other_titles=("Alice in Wonderland",)),
            Entry("Through the Looking-Glass", 1871, "2"),
        ),
        ("Alice's Adventures in Wonderland",),
    ),
    SeriesTable(
        40311,
        "The Jungle Book",
        "Rudyard Kipling",
        "Classics",
        (Entry("The Jungle Book", 1894, "1"), Entry("The Second Jungle Book", 1895, "2")),
        ("Jungle Books",),
    ),
    SeriesTable(
        40312,
        "Princess Irene",
        "George MacDonald",
        "Fantasy",
        (Entry("The Princess and the Goblin", 1872, "1"), Entry("The Princess and Curdie", 1883, "2")),
        ("Princess Irene and Curdie",),
    ),
)
