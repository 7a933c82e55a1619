"""Works outside any series, author by author. Facts only: titles and years; see works for what is made of them."""

from __future__ import annotations

from mam_assets.sandbox.world.tables import Entry, StandaloneTable


def _works(*lines: tuple[str, int]) -> tuple[Entry, ...]:
    return tuple(Entry(title, year) for title, year in lines)


STANDALONE = (
    StandaloneTable(
        "H.G. Wells",
        "Science Fiction",
        (
            Entry("The Time Machine", 1895, description="An inventor tells his guests what he saw in the far future."),
            Entry(
                "The War of the Worlds", 1898, description="Machines from Mars land near London and nothing stops them."
            ),
            *_works(
                ("The Island of Doctor Moreau", 1896),
                ("The Invisible Man", 1897),
                ("When the Sleeper Wakes", 1899),
                ("The First Men in the Moon", 1901),
                ("The Food of the Gods", 1904),
                ("A Modern Utopia", 1905),
                ("In the Days of the Comet", 1906),
                ("The War in the Air", 1908),
                ("The World Set Free", 1914),
            ),
            # Invented: stands for the study guides that a search by title turns up.
            Entry(
                "Study Guide: The Time Machine by H.G. Wells",
                0,
                kind="summary",
                authors=("Quickread Notes",),
                audiobook=False,
            ),
        ),
    ),
    StandaloneTable(
        "H.G. Wells",
        "Classics",
        _works(("Kipps", 1905), ("Tono-Bungay", 1909), ("Ann Veronica", 1909), ("The History of Mr Polly", 1910)),
    ),
    StandaloneTable(
        "Charles Dickens",
        "Classics",
        _works(
            ("The Pickwick Papers", 1837),
            ("Oliver Twist", 1838),
            ("Nicholas Nickleby", 1839),
            ("The Old Curiosity Shop", 1841),
            ("A Christmas Carol", 1843),
            ("Dombey and Son", 1848),
            ("David Copperfield", 1850),
            ("Bleak House", 1853),
            ("Hard Times", 1854),
            ("Little Dorrit", 1857),
            ("A Tale of Two Cities", 1859),
            ("Great Expectations", 1861),
            ("Our Mutual Friend", 1865),
        ),
    ),
    StandaloneTable(
        "Jane Austen",
        "Romance",
        _works(
            ("Sense and Sensibility", 1811),
            ("Pride and Prejudice", 1813),
            ("Mansfield Park", 1814),
            ("Emma", 1815),
            ("Northanger Abbey", 1817),
            ("Persuasion", 1817),
        ),
    ),
    StandaloneTable(
        "Robert Louis Stevenson",
        "Classics",
        (
            *_works(
                ("Treasure Island", 1883),
                ("Strange Case of Dr Jekyll and Mr Hyde", 1886),
                ("The Black Arrow", 1888),
                ("The Master of Ballantrae", 1889),
            ),
            Entry("The Wrong Box", 1889, authors=("Robert Louis Stevenson", "Lloyd Osbourne")),
            Entry("The Wrecker", 1892, authors=("Robert Louis Stevenson", "Lloyd Osbourne")),
            Entry("The Ebb-Tide", 1894, authors=("Robert Louis Stevenson", "Lloyd Osbourne")),
        ),
    ),
    StandaloneTable("Edgar Allan Poe", "Classics", _works(("The Narrative of Arthur Gordon Pym of Nantucket", 1838))),
    StandaloneTable(
        "Edgar Allan Poe", "Mystery", _works(("The Murders in the Rue Morgue", 1841), ("The Gold-Bug", 1843))
    ),
    StandaloneTable(
        "Mark Twain",
        "Classics",
        (
            *_works(
                ("Roughing It", 1872),
                ("The Prince and the Pauper", 1881),
                ("Life on the Mississippi", 1883),
                ("A Connecticut Yankee in King Arthur's Court", 1889),
                ("Pudd'nhead Wilson", 1894),
            ),
            Entry("The Gilded Age", 1873, authors=("Mark Twain", "Charles Dudley Warner")),
        ),
    ),
    StandaloneTable("Charlotte Brontë", "Romance", _works(("Jane Eyre", 1847), ("Shirley", 1849), ("Villette", 1853))),
    StandaloneTable("Emily Brontë", "Romance", _works(("Wuthering Heights", 1847))),
    StandaloneTable("Anne Brontë", "Romance", _works(("Agnes Grey", 1847), ("The Tenant of Wildfell Hall", 1848))),
    StandaloneTable("Elizabeth Gaskell", "Romance", _works(("Cranford", 1853), ("North and South", 1855))),
    StandaloneTable(
        "Wilkie Collins",
        "Mystery",
        _works(("The Woman in White", 1860), ("No Name", 1862), ("Armadale", 1866), ("The Moonstone", 1868)),
    ),
    StandaloneTable("Bram Stoker", "Fantasy", _works(("Dracula", 1897), ("The Jewel of Seven Stars", 1903))),
    StandaloneTable("Mary Shelley", "Science Fiction", _works(("Frankenstein", 1818), ("The Last Man", 1826))),
    StandaloneTable("Oscar Wilde", "Classics", _works(("The Picture of Dorian Gray", 1890))),
    StandaloneTable(
        "George MacDonald",
        "Fantasy",
        _works(("Phantastes", 1858), ("At the Back of the North Wind", 1871), ("Lilith", 1895)),
    ),
    StandaloneTable(
        "William Morris",
        "Fantasy",
        _works(
            ("The Wood Beyond the World", 1894),
            ("The Well at the World's End", 1896),
            ("The Water of the Wondrous Isles", 1897),
            ("The Sundering Flood", 1897),
        ),
    ),
    StandaloneTable(
        "Lord Dunsany",
        "Fantasy",
        _works(
            ("The Gods of Pegāna", 1905),
            ("Time and the Gods", 1906),
            ("A Dreamer's Tales", 1910),
            ("The Book of Wonder", 1912),
            ("The King of Elfland's Daughter", 1924),
        ),
    ),
    StandaloneTable("E.R. Eddison", "Fantasy", _works(("The Worm Ouroboros", 1922))),
    StandaloneTable(
        "William Hope Hodgson",
        "Fantasy",
        _works(
            ('The Boats of the "Glen Carrig"', 1907),
            ("The House on the Borderland", 1908),
            ("The Ghost Pirates", 1909),
            ("The Night Land", 1912),
            ("Carnacki, the Ghost-Finder", 1913),
        ),
    ),
    StandaloneTable("Robert W. Chambers", "Fantasy", _works(("The King in Yellow", 1895))),
    StandaloneTable("Erskine Childers", "Thriller", _works(("The Riddle of the Sands", 1903))),
    StandaloneTable("Joseph Conrad", "Thriller", _works(("The Secret Agent", 1907), ("Under Western Eyes", 1911))),
    StandaloneTable(
        "Joseph Conrad",
        "Classics",
        (
            *_works(("Heart of Darkness", 1899), ("Lord Jim", 1900), ("Nostromo", 1904)),
            Entry("Romance", 1903, authors=("Joseph Conrad", "Ford Madox Ford")),
        ),
    ),
    StandaloneTable(
        "Joseph Conrad",
        "Science Fiction",
        (Entry("The Inheritors", 1901, authors=("Joseph Conrad", "Ford Madox Ford")),),
    ),
    StandaloneTable("G.K. Chesterton", "Thriller", _works(("The Man Who Was Thursday", 1908))),
    StandaloneTable("G.K. Chesterton", "Classics", _works(("The Napoleon of Notting Hill", 1904), ("Manalive", 1912))),
    StandaloneTable("Gaston Leroux", "Thriller", _works(("The Phantom of the Opera", 1910))),
    StandaloneTable("Herman Melville", "Classics", _works(("Typee", 1846), ("Moby-Dick", 1851))),
    StandaloneTable(
        "Nathaniel Hawthorne", "Classics", _works(("The Scarlet Letter", 1850), ("The House of the Seven Gables", 1851))
    ),
    StandaloneTable(
        "Jack London",
        "Classics",
        _works(("The Call of the Wild", 1903), ("The Sea-Wolf", 1904), ("White Fang", 1906), ("Martin Eden", 1909)),
    ),
    StandaloneTable("Jack London", "Science Fiction", _works(("The Iron Heel", 1908), ("The Scarlet Plague", 1912))),
    StandaloneTable(
        "George Eliot",
        "Classics",
        _works(("Adam Bede", 1859), ("The Mill on the Floss", 1860), ("Silas Marner", 1861), ("Middlemarch", 1871)),
    ),
    StandaloneTable(
        "Thomas Hardy",
        "Classics",
        _works(
            ("Far from the Madding Crowd", 1874),
            ("The Return of the Native", 1878),
            ("The Mayor of Casterbridge", 1886),
            ("Tess of the d'Urbervilles", 1891),
            ("Jude the Obscure", 1895),
        ),
    ),
    StandaloneTable("Edward Bellamy", "Science Fiction", _works(("Looking Backward", 1888))),
    StandaloneTable("Samuel Butler", "Science Fiction", _works(("Erewhon", 1872), ("Erewhon Revisited", 1901))),
    StandaloneTable("Edwin A. Abbott", "Science Fiction", _works(("Flatland", 1884))),
    StandaloneTable("David Lindsay", "Science Fiction", _works(("A Voyage to Arcturus", 1920))),
    StandaloneTable(
        "Frances Hodgson Burnett",
        "Classics",
        _works(("Little Lord Fauntleroy", 1886), ("A Little Princess", 1905), ("The Secret Garden", 1911)),
    ),
    StandaloneTable("Kenneth Grahame", "Fantasy", _works(("The Wind in the Willows", 1908))),
    StandaloneTable("Rudyard Kipling", "Classics", _works(("Captains Courageous", 1897), ("Kim", 1901))),
    StandaloneTable("Rudyard Kipling", "Fantasy", _works(("Just So Stories", 1902), ("Puck of Pook's Hill", 1906))),
    StandaloneTable("Samuel Smiles", "Self-Help", _works(("Self-Help", 1859))),
    StandaloneTable("James Allen", "Self-Help", _works(("As a Man Thinketh", 1903))),
    StandaloneTable("Arnold Bennett", "Self-Help", _works(("How to Live on 24 Hours a Day", 1908))),
    # Two men of one surname and one title: Ballantyne's novel is not Cooper's.
    StandaloneTable("R.M. Ballantyne", "Classics", _works(("The Coral Island", 1857), ("The Pioneers", 1872))),
)

SUBTITLES = {
    "Frankenstein": "Or, The Modern Prometheus",
    "Moby-Dick": "Or, The Whale",
    "Flatland": "A Romance of Many Dimensions",
    "Middlemarch": "A Study of Provincial Life",
    "Jane Eyre": "An Autobiography",
    "Tess of the d'Urbervilles": "A Pure Woman Faithfully Presented",
    "Typee": "A Peep at Polynesian Life",
    "Silas Marner": "The Weaver of Raveloe",
}
