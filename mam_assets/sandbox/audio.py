"""Silent but real audio, written byte by byte: MP3 and M4B that players and mutagen read with the right length.

Belongs here: the two file formats. Does not belong here: which files exist (world) and where they lie (world.layout).

Sources of the layouts: ISO/IEC 13818-3 (MPEG-2 Layer III frame header), ID3v2.3, ISO/IEC 14496-3 (AAC-LC raw data
block), ISO/IEC 14496-12 and -14 (MP4 boxes). No encoder is needed, because silence is one frame repeated.
"""

from __future__ import annotations

import struct
from pathlib import Path

MP3_BYTES_PER_SECOND = 4000  # 32 kbit/s
SAMPLE_RATE = 22_050
M4B_FRAME_BYTES = 152  # with 1024 samples a frame this is about 26 kbit/s

_MP3_SAMPLES_PER_FRAME = 576
_MP3_PLAIN_FRAME_BYTES = 104  # 72 * 32000 / 22050 = 104 + 24/49: 24 of 49 frames carry one byte of padding
_MP3_CYCLE_FRAMES = 49
_MP3_PADDED_IN_CYCLE = 24

_AAC_SAMPLES_PER_FRAME = 1024
_FILL_WITHOUT_ESCAPE = 14


def write_mp3(path: Path, seconds: float, *, title: str, artist: str, album: str) -> None:
    """Write ``seconds`` of silence as MPEG-2 Layer III, 22.05 kHz mono, 32 kbit/s, with ID3v2.3 tags."""
    path.write_bytes(_id3({"TIT2": title, "TPE1": artist, "TALB": album}) + _mp3_frames(seconds))


def write_m4b(path: Path, seconds: float, *, title: str, artist: str, album: str) -> None:
    """Write ``seconds`` of silence as AAC-LC, 22.05 kHz mono, in an M4B container with iTunes tags.

    Each frame is padded with a fill element, so that the bit rate (about 26 kbit/s) is that of quiet speech.
    """
    frames = max(1, round(seconds * SAMPLE_RATE / _AAC_SAMPLES_PER_FRAME))
    media = _silent_aac_frame(M4B_FRAME_BYTES) * frames
    kind = _box(b"ftyp", b"M4B " + struct.pack(">I", 512) + b"M4B isommp42")
    path.write_bytes(
        kind
        + _box(b"mdat", media)
        + _movie(frames, len(kind) + 8, {"\xa9nam": title, "\xa9ART": artist, "\xa9alb": album})
    )


