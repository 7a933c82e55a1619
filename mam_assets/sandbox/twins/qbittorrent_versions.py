"""The versions of qBittorrent that the twin plays.

Here: what each says of itself. Not here: what follows from it (qbittorrent.py and qbittorrent_shapes.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """What a version says of itself. The rest that differs hangs on ``major`` and ``minor``."""

    version: str
    api: str
    libtorrent: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])

    @property
    def since_5_2(self) -> bool:
        return (self.major, self.minor) >= (5, 2)


PROFILES = {
    profile.version: profile
    for profile in (
        Profile("4.6.7", "2.9.3", "2.0.10.0"),
        Profile("5.1.4", "2.11.4", "2.0.11.0"),
        Profile("5.2.3", "2.15.1", "2.0.12.0"),
    )
}
