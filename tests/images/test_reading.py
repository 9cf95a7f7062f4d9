import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from images import ImageError, image_size, load_image, read_clip, read_image, resized
from images.reading import MAX_PIXELS

RED = (220, 20, 30)


def saved(path, mode="RGB", colour=RED, **options):
    Image.new(mode, (6, 4), colour).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tiff", "gif"])
def test_every_format_becomes_rgb(suffix, tmp_path):
    image = read_image(saved(tmp_path / f"a.{suffix}"))
    assert image.shape == (4, 6, 3)
    assert image.dtype == np.uint8
    assert np.abs(image - np.array(RED)).max() <= 8  # JPEG and WebP lose a little


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "expected"),
    [
        ("L", 77, "png", (77, 77, 77)),
        ("1", 1, "png", (255, 255, 255)),
        ("P", 0, "png", (0, 0, 0)),
        ("LA", (77, 255), "png", (77, 77, 77)),
        ("RGBA", (220, 20, 30, 0), "png", (255, 255, 255)),
        ("RGBA", (200, 0, 0, 128), "png", (227, 127, 127)),
        ("CMYK", (0, 255, 255, 0), "jpg", (255, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "tiff", (255, 0, 0)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(mode, colour, suffix, expected, tmp_path):
    image = read_image(saved(tmp_path / f"a.{suffix}", mode, colour))
    assert image.shape == (4, 6, 3)
    assert np.abs(image.astype(int) - np.array(expected)).max() <= 3


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_eight(suffix, channels, tmp_path):
    pixels = np.full((4, 6, channels), 30_000, np.uint16)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), pixels)
    image = read_image(tmp_path / f"a.{suffix}")
    assert image.shape == (4, 6, 3)
    assert np.abs(image.astype(int) - 30_000 // 257).max() <= 1


def test_exif_orientation_is_honoured(tmp_path):
    image = Image.new("RGB", (6, 4), (0, 0, 0))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: what is stored top left is shown top right
    image.save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (6, 4, 3)
    assert image[0, -1].tolist() == [255, 255, 255]


def bomb(path):
    """A PNG of 65,000 x 65,000 pixels in a hundred bytes."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("empty", "is empty"),
        ("text", "not an image format"),
        ("truncated", "cannot be read"),
        ("bomb", "absurdly large"),
        ("absent", "no such file"),
        ("float", "floating-point"),
    ],
)
def test_a_file_that_will_not_do_is_one_line_that_names_it(kind, words, tmp_path):
    path = tmp_path / ("a.tiff" if kind == "float" else "a.png")
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not an image")
    elif kind == "truncated":
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(path)
        path.write_bytes(path.read_bytes()[:5000])
    elif kind == "bomb":
        bomb(path)
    elif kind == "float":
        Image.new("F", (4, 4)).save(path)
    with pytest.raises(ImageError, match=words) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_image_just_too_large_is_refused_before_it_is_decoded(tmp_path):
    side = int(MAX_PIXELS**0.5) + 1
    Image.new("1", (side, side)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="absurdly large"):
        read_image(tmp_path / "a.png")


def test_the_whole_image_is_resized_not_cropped():
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, 60:] = 255
    small = resized(image, (20, 20))
    assert small.dtype == np.float32
    assert small[:, :14].max() == 0
    assert small[:, 16:].min() == 255


def test_resizing_is_the_same_for_bytes_and_for_numbers():
    image = np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8)
    bytes_, numbers = resized(image, (32, 24)), resized(image.astype(np.float32), (32, 24))
    assert np.abs(bytes_ - numbers).max() <= 1
    assert 0 <= numbers.min() <= numbers.max() <= 255


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("bits", "unit"), [(16, 257), (12, 16), (8, 1)])
def test_fewer_bits_in_sixteen_are_read_as_what_they_are_and_said(
    bits, unit, channels, suffix, tmp_path
):
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16, 1).repeat(channels, -1)
    pixels[..., 3:] = 255  # opaque
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), pixels * unit)
    read, caution = load_image(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read, pixels[..., :1].repeat(3, -1))
    assert (f"read as {bits}-bit data" in caution) == (bits < 16)


def test_a_dark_image_of_sixteen_bits_is_said_but_kept(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6), 16_000, np.uint16))
    read, caution = load_image(tmp_path / "a.png")
    assert read.max() == 16_000 // 257
    assert "its brightest pixel is 16000 of 65535 (24.4%)" in caution
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((4, 6), np.uint16))
    assert load_image(tmp_path / "b.png").caution == ""


def test_a_transparent_value_of_sixteen_bit_grey_lies_on_white(tmp_path):
    pixels = np.full((4, 6), 30_000, np.uint16)
    pixels[0, 0] = 500
    Image.fromarray(pixels).save(tmp_path / "a.png", transparency=500)
    read = read_image(tmp_path / "a.png")
    assert read[0, 0].tolist() == [255, 255, 255]
    assert read[1, 1].tolist() == [30_000 // 257] * 3


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "RGB;16"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_upright_and_has_the_size_that_its_head_says(orientation, mode, tmp_path):
    """Against Pillow's turning of the same pixels in a PNG, where it is not done while reading."""
    tifffile = pytest.importorskip("tifffile")
    shape = (4, 6, 3) if mode.startswith("RGB") else (4, 6)
    pixels = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    tiff = pixels.astype(np.uint16) * 257 if "16" in mode else pixels
    kind = "rgb" if mode.startswith("RGB") else "minisblack"
    tag = (274, "H", 1, orientation, True)
    tifffile.imwrite(tmp_path / "a.tif", tiff, photometric=kind, extratags=[tag])
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    read = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(read, read_image(tmp_path / "a.png"))
    for name in ("a.tif", "a.png"):
        assert image_size(tmp_path / name) == read.shape[:2]


def test_an_orientation_that_is_text_turns_nothing(tmp_path):
    entry = struct.pack(">HHHI4s", 1, 0x0112, 2, 4, b"six\0")
    exif = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + entry + struct.pack(">I", 0)
    for name, options in (("a.jpg", {"exif": exif}), ("a.tif", {"tiffinfo": {0x0112: 0}})):
        Image.new("RGB", (6, 4), RED).save(tmp_path / name, **options)
        assert read_image(tmp_path / name).shape == (4, 6, 3)
        assert image_size(tmp_path / name) == (4, 6)


@pytest.mark.parametrize(
    ("shape", "dtype", "big", "words"),
    [
        ((4, 6, 3), np.float32, False, "floating-point pixels"),
        ((4, 6, 3), np.float32, True, "floating-point pixels"),
        ((4, 6), np.float64, False, "floating-point pixels"),
        ((4, 6, 7), np.uint8, False, "it has 7 channels"),
        ((4, 6, 7), np.uint16, False, "it has 7 channels"),
    ],
)
def test_a_tiff_of_measurements_says_what_it_has(shape, dtype, big, words, tmp_path):
    tifffile = pytest.importorskip("tifffile")
    kind = {"photometric": "minisblack", "planarconfig": "contig" if len(shape) == 3 else None}
    tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, dtype), bigtiff=big, **kind)
    with pytest.raises(ImageError, match=words):
        read_image(tmp_path / "a.tif")


def test_a_pipe_or_a_sparse_file_of_gigabytes_is_one_line_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(8 * 2**30)
    for name, words in (("pipe", "it is a named pipe"), ("large", "it has 8,192 MB")):
        for reading in (read_image, image_size):
            with pytest.raises(ImageError, match=words):
                reading(tmp_path / f"{name}.jpg")


def test_a_clip_that_is_a_pipe_is_one_line_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(ImageError, match=r"clip '.*pipe\.mp4' cannot be read: it is a named pipe"):
        read_clip(tmp_path / "pipe.mp4", 4)
    with pytest.raises(ImageError, match="No such file"):
        read_clip(tmp_path / "absent.mp4", 4)


@pytest.mark.parametrize("height", [1, 255, 256, 257, 700])
def test_an_image_of_many_rows_has_all_of_them(height, tmp_path):
    pixels = np.random.default_rng(height).integers(0, 256, (height, 5, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "tall.png")
    np.testing.assert_array_equal(read_image(tmp_path / "tall.png"), pixels)
