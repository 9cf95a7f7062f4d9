import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from images import ImageError, find_images, read_image, resized
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


def test_images_are_found_in_files_folders_and_lists(tmp_path):
    (tmp_path / "cats").mkdir()
    for name in ("b.png", "a.JPG", "cats/c.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "notes.md").write_text("x")
    names = [path.name for path in find_images([tmp_path])]
    assert names == ["a.JPG", "b.png"]
    (tmp_path / "list.txt").write_text("# two\nb.png\ncats/c.png\n")
    assert [p.name for p in find_images([tmp_path / "list.txt", tmp_path / "b.png"])] == [
        "b.png",
        "c.png",
    ]


def test_a_folder_of_folders_gives_the_images_of_all(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"x")
    assert [path.parent.name for path in find_images([tmp_path])] == ["cats", "dogs"]


def test_where_there_are_no_images_it_is_said(tmp_path):
    with pytest.raises(ValueError, match="no images in folder"):
        find_images([tmp_path])
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        find_images([tmp_path / "absent"])
    (tmp_path / "list.txt").write_text("\n# nothing\n")
    with pytest.raises(ValueError, match="no images in list"):
        find_images([tmp_path / "list.txt"])


def test_a_list_may_name_folders_and_must_be_text(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "c.png").write_bytes(b"x")
    (tmp_path / "list.txt").write_text("cats\n")
    assert [p.name for p in find_images([tmp_path / "list.txt"])] == ["c.png"]
    (tmp_path / "list.txt").write_bytes("café.png".encode("latin-1"))
    with pytest.raises(ValueError, match=r"list.txt' is not UTF-8"):
        find_images([tmp_path / "list.txt"])
