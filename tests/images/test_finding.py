"""Finding images: folders, links, lists and patterns as people have them."""

import json
import os

import pytest

from images import find_images, read_image, search_images
from images.finding import listed
from images.formats import SUFFIXES


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(found, folder):
    return [str(path.relative_to(folder)) for path in found]


def test_images_are_found_in_files_folders_and_lists(tmp_path):
    (tmp_path / "cats").mkdir()
    for name in ("b.png", "a.JPG", "cats/c.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "notes.md").write_text("x")
    names = [path.name for path in find_images([tmp_path])]
    assert names == ["a.JPG", "b.png", "c.png"]
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


def test_linked_class_folders_are_searched(tmp_path):
    touch(tmp_path / "real", "cat/1.jpg")
    touch(tmp_path / "own", "dog/1.jpg")
    (tmp_path / "own/cat").symlink_to(tmp_path / "real/cat")
    found = find_images([tmp_path / "own"])
    assert names(found, tmp_path / "own") == ["cat/1.jpg", "dog/1.jpg"]


def test_links_in_a_circle_end_and_an_image_has_the_name_that_is_no_links(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/1.jpg")
    (tmp_path / "all").symlink_to(tmp_path)
    (tmp_path / "a_cat").symlink_to(tmp_path / "cat")
    (tmp_path / "cat/dogs").symlink_to(tmp_path / "dog")
    (tmp_path / "dog/cats").symlink_to(tmp_path / "cat")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    assert names(find_images([tmp_path]), tmp_path) == ["cat/1.jpg", "dog/1.jpg"]


def test_a_stray_image_hides_no_folder_and_is_said(tmp_path):
    touch(tmp_path, "cat/1.jpg", "cat/2.jpg", "confusion_matrix.png")
    found = search_images([tmp_path])
    assert len(found.images) == 3
    assert found.remarks == [f"folder '{tmp_path}': 1 of its images, and 2 in sub-folders"]


def test_every_kind_of_jpeg_is_found_whatever_its_capitals(tmp_path):
    touch(tmp_path, "a.jpg", "b.JFIF", "c.jpe", "d.Jpeg", "e.TIFF", "notes.md", ".hidden.jpg")
    found = search_images([tmp_path])
    assert names(found.images, tmp_path) == ["a.jpg", "b.JFIF", "c.jpe", "d.Jpeg", "e.TIFF"]
    assert found.remarks == []


def test_images_that_cannot_be_read_are_said_once_in_numbers(tmp_path):
    touch(tmp_path, "a.jpg", "x/b.JXL", "y/c.jxl", "d.dcm")
    (remark,) = search_images([tmp_path]).remarks
    assert remark == "left out, as they cannot be read here: 1 .dcm, 2 .jxl"
    touch(tmp_path / "raw", "a.dng")
    with pytest.raises(ValueError, match=r"no images in folder '.*'.*; \.dng cannot be read here"):
        find_images([tmp_path / "raw"])


def test_the_output_folder_inside_is_not_searched(tmp_path):
    touch(tmp_path, "a.jpg", "results/a_GRADCAM.png", "results/deep/b.png")
    found = search_images([tmp_path], leave_out=[tmp_path / "results", tmp_path / "absent"])
    assert names(found.images, tmp_path) == ["a.jpg"]
    assert "results' is not searched" in found.remarks[0]
    assert len(find_images([tmp_path / "results"], leave_out=[tmp_path / "results"])) == 2


def test_masks_beside_the_images_are_no_images_and_folders_of_other_names_are(tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg", "masks/a.png", "cat/a.png", "labels/c.jpg")
    found = search_images([tmp_path])
    expected = ["a.jpg", "b.jpg", "cat/a.png", "labels/c.jpg"]
    assert names(found.images, tmp_path) == expected
    assert found.remarks[0].endswith("masks' is left out: its 1 images are of other images")
    assert len(find_images([tmp_path / "masks"])) == 1


def test_a_pattern_in_quotes_is_as_good_as_one_without(tmp_path):
    touch(tmp_path, "cat/1.jpg", "cat/2.png", "dog/1.jpg", "odd[1].jpg")
    assert names(find_images([tmp_path / "*/1.jpg"]), tmp_path) == ["cat/1.jpg", "dog/1.jpg"]
    assert names(find_images([tmp_path / "c*"]), tmp_path) == ["cat/1.jpg", "cat/2.png"]
    assert names(find_images([tmp_path / "odd[1].jpg"]), tmp_path) == ["odd[1].jpg"]
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        find_images([tmp_path / "*.bmp"])


def test_a_list_with_a_bad_entry_has_all_the_others(tmp_path):
    touch(tmp_path, "cat/1.jpg", "dog/1.jpg")
    (tmp_path / "empty").mkdir()
    long_name = "x" * 300 + ".jpg"
    entries = ["cat/1.jpg", "bird/9.jpg", "empty", long_name, "dog"]
    (tmp_path / "list.txt").write_text("\ufeff" + "\r\n".join(entries), encoding="utf-8")
    found = search_images([tmp_path / "list.txt"])
    expected = ["cat/1.jpg", "bird/9.jpg", long_name, "dog/1.jpg"]
    assert names(found.images, tmp_path) == expected
    assert "no images in folder" in found.remarks[0]


def test_what_is_no_folder_or_file_is_an_image_that_will_fail(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "folder.jpg").mkdir()
    touch(tmp_path / "folder.jpg", "a.png")
    expected = ["broken.jpg", "folder.jpg/a.png", "pipe.jpg"]
    assert names(find_images([tmp_path]), tmp_path) == expected
    (tmp_path / "pipe.txt").symlink_to(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match=r"pipe.txt' cannot be read: it is a named pipe"):
        listed(tmp_path / "pipe.txt")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="all folders can be read")
def test_a_folder_that_must_not_be_read_is_said(tmp_path):
    touch(tmp_path, "a.jpg", "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    (remark,) = search_images([tmp_path]).remarks
    (tmp_path / "closed").chmod(0o700)
    assert remark == f"folder '{tmp_path / 'closed'}' is left out: Permission denied"


def test_avif_is_found_and_read_where_pillow_reads_it(tmp_path):
    from PIL import Image, features

    assert (".avif" in SUFFIXES) == bool(features.check("avif"))
    if ".avif" not in SUFFIXES:
        pytest.skip("this Pillow reads no AVIF")
    Image.new("RGB", (64, 48), (220, 20, 30)).save(tmp_path / "a.avif")
    (found,) = find_images([tmp_path])
    assert abs(read_image(found).astype(int) - (220, 20, 30)).max() < 12


@pytest.mark.parametrize("path", [".", "*", "*/*.png", "**/*.png"])
def test_results_inside_the_searched_folder_are_no_images(path, tmp_path):
    touch(tmp_path, "cats/a.png", "results/a_GRADCAM.png", "results/report/b.png")
    found = search_images([tmp_path / path], leave_out=[tmp_path / "results"])
    assert names(found.images, tmp_path) == ["cats/a.png"]
    assert any("results' is not searched" in remark for remark in found.remarks)


def test_figures_of_earlier_runs_are_no_images_where_results_go_beside_them(tmp_path):
    touch(tmp_path, "a.png", "a_GRADCAM.png")
    (tmp_path / "a_GRADCAM.json").write_text(
        json.dumps({"versions": {}, "figures": ["elsewhere/a_GRADCAM.png"]})
    )
    (tmp_path / "other.json").write_text('{"figures": ["a.png"]}')
    (tmp_path / "broken.json").write_text("{")
    found = search_images([tmp_path], leave_out=[tmp_path])
    assert names(found.images, tmp_path) == ["a.png"]
    assert found.remarks == [f"folder '{tmp_path}': 1 figure of earlier runs left out"]


def test_a_stray_image_at_the_top_hides_no_sub_folders(tmp_path):
    touch(tmp_path, "stray.png", "cats/a.png", "dogs/b.png")
    found = search_images([tmp_path])
    assert names(found.images, tmp_path) == ["cats/a.png", "dogs/b.png", "stray.png"]
    assert found.remarks == [f"folder '{tmp_path}': 1 of its images, and 2 in sub-folders"]
