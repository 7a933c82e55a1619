from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
import torf

from mam_assets.sandbox.world.layout import FAKE_PASSKEY, LaidOutWorld, lay_out
from mam_assets.sandbox.world.model import World


def test_every_owned_file_is_there(laid_out: LaidOutWorld) -> None:
    for item in laid_out.world.owned:
        for name, _ in item.files:
            assert (laid_out.library_root / item.folder / name).stat().st_size > 0


def test_the_library_holds_litter_too(laid_out: LaidOutWorld) -> None:
    assert list(laid_out.library_root.rglob("cover.jpg"))
    assert list(laid_out.library_root.rglob("*.nfo"))


def test_the_world_is_small_on_disk(laid_out: LaidOutWorld) -> None:
    assert sum(path.stat().st_size for path in laid_out.root.rglob("*") if path.is_file()) < 150_000_000


def test_a_second_call_reuses_what_is_there(laid_out: LaidOutWorld) -> None:
    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in laid_out.root.rglob("*") if path.suffix in (".m4b", ".mp3")}

    before = written()
    assert before
    assert lay_out(laid_out.world, laid_out.root) == laid_out
    assert written() == before


def test_a_lost_file_is_written_again(world: World, tmp_path: Path) -> None:
    small = replace(world, owned=world.owned[:1], releases=world.releases[:1])
    first = lay_out(small, tmp_path)
    lost = first.releases[0].content_root / small.releases[0].files[0][0]
    content = lost.read_bytes()
    lost.unlink()
    assert lay_out(small, tmp_path) == first
    assert lost.read_bytes() == content


def test_a_torrent_is_private_and_hashes_to_its_content(laid_out: LaidOutWorld) -> None:
    for built in laid_out.releases:
        if built.release.behaviour in ("html_torrent", "unsafe_names"):
            continue
        torrent = torf.Torrent.read_stream(built.torrent)
        assert torrent.private
        assert str(torrent.infohash) == built.info_hash
        assert torrent.size == built.total_bytes
        assert {str(file) for file in torrent.files} == {name for name, _ in built.release.files}
        assert FAKE_PASSKEY in str(torrent.trackers[0][0])


@pytest.mark.parametrize("release_id", [1003, 1005])
def test_pieces_fit_the_files(laid_out: LaidOutWorld, release_id: int) -> None:
    built = laid_out.release(release_id)
    torrent = torf.Torrent.read_stream(built.torrent)
    assert torrent.verify(built.content_root / torrent.name)


def test_both_kinds_of_torrent_are_there(laid_out: LaidOutWorld) -> None:
    modes = {
        torf.Torrent.read_stream(b.torrent).mode for b in laid_out.releases if b.release.behaviour in ("ok", "damaged")
    }
    assert modes == {"singlefile", "multifile"}


def test_hashes_are_unique(laid_out: LaidOutWorld) -> None:
    assert len(laid_out.contents) == len(laid_out.releases)


def test_recordings_are_as_long_as_told(laid_out: LaidOutWorld) -> None:
    for built in laid_out.releases[::9]:
        if built.release.behaviour == "damaged" or built.release.filetype == "epub":
            continue
        for name, seconds in built.release.files:
            assert mutagen.File(built.content_root / name).info.length == pytest.approx(seconds, rel=0.01)


def test_a_damaged_recording_is_no_audio(laid_out: LaidOutWorld) -> None:
    built = laid_out.release(1008)
    path = built.content_root / built.release.files[0][0]
    with pytest.raises(mutagen.MutagenError):
        mutagen.mp4.MP4(path)


def test_one_torrent_is_html_and_one_climbs_out_of_its_folder(laid_out: LaidOutWorld) -> None:
    assert laid_out.release(1010).torrent.startswith(b"<!DOCTYPE html>")
    assert b"2:..2:..11:escaped.m4b" in laid_out.release(1011).torrent


def test_an_unknown_release_is_an_error(laid_out: LaidOutWorld) -> None:
    with pytest.raises(KeyError):
        laid_out.release(1)
