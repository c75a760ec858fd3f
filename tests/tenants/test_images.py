"""Pictures of strangers: what is none is refused, what is one comes out as a picture and nothing else."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from tenants.images import LARGEST, SMALL, NoPicture, drawn, small


def picture(kind: str, size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb() -> bytes:
    """50,000 by 50,000 pixels in a few hundred bytes of header."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("kind", "after"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("GIF", "PNG"), ("WEBP", "WEBP")])
def test_every_kind_is_drawn_anew(kind: str, after: str) -> None:
    content = drawn(picture(kind) + b"<script>alert(1)</script>", f"image/{kind.lower()}")
    assert b"script" not in content
    assert (opened(content).format, opened(content).size) == (after, (40, 20))


def test_place_and_camera_stay_at_home_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x010F] = "CANARY-CAMERA"
    exif[0x0112] = 6  # turned
    content = drawn(picture("JPEG", exif=exif.tobytes()), "image/jpeg")
    assert b"CANARY" not in content
    assert (opened(content).size, dict(opened(content).getexif())) == ((20, 40), {})


def test_large_ones_are_made_smaller_and_thumbnails_small() -> None:
    large = picture("JPEG", (6000, 3000))
    assert opened(drawn(large, "image/jpeg")).size == (LARGEST, LARGEST // 2)
    assert opened(small(large, "image/jpeg")).size == (SMALL, SMALL // 2)
    assert drawn(large, "image/jpeg") == drawn(large, "image/jpeg")  # the same upload twice has the same size


def test_jpeg_that_would_be_drawn_over_and_over_is_none() -> None:
    whole = picture("JPEG", progressive=True)
    scan = whole[whole.rfind(b"\xff\xda") : -2]
    with pytest.raises(NoPicture, match="scans"):
        drawn(whole[:-2] + scan * 60 + whole[-2:], "image/jpeg")
    with pytest.raises(NoPicture, match="segments"):
        drawn(whole[:2] + b"\xff\xfe\x00\x02" * 5000 + whole[2:], "image/jpeg")
    # A video behind the picture, as some phones leave it there, is no part of it.
    assert opened(drawn(whole + scan * 60, "image/jpeg")).size == (40, 20)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (bomb(), "image/png"),
        (picture("PNG")[:60], "image/png"),
        (b"\x89PNG\r\n\x1a\n<html>", "image/png"),
        (b"GIF89a<script>", "image/gif"),
        (b"\xff\xd8\xff<svg xmlns='http://www.w3.org/2000/svg'/>", "image/jpeg"),
        (b"", "image/webp"),
    ],
    ids=["bomb", "cut", "html", "script", "svg", "empty"],
)
def test_what_is_no_picture_is_refused(content: bytes, kind: str) -> None:
    with pytest.raises(NoPicture):
        drawn(content, kind)
