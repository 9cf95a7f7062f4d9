import numpy as np
import pytest

from pipeline.dataset import store

ROW = dict.fromkeys(store.COLUMNS) | {
    "image": "a.jpg",
    "image_hash": "0",
    "classifier_hash": "1",
    "kind": store.EXPLANATION,
    "change": "",
    "layer": "last",
    "method": "GRADCAM",
    "options": "{}",
    "target": "predicted",
    "class_index": 3,
    "precision": "float32",
    "map_shape": [2, 3],
    "map_type": "float32",
    "map_unit": 1.0,
    "map": np.arange(6, dtype=np.float32).tobytes(),
    "metrics": [("PCC", 0.5), ("NSS", float("nan"))],
    "metric_notes": '{"DELETION": {"curve": [[0, 1], [1, 0]]}}',
    "notes": "{}",
    "top": "[]",
}


def test_what_is_stored_is_read_back_as_arrays_and_columns(tmp_path):
    kept = store.Store(tmp_path)
    kept.add([ROW, ROW | {"class_index": 4, "metrics": [("PCC", None)]}])
    kept.flush()
    frame = store.read(tmp_path)
    np.testing.assert_array_equal(frame["map"][0], np.arange(6).reshape(2, 3))
    assert frame["PCC"][0] == 0.5
    assert frame["evaluated"].tolist() == [("PCC", "NSS"), ()]
    assert frame["metric_notes"][0]["DELETION"]["curve"] == [[0, 1], [1, 0]]
    assert "map" not in store.read(tmp_path, heavy=False)


def test_the_later_of_two_units_with_one_key_counts(tmp_path):
    kept = store.Store(tmp_path)
    for value in (0.1, 0.2):
        kept.add([ROW | {"metrics": [("PCC", value)]}])
        kept.flush()
    assert len(store.parts(tmp_path)) == 2
    assert store.read(tmp_path)["PCC"].tolist() == [0.2]


def test_an_unfinished_part_is_not_read(tmp_path):
    kept = store.Store(tmp_path)
    kept.add([ROW])
    kept.flush()
    (kept.folder / "part-9-9.unfinished").write_bytes(b"half")
    assert len(store.read(tmp_path)) == 1
    with pytest.raises(FileNotFoundError, match="no store there"):
        store.read(tmp_path / "elsewhere")


def test_rows_are_written_when_there_are_many(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROWS_OF_PART", 2)
    kept = store.Store(tmp_path)
    kept.add([ROW])
    assert not store.parts(tmp_path)
    kept.add([ROW | {"image": "b.jpg"}])
    assert len(store.read(tmp_path)) == 2


def test_rows_are_written_when_their_maps_are_large(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BYTES_OF_PART", 2 * len(ROW["map"]))
    kept = store.Store(tmp_path)
    for number in range(5):
        kept.add([ROW | {"image": f"{number}.jpg"}])
    assert len(store.parts(tmp_path)) == 2
    assert len(store.read(tmp_path)) == 4


def test_an_image_that_changed_has_its_last_rows_only(tmp_path):
    kept = store.Store(tmp_path)
    kept.add([ROW, ROW | {"class_index": 4}])
    kept.add([ROW | {"image_hash": "1"}])
    kept.flush()
    assert store.read(tmp_path)["image_hash"].tolist() == ["1"]


def test_an_error_counts_until_the_image_is_explained(tmp_path):
    kept = store.Store(tmp_path)
    kept.add([ROW | {"error": "broken", "map": None, "image_hash": ""}])
    kept.flush()
    assert store.read(tmp_path)["error"].tolist() == ["broken"]
    assert store.Index(tmp_path).find(ROW) is None
    kept.add([ROW])
    kept.flush()
    assert store.read(tmp_path)["error"].isna().all()


def test_the_index_finds_units_with_all_their_rows_and_unchanged_images(tmp_path):
    kept = store.Store(tmp_path)
    told = {"image_bytes": 10, "image_time": 20}
    kept.add([ROW | told, ROW | told | {"class_index": 4}])
    kept.add([ROW | {"method": "FEM"} | told])
    kept.flush()
    index = store.Index(tmp_path)
    found = index.find(ROW)
    assert found.metrics == {"PCC", "NSS"}
    assert [row["class_index"] for row in index.rows(found)] == [3, 4]
    assert index.known_hash("a.jpg", 10, 20) == "0"
    assert index.known_hash("a.jpg", 10, 21) is None
    assert index.find(ROW | {"precision": "bfloat16"}) is None


def test_a_part_that_is_no_part_is_one_clear_line(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store/part-1-1.parquet").write_bytes(b"not parquet")
    with pytest.raises(store.StoreError, match="--fresh sets it aside"):
        store.read(tmp_path)


def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path, monkeypatch):
    kept = store.Store(tmp_path)
    kept.add([ROW])
    kept.flush()
    kept.add([ROW | {"image": "b.jpg"}])

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(store.StoreError, match="No space left on device"):
        kept.flush()
    assert store.read(tmp_path)["image"].tolist() == ["a.jpg"]
    monkeypatch.undo()
    kept.flush()
    assert len(store.read(tmp_path)) == 2
