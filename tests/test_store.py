import numpy as np
import pytest

from pipeline import store

ROW = dict.fromkeys(store.COLUMNS) | {
    "picture": "a.jpg",
    "picture_hash": "0",
    "classifier_hash": "1",
    "layer": "last",
    "method": "GRADCAM",
    "options": "{}",
    "class_index": 3,
    "precision": "float32",
    "map_shape": [2, 3],
    "map_type": "float32",
    "map": np.arange(6, dtype=np.float32).tobytes(),
    "metrics": [("PCC", 0.5), ("NSS", float("nan"))],
    "metric_notes": '{"DELETION": {"curve": [[0, 1], [1, 0]]}}',
    "notes": "{}",
}


def test_what_is_stored_is_read_back_as_arrays_and_columns(tmp_path):
    kept = store.Store(tmp_path)
    kept.add([ROW, ROW | {"class_index": 4, "metrics": []}])
    kept.flush()
    frame = store.read(tmp_path)
    np.testing.assert_array_equal(frame["map"][0], np.arange(6).reshape(2, 3))
    assert frame["PCC"][0] == 0.5
    assert frame["judged"].tolist() == [("PCC", "NSS"), ()]
    assert frame["metric_notes"][0]["DELETION"]["curve"] == [[0, 1], [1, 0]]
    assert "map" not in store.read(tmp_path, heavy=False)


def test_the_later_of_two_rows_with_one_key_counts(tmp_path):
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
    kept.add([ROW | {"picture": "b.jpg"}])
    assert len(store.read(tmp_path)) == 2