def _mp3_frames(seconds: float) -> bytes:
    def frame(padded: bool) -> bytes:
        # sync + MPEG-2 + Layer III + no CRC; 32 kbit/s at 22.05 kHz; mono. Zeros after it: no audio data at all.
        header = bytes((0xFF, 0xF3, 0x40 | (0x02 if padded else 0), 0xC4))
        return header.ljust(_MP3_PLAIN_FRAME_BYTES + padded, b"\0")

    cycle = [
        frame((i + 1) * _MP3_PADDED_IN_CYCLE // _MP3_CYCLE_FRAMES > i * _MP3_PADDED_IN_CYCLE // _MP3_CYCLE_FRAMES)
        for i in range(_MP3_CYCLE_FRAMES)
    ]
    whole, rest = divmod(max(1, round(seconds * SAMPLE_RATE / _MP3_SAMPLES_PER_FRAME)), _MP3_CYCLE_FRAMES)
    return b"".join(cycle) * whole + b"".join(cycle[:rest])


def _id3(texts: dict[str, str]) -> bytes:
    body = b""
    for frame_id, text in texts.items():
        content = b"\x01" + text.encode("utf-16")
        body += frame_id.encode("ascii") + struct.pack(">IH", len(content), 0) + content
    size = len(body)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + synchsafe + body


class _Bits:
    """Collects bit fields, most significant bit first."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, value: int, width: int) -> None:
        self._text += format(value, f"0{width}b")

    def __len__(self) -> int:
        return len(self._text)

    def to_bytes(self) -> bytes:
        padded = self._text.ljust(-(-len(self._text) // 8) * 8, "0")
        return int(padded, 2).to_bytes(len(padded) // 8, "big")


def _silent_aac_frame(size: int) -> bytes:
    """One raw data block of ``size`` bytes: a silent mono channel, one fill element of zeros, the end mark."""
    bits = _Bits()
    bits.add(0b000, 3)  # single channel element
    bits.add(0, 4)  # its instance tag
    bits.add(100, 8)  # global gain, of no meaning as no band follows
    bits.add(0, 1)  # reserved
    bits.add(0, 2)  # only long windows
    bits.add(0, 1)  # sine window
    bits.add(0, 6)  # max_sfb = 0: no spectral band is coded, which is silence
    bits.add(0, 1)  # no prediction
    bits.add(0, 3)  # no pulse, no temporal noise shaping, no gain control
    bits.add(0b110, 3)  # fill element
    fill = size - -(-(len(bits) + 4 + 8 + 3) // 8)
    if not _FILL_WITHOUT_ESCAPE < fill <= 269:
        raise ValueError(f"an AAC frame of {size} bytes can't be filled by one escaped fill element")
    bits.add(15, 4)
    bits.add(fill - _FILL_WITHOUT_ESCAPE, 8)
    for _ in range(fill):
        bits.add(0, 8)
    bits.add(0b111, 3)
    return bits.to_bytes()


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full_box(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)


_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _movie(frames: int, media_offset: int, tags: dict[str, str]) -> bytes:
    duration = frames * _AAC_SAMPLES_PER_FRAME
    movie_header = _full_box(
        b"mvhd",
        struct.pack(">4I", 0, 0, SAMPLE_RATE, duration),
        struct.pack(">IH10x", 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    track_header = _full_box(
        b"tkhd",
        struct.pack(">5I8x", 0, 0, 1, 0, duration),
        struct.pack(">HHHH", 0, 0, 0x100, 0),
        _MATRIX,
        struct.pack(">II", 0, 0),
        flags=7,
    )
    english = struct.pack(">HH", 0x15C7, 0)
    media_header = _full_box(b"mdhd", struct.pack(">4I", 0, 0, SAMPLE_RATE, duration), english)
    handler = _full_box(b"hdlr", struct.pack(">I4s12x", 0, b"soun"), b"SoundHandler\0")
    data_information = _box(b"dinf", _full_box(b"dref", struct.pack(">I", 1), _full_box(b"url ", flags=1)))
    information = _box(b"minf", _full_box(b"smhd", bytes(4)), data_information, _sample_table(frames, media_offset))
    track = _box(b"trak", track_header, _box(b"mdia", media_header, handler, information))
    return _box(b"moov", movie_header, track, _user_data(tags))


def _sample_table(frames: int, media_offset: int) -> bytes:
    bit_rate = M4B_FRAME_BYTES * 8 * SAMPLE_RATE // _AAC_SAMPLES_PER_FRAME
    specific = bytes((0x13, 0x88))  # AAC-LC (2), 22.05 kHz (index 7), one channel
    decoder = struct.pack(">BB3sII", 0x40, 0x15, bytes(3), bit_rate, bit_rate) + _descriptor(5, specific)
    elementary = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    entry = _box(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, 1, 16, 0, 0, SAMPLE_RATE << 16),
        _full_box(b"esds", _descriptor(3, elementary)),
    )
    return _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), entry),
        _full_box(b"stts", struct.pack(">3I", 1, frames, _AAC_SAMPLES_PER_FRAME)),
        _full_box(b"stsc", struct.pack(">4I", 1, 1, frames, 1)),
        _full_box(b"stsz", struct.pack(">2I", M4B_FRAME_BYTES, frames)),
        _full_box(b"stco", struct.pack(">2I", 1, media_offset)),
    )


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body


def _user_data(tags: dict[str, str]) -> bytes:
    items = b"".join(
        _box(name.encode("latin-1"), _box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for name, text in tags.items()
    )
    handler = _full_box(b"hdlr", struct.pack(">I4s4s8x", 0, b"mdir", b"appl"), b"\0")
    return _box(b"udta", _full_box(b"meta", handler, _box(b"ilst", items)))
