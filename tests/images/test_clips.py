"""Clips are found, read and sampled."""

import cv2
import numpy as np
import pytest
from PIL import Image
from small_clips import FRAMES, written_clip

from images import ImageError, find_clips, read_clip
from images.clips import frame_files, sampled


def test_frames_are_the_middles_of_equal_parts():
    assert sampled(6, 6) == [0, 1, 2, 3, 4, 5]
    assert sampled(12, 3) == [2, 6, 10]
    assert sampled(2, 4) == [0, 0, 1, 1]
    assert sampled(1, 3) == [0, 0, 0]


@pytest.mark.parametrize("kind", ["folder", "gif", "avi", "mp4"])
def test_every_kind_of_clip_is_read_and_sampled(kind, tmp_path):
    clip = read_clip(written_clip(tmp_path, kind), FRAMES)
    assert clip.numbers == [1, 3, 5, 7, 9, 11]
    assert clip.frames.shape == (FRAMES, 32, 48, 3)
    assert clip.frames.dtype == np.uint8
    np.testing.assert_allclose(
        clip.frames.mean(axis=(1, 2, 3)), np.array(clip.numbers) * 20, atol=4
    )
    assert clip.seconds == pytest.approx({"folder": 1.2}.get(kind, 0.6), rel=0.01)


def test_colours_of_a_video_are_red_green_and_blue(tmp_path):
    video = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 20, (32, 32))
    for _ in range(3):
        video.write(np.full((32, 32, 3), (0, 0, 255), np.uint8))  # OpenCV's red
    video.release()
    red, green, blue = read_clip(tmp_path / "a.avi", 2).frames.mean(axis=(0, 1, 2))
    assert red > 240 > 20 > max(green, blue)


def test_a_folder_of_frames_is_a_clip_and_a_folder_of_clips_several(tmp_path):
    frames, gif = written_clip(tmp_path, "folder"), written_clip(tmp_path, "gif")
    assert find_clips([frames]) == [frames]
    assert find_clips([tmp_path, gif]) == [frames, gif]
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        find_clips([tmp_path / "none.mp4"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no clips in folder"):
        find_clips([tmp_path / "empty"])


def test_what_is_no_clip_is_said_in_a_line(tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "still.png")
    (tmp_path / "broken.gif").write_bytes(b"GIF89a, or not")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    for name, words in (
        ("still.png", "is one image"),
        ("broken.gif", "cannot be read"),
        ("broken.mp4", "finds no frames"),
    ):
        with pytest.raises(ImageError, match=words) as error:
            read_clip(tmp_path / name, 4)
        assert "\n" not in str(error.value)
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, side in enumerate((8, 9)):
        Image.fromarray(np.zeros((side, 8, 3), np.uint8)).save(folder / f"{number}.png")
    with pytest.raises(ImageError, match="frames of different sizes"):
        read_clip(folder, 2)


def test_frames_follow_each_other_as_people_count(tmp_path):
    for number in (10, 9, 100, 1):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(tmp_path / f"f{number}.png")
    assert [file.stem for file in frame_files(tmp_path)] == ["f1", "f9", "f10", "f100"]
    clip = read_clip(tmp_path, 4)
    assert clip.frames[:, 0, 0, 0].tolist() == [1, 9, 10, 100]


def test_a_folder_of_frames_and_clips_is_asked_about_and_a_list_is_read(tmp_path):
    gif = written_clip(tmp_path, "gif")
    (tmp_path / "list.txt").write_text("clip.gif\n")
    assert find_clips([tmp_path / "list.txt"]) == [gif]
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "poster.png")
    with pytest.raises(ValueError, match="images and clips in it"):
        find_clips([tmp_path])
