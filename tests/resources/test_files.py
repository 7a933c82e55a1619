"""The disk: reading what arrived, and putting it into the library all or nothing."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import mutagen
import pytest

from mam_assets.resources import files
from mam_assets.resources.files import AlreadyThere, DiskRefuses, FilesError, NotAudio, place
from mam_assets.sandbox.audio import write_m4b, write_mp3

AUDIO = frozenset({".mp3", ".m4b"})


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads" / "book"
    folder.mkdir(parents=True)
    (folder / "01.mp3").write_bytes(b"one")
    (folder / "02.mp3").write_bytes(b"two")
    return folder


def copies(source: Path) -> list[tuple[Path, str]]:
    return [(path, path.name) for path in sorted(source.iterdir())]


def seen(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_are_linked_into_a_folder_that_appears_at_once(library: Path, source: Path) -> None:
    target = library / "A" / "B"
    placed = place(copies(source), target, library, token="7")
    assert [(p.method, p.size_bytes) for p in placed] == [("link", 3), ("link", 3)]
    assert seen(library) == ["A", "A/B", "A/B/01.mp3", "A/B/02.mp3"]
    assert (target / "01.mp3").samefile(source / "01.mp3")
    assert (source / "01.mp3").exists(), "never moved while seeding"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_where_a_link_is_not_possible_it_is_a_copy(
    library: Path, source: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", _raising(number))
    placed = place(copies(source), library / "A", library, token="7")
    assert {p.method for p in placed} == {"copy"}
    assert (library / "A" / "01.mp3").read_bytes() == b"one"


def _raising(number: int) -> Any:
    def raising(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return raising


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, DiskRefuses, "the disk is full"),
        (errno.EDQUOT, DiskRefuses, "the quota is used up"),
        (errno.EROFS, DiskRefuses, "read-only"),
        (errno.EACCES, DiskRefuses, "permission denied"),
        (errno.EIO, DiskRefuses, "the disk fails"),
        (errno.ENAMETOOLONG, FilesError, "a name is too long"),
    ],
)
def test_a_disk_that_says_no_leaves_nothing_and_is_named(
    library: Path, source: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[FilesError], words: str
) -> None:
    real, done = os.link, []

    def second_fails(a: Path, b: Path) -> None:
        if done:
            raise OSError(number, os.strerror(number))
        done.append(b)
        real(a, b)

    monkeypatch.setattr(os, "link", second_fails)
    monkeypatch.setattr(files, "_copy", _raising(number))
    with pytest.raises(kind, match=words) as raised:
        place(copies(source), library / "A", library, token="7")
    assert str(library / "A") in str(raised.value)
    assert type(raised.value) is kind
    assert seen(library) == []


def test_a_copy_that_differs_from_its_source_is_thrown_away(
    library: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _raising(errno.EXDEV))
    monkeypatch.setattr(files, "_digest", lambda path: b"something else")
    with pytest.raises(DiskRefuses, match="the disk fails"):
        place(copies(source), library / "A", library, token="7")
    assert seen(library) == []


def test_what_an_earlier_attempt_left_is_cleared(library: Path, source: Path) -> None:
    (library / ".incoming-7").mkdir()
    (library / ".incoming-7" / "01.mp3").write_bytes(b"half")
    place(copies(source), library / "A", library, token="7")
    assert seen(library) == ["A", "A/01.mp3", "A/02.mp3"]


@pytest.mark.parametrize("linked", [True, False])
def test_what_is_there_already_is_recognised(library: Path, source: Path, linked: bool) -> None:
    place(copies(source), library / "A", library, token="7")
    if not linked:
        for path in (library / "A").iterdir():
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data)
    placed = place(copies(source), library / "A", library, token="7")
    assert {p.method for p in placed} == {"link" if linked else "copy"}


@pytest.mark.parametrize("there", ["other file", "other content", "a file of that name", "a dead link"])
def test_nothing_is_written_over_what_is_there(library: Path, source: Path, there: str) -> None:
    target = library / "A"
    match there:
        case "other file":
            target.mkdir()
            (target / "mine.mp3").write_bytes(b"mine")
        case "other content":
            target.mkdir()
            (target / "01.mp3").write_bytes(b"mine")
        case "a file of that name":
            target.write_bytes(b"mine")
        case _:
            target.symlink_to(library / "nowhere")
    before = seen(library)
    with pytest.raises(AlreadyThere, match="holds something else"):
        place(copies(source), target, library, token="7")
    assert seen(library) == before


def test_an_empty_folder_of_that_name_is_taken(library: Path, source: Path) -> None:
    (library / "A").mkdir()
    assert len(place(copies(source), library / "A", library, token="7")) == 2


def test_a_link_that_leads_out_of_the_library_is_not_followed(library: Path, source: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (library / "A").symlink_to(outside)
    with pytest.raises(FilesError, match="outside the library folder"):
        place(copies(source), library / "A" / "B", library, token="7")
    assert seen(outside) == []


def test_a_library_that_is_not_mounted_is_not_made(tmp_path: Path, source: Path) -> None:
    with pytest.raises(DiskRefuses, match="the library folder is missing"):
        place(copies(source), tmp_path / "gone" / "A", tmp_path / "gone", token="7")
    assert not (tmp_path / "gone").exists()


# --- reading -----------------------------------------------------------------------------------------------------


def test_a_folder_is_listed_without_links(source: Path) -> None:
    (source / "cd1").mkdir()
    (source / "cd1" / "a.mp3").write_bytes(b"1234")
    (source / "link.mp3").symlink_to(source / "01.mp3")
    assert files.list_files(source) == [("01.mp3", 3), ("02.mp3", 3), ("cd1/a.mp3", 4)]
    assert files.list_files(source / "01.mp3") == [("01.mp3", 3)]


def test_a_missing_folder_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"does not exist here.*PATH_MAP"):
        files.list_files(tmp_path / "gone")


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(top: Any, onerror: Any = None) -> Any:
        onerror(PermissionError(errno.EACCES, "Permission denied"))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(DiskRefuses, match="permission denied"):
        files.list_files(source)


def test_audio_is_measured(tmp_path: Path) -> None:
    write_m4b(tmp_path / "a.m4b", 40.0, title="a", artist="b", album="a")
    write_mp3(tmp_path / "b.mp3", 20.0, title="a", artist="b", album="a")
    assert files.measure([tmp_path / "a.m4b", tmp_path / "b.mp3"]) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("suffix", [".m4b", ".mp3", ".flac", ".ogg", ".opus", ".wav", ".wma", ".aac"])
@pytest.mark.parametrize("content", ["noise", "empty", "text", "head"])
def test_what_is_no_audio_is_the_release_s_fault(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"a{suffix}"
    heads = {".m4b": b"\0\0\0\x20ftypM4B ", ".mp3": b"ID3\x03", ".flac": b"fLaC", ".wav": b"RIFF\0\0\0\0WAVE"}
    path.write_bytes(
        {
            "noise": random.Random(5).randbytes(20_000),
            "empty": b"",
            "text": b"<html>not found</html>",
            "head": heads.get(suffix, b"OggS") + bytes(10),
        }[content]
    )
    with pytest.raises(NotAudio, match="Another release is taken"):
        files.measure([path])


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_disk_that_can_not_be_read_blames_no_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fails(path: Path) -> None:
        try:
            raise OSError(number, os.strerror(number))
        except OSError as error:
            raise mutagen.MutagenError(error) from None

    monkeypatch.setattr(mutagen, "File", fails)
    with pytest.raises(DiskRefuses):
        files.measure([tmp_path / "a.mp3"])


def test_a_file_that_is_gone_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="missing"):
        files.measure([tmp_path / "gone.mp3"])


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ("Author/Series/book.m4b", "Author/Series"),
        ("Author/book.m4b", "Author"),
        ("Author/Series/CD 1/01.mp3", "Author/Series"),
        ("Author/Series/Vol 1/01.mp3", None),
        ("Author/Series/cover.jpg", None),
        ("book.m4b", None),
    ],
)
def test_a_folder_above_that_is_a_book_is_found(library: Path, there: str, found: str | None) -> None:
    (library / there).parent.mkdir(parents=True, exist_ok=True)
    (library / there).write_bytes(b"x")
    above = files.item_above(library / "Author/Series/Vol 2 - B", library, AUDIO)
    assert above == (library / found if found else None)


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert files.free_bytes(tmp_path / "not" / "yet") > 0
