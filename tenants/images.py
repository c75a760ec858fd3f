"""Pictures that strangers send, drawn anew: what is no picture falls away with its metadata. Pure: bytes in and out."""

from __future__ import annotations

import io
import re
import threading
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_PIXELS: Final = 50_000_000  # a phone's largest; what unfolds to more is a bomb
LARGEST: Final = 2560  # pixels on the longer side of what is kept
SMALL: Final = 480  # … and of a thumbnail
MOST_SCANS: Final = 50  # of a JPEG, each of which is drawn over the whole; a camera makes one, a web page's tool ten
MOST_SEGMENTS: Final = 2000  # of a JPEG, before its picture is complete
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "PNG", "image/webp": "WEBP"}

# A picture of 50 million pixels takes up to 600 MB while it is drawn; two at a time are enough for one process. Whoever
# waits for a place keeps a connection of the pool meanwhile: a few may, the others come again.
MOST_WAITING: Final = 6
_drawing = threading.Semaphore(2)
_waiting = threading.Semaphore(MOST_WAITING)
# What is between two markers of a JPEG: a zero or a restart after FF is part of the drawing.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_SCAN, _END = 0xDA, 0xD9


class Busy(RuntimeError):
    """So many are being drawn that this one has to be sent again."""


class NoPicture(ValueError):
    """It can't be drawn: cut off, too many pixels, or something else under a picture's first bytes."""


def drawn(content: bytes, content_type: str, *, largest: int = LARGEST) -> bytes:
    """The same picture without metadata or trailing bytes, upright, at most `largest` pixels on a side.

    JPEG stays JPEG, WebP WebP; PNG and GIF (its first frame) become PNG. Raises NoPicture, Busy.
    """
    target = _FORMATS[content_type]
    if target == "JPEG":
        _check_scans(content)
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        with _drawing, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _draw(content, target, largest)
    except (
        UnidentifiedImageError, OSError, ValueError, SyntaxError, IndexError, OverflowError, MemoryError,
        Image.DecompressionBombError, Image.DecompressionBombWarning,
    ) as error:  # fmt: skip
        raise NoPicture(type(error).__name__) from error
    finally:
        _waiting.release()


def small(content: bytes, content_type: str) -> bytes:
    """A thumbnail, of the type that `drawn` makes of this one. Raises NoPicture, Busy."""
    return drawn(content, content_type, largest=SMALL)


def type_of_drawn(content_type: str) -> str:
    """What `drawn` makes of it."""
    return "image/png" if content_type == "image/gif" else content_type


def _draw(content: bytes, target: str, largest: int) -> bytes:
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP")) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise NoPicture("too many pixels")
        picture.draft("RGB", (largest, largest))  # of a JPEG, only as much as is kept is drawn at all
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((largest, largest))
        if target == "JPEG":
            upright = upright.convert("RGB")
        elif upright.mode not in ("RGB", "RGBA", "L", "LA"):
            upright = upright.convert("RGBA")
        upright.info.clear()
        out = io.BytesIO()
        upright.save(out, target, **({"quality": 85, "optimize": True} if target == "JPEG" else {}))
    return out.getvalue()


def _check_scans(content: bytes) -> None:
    """A hundred bytes may ask for another pass over fifty million pixels; ten megabytes of them, for an hour's work."""
    place, scans = 2, 0
    for _ in range(MOST_SEGMENTS):
        marker = _MARKER.search(content, place)
        if marker is None or marker[1][0] == _END:
            return  # what comes after the end is not drawn
        scans += marker[1][0] == _SCAN
        if scans > MOST_SCANS:
            raise NoPicture("too many scans")
        place = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
    raise NoPicture("too many segments")
