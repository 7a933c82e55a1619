"""The authors of the world with the other names they go by.

Belongs here: names and pen names. Does not belong here: what they wrote (the tables).
"""

from __future__ import annotations

from mam_assets.sandbox.world.model import WorldAuthor

_FIRST_ID = 3001

# The order gives the ids: add at the end only.
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Edgar Rice Burroughs", ("Norman Bean",)),
    ("H. Rider Haggard", ("Henry Rider Haggard",)),
    ("Arthur Conan Doyle", ("Sir Arthur Conan Doyle", "A. Conan Doyle")),
    ("Jules Verne", ()),
    ("Victor Appleton", ("Howard R. Garis",)),
    ("G.K. Chesterton", ("Gilbert Keith Chesterton", "G. K. Chesterton")),
    ("R. Austin Freeman", ("Richard Austin Freeman",)),
    ("E.W. Hornung", ("E. W. Hornung",)),
    ("Maurice Leblanc", ()),
    ("Sax Rohmer", ("Arthur Henry Ward",)),
    ("John Buchan", ()),
    ("Emmuska Orczy", ("Baroness Orczy", "Baroness Emmuska Orczy")),
    ("Edgar Wallace", ()),
    ("Gaston Leroux", ()),
    ("L. Frank Baum", ("Lyman Frank Baum", "Edith Van Dyne")),
    ("Edith Van Dyne", ("L. Frank Baum",)),
    ("L.M. Montgomery", ("L. M. Montgomery", "Lucy Maud Montgomery")),
    ("Louisa May Alcott", ("A. M. Barnard",)),
    ("E. Nesbit", ("Edith Nesbit",)),
    ("J.M. Barrie", ("J. M. Barrie",)),
    ("Hugh Lofting", ()),
    ("Lewis Carroll", ("Charles Lutwidge Dodgson",)),
    ("Rudyard Kipling", ()),
    ("George MacDonald", ()),
    ("Alexandre Dumas", ("Alexandre Dumas père",)),
    ("James Fenimore Cooper", ()),
    ("Anthony Trollope", ()),
    ("Mark Twain", ("Samuel L. Clemens",)),
    ("Robert Louis Stevenson", ("R. L. Stevenson",)),
    ("Lloyd Osbourne", ()),
    ("H.G. Wells", ("H. G. Wells", "Herbert George Wells")),
    ("Charles Dickens", ("Boz",)),
    ("Jane Austen", ()),
    ("Edgar Allan Poe", ("Edgar Allen Poe",)),
    ("Charles Dudley Warner", ()),
    ("Charlotte Brontë", ("Charlotte Bronte", "Currer Bell")),
    ("Emily Brontë", ("Emily Bronte", "Ellis Bell")),
    ("Anne Brontë", ("Anne Bronte", "Acton Bell")),
    ("Elizabeth Gaskell", ("Mrs. Gaskell",)),
    ("Wilkie Collins", ()),
    ("Bram Stoker", ()),
    ("Mary Shelley", ("Mary Wollstonecraft Shelley",)),
    ("Oscar Wilde", ()),
    ("William Morris", ()),
    ("Lord Dunsany", ("Edward Plunkett",)),
    ("E.R. Eddison", ("E. R. Eddison",)),
    ("William Hope Hodgson", ()),
    ("Robert W. Chambers", ()),
    ("Erskine Childers", ()),
    ("Joseph Conrad", ()),
    ("Ford Madox Ford", ("Ford Madox Hueffer",)),
    ("Herman Melville", ()),
    ("Nathaniel Hawthorne", ()),
    ("Jack London", ()),
    ("George Eliot", ("Mary Ann Evans",)),
    ("Thomas Hardy", ()),
    ("Edward Bellamy", ()),
    ("Samuel Butler", ()),
    ("Edwin A. Abbott", ("Edwin Abbott Abbott",)),
    ("David Lindsay", ()),
    ("Frances Hodgson Burnett", ()),
    ("Kenneth Grahame", ()),
    ("Samuel Smiles", ()),
    ("James Allen", ()),
    ("Arnold Bennett", ()),
    ("R.M. Ballantyne", ("R. M. Ballantyne",)),
    # Invented, for the two invented works.
    ("Harold Plainfield", ()),
    ("Quickread Notes", ()),
)

AUTHORS = tuple(WorldAuthor(_FIRST_ID + place, name, aliases) for place, (name, aliases) in enumerate(_NAMES))
