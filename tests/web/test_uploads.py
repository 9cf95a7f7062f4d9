"""What visitors send is read within bounds, or refused in a line."""

import io
import re

import cv2
import numpy as np
import pytest
from PIL import Image

from images import ImageError
from web import uploads
from web.uploads import read_clip_upload, read_upload


def png(height: int, width: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "png")
    return file.getvalue()


def gif(path, frames: int, side: int = 8):
    """A GIF whose frames differ, so that none is left out."""
    first, *others = (Image.new("L", (side, side), 255 * (n % 2)) for n in range(frames))
    first.save(path, save_all=True, append_images=others, duration=50)
    return path


def video(path, frames: int = 9, code: str = "mp4v"):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 5, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this image is empty"),
        (b"<svg onload=alert(1)>", "not an image format that is known"),
        (png(10, 10)[:40], "this image cannot be read"),
        (png(8000, 8000), "8000 x 8000 pixels; at most 40 million"),
        (bytes(20_000_001), "larger than 20 MB"),
    ],
)
def test_an_upload_that_will_not_do_is_refused_in_words(content, words):
    with pytest.raises(ImageError, match=re.escape(words)):
        read_upload(content)


def test_a_large_upload_is_made_smaller():
    assert read_upload(png(2000, 4000)).shape == (800, 1600, 3)


@pytest.mark.parametrize(
    "file", [("clip.mp4", "mp4v"), ("clip.webm", "VP80"), ("clip.avi", "MJPG")], ids=lambda f: f[0]
)
def test_a_video_is_sampled(file, tmp_path):
    name, code = file
    clip = read_clip_upload(video(tmp_path / name, code=code), 3)
    assert clip.numbers == [1, 4, 7]
    assert clip.seconds == pytest.approx(9 / 5)
    assert clip.frames.shape[0] == 3
    assert clip.frames.mean(axis=(1, 2, 3)) == pytest.approx([20, 80, 140], abs=4)


def test_a_clip_is_no_larger_than_it_is_shown(tmp_path):
    assert read_clip_upload(gif(tmp_path / "large.gif", 3, side=900), 2).frames.shape[1] == 320


def test_a_gif_of_too_many_frames_is_refused(tmp_path):
    with pytest.raises(ImageError, match="more than 3000 frames"):
        read_clip_upload(gif(tmp_path / "long.gif", 10_000), 4)


def test_a_clip_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    file = gif(tmp_path / "large.gif", 5, side=100)
    monkeypatch.setattr(uploads, "MOST_CLIP_PIXELS", 40_000)
    with pytest.raises(ImageError, match="make it smaller or shorter"):
        read_clip_upload(file, 4)


def test_a_video_of_100_mb_is_refused_unread(tmp_path):
    file = video(tmp_path / "heavy.mp4")
    with file.open("r+b") as content:
        content.truncate(100_000_000)
    with pytest.raises(ImageError, match="this file is larger than 20 MB"):
        read_clip_upload(file, 4)


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.gif", b"", "no clip that is known"),
        ("broken.gif", b"GIF89a broken", "this clip cannot be read"),
        ("broken.mp4", b"\0\0\0\x20ftypisom" + bytes(100), "this clip cannot be read"),
        ("image.png", png(8, 8), "no clip that is known"),
        ("playlist.mp4", PLAYLIST, "no clip that is known"),
        ("script.avi", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "no clip that is known"),
    ],
)
def test_what_is_no_clip_is_said_in_a_line(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError, match=words) as caught:
        read_clip_upload(tmp_path / name, 4)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_of_a_gif_that_is_cut_nothing_but_the_line_is_left(tmp_path):
    whole = gif(tmp_path / "whole.gif", 6, side=64).read_bytes()
    (tmp_path / "cut.gif").write_bytes(whole[:60])
    with pytest.raises(ImageError, match="this clip cannot be read"):
        read_clip_upload(tmp_path / "cut.gif", 4)
