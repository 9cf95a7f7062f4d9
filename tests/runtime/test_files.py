"""Files that appear whole or not at all, on this machine and in object storage."""

import threading
from functools import partial

import numpy as np
import pytest
from support import ROOT, sequential

import main
from pipeline.dataset import columns, store
from runtime import BackgroundWriter, as_path, atomic_write, is_local, write_text

upath = pytest.importorskip("upath")  # requirements-distributed.txt


@pytest.fixture
def bucket():
    """An empty folder of object storage; fsspec keeps it in this process's memory."""
    folder = as_path("memory://bucket")
    if folder.exists():
        folder.fs.rm(folder.path, recursive=True)
    return folder


def test_paths_are_of_this_machine_and_urls_are_not(tmp_path, bucket):
    assert as_path(str(tmp_path)) == as_path(tmp_path) == tmp_path
    assert is_local(tmp_path)
    assert not is_local(bucket)
    assert as_path(bucket / "a") == bucket / "a"


@pytest.mark.parametrize("url", ["nowhere://bucket/a", "s3://bucket/a"])
def test_storage_whose_package_is_missing_is_told_of(url):
    with pytest.raises(ValueError, match=f"'{url}' is not on this machine: pip install"):
        as_path(url)


@pytest.mark.parametrize("where", ["local", "memory"])
def test_a_file_that_fails_leaves_the_old_one(where, tmp_path, bucket):
    path = (tmp_path if where == "local" else bucket) / "new" / "file.txt"
    assert write_text(path, "old") == path

    def failing():
        with atomic_write(path, safe=True) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_file_has_the_rights_that_any_new_file_has(tmp_path):
    """Which a temporary file, readable by its owner alone, would not."""
    (tmp_path / "any").touch()
    ours = write_text(tmp_path / "ours", "")
    assert ours.stat().st_mode == (tmp_path / "any").stat().st_mode


def test_a_run_from_object_storage_to_object_storage_is_resumed(bucket, tmp_path, capsys):
    for name in ("macaw", "coffee"):
        write_bytes(bucket / "images" / f"{name}.jpg", (ROOT / f"data/{name}.jpg").read_bytes())
    write_bytes(bucket / "images" / "broken.jpg", b"no image")
    sequential().save(tmp_path / "small.keras")
    command = [
        f"--test_image_path={bucket / 'images'}",
        f"--model_path={tmp_path / 'small.keras'}",
        f"--output_dir={bucket / 'results'}",
        "--metrics=SPARSITY",
    ]
    assert main.main(command) == 1  # for the broken one
    frame = store.read(str(bucket / "results"))
    assert set(frame["image"]) == {
        f"memory://bucket/images/{name}.jpg" for name in ("macaw", "coffee", "broken")
    }
    names = {file.name for file in (bucket / "results").iterdir()}
    assert {"failures.csv", "summary.csv", "results.csv", "store"} <= names
    assert any(name.endswith(".png") for name in names)
    (bucket / "images" / "broken.jpg").unlink()
    parts = len(store.parts(bucket / "results"))
    assert main.main(command) == 0
    assert len(store.parts(bucket / "results")) == parts  # nothing was explained again
    assert main.main([*command, "--fresh"]) == 0
    assert "is now memory://bucket/results/store-" in capsys.readouterr().out
    assert len(store.read(bucket / "results")) == 2


def write_bytes(path, content):
    with atomic_write(path) as file:
        file.write(content)


def test_maps_in_half_precision_are_within_a_thousandth_whatever_their_size():
    for size in (1e-9, 1.0, 1e9):
        saliency_map = (size * np.random.default_rng(0).normal(size=(7, 7))).astype(np.float32)
        half = columns.map_of(columns.map_columns(saliency_map, "float16"))
        assert half.dtype == np.float32
        assert np.abs(half - saliency_map).max() < 1e-3 * np.abs(saliency_map).max()
        whole_map = columns.map_of(columns.map_columns(saliency_map, "float32"))
        np.testing.assert_array_equal(whole_map, saliency_map)
    zero = np.zeros((2, 2), np.float32)
    np.testing.assert_array_equal(columns.map_of(columns.map_columns(zero, "float16")), zero)


def test_work_in_the_background_is_bounded_and_its_errors_are_told():
    writer, going = BackgroundWriter(most=3), threading.Semaphore(0)
    done = []

    def work(number):
        going.acquire()
        done.append(number)

    for number in range(3):
        writer.submit(partial(work, number))
    assert not done
    going.release(5)
    writer.submit(partial(work, 3))
    assert done  # the fourth waited for the first
    writer.submit(partial(work, 4))
    writer.finish()
    assert sorted(done) == [0, 1, 2, 3, 4]
    writer.submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.finish()
