"""Parts of a store: their order, and what becomes of damaged and of moved ones."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from support import ROOT

from pipeline.dataset import store
from pipeline.dataset.parts import NAME, DamagedPartError, parts_of, read_part, write_part

RNG = np.random.default_rng(0)


def row(number=0, **columns):
    return (
        dict.fromkeys(store.COLUMNS)
        | dict.fromkeys(store.UNIT, "x")
        | {
            "kind": store.EXPLANATION,
            "image": f"{number}.jpg",
            "image_hash": f"{number:064x}",
            "probability": RNG.random(),
            "map": RNG.random((7, 7), np.float32).tobytes(),
            "map_shape": [7, 7],
            "map_type": "float32",
            "map_unit": 1.0,
            "metrics": [("PCC", RNG.random())],
        }
        | columns
    )


def stored(folder, *rows):
    kept = store.Store(folder)
    kept.add(rows)
    kept.flush()
    return store.parts(folder)[-1]


def test_a_part_comes_after_all_that_are_there_whatever_the_clock_says(tmp_path, monkeypatch):
    for number, moment in enumerate((3_000, 1_000, 2_000)):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        part = stored(tmp_path, row(metrics=[("PCC", float(number))]))
        assert store.parts(tmp_path)[-1] == part
    assert store.read(tmp_path)["PCC"].tolist() == [2.0]


def test_a_part_of_an_older_name_comes_before_new_ones(tmp_path):
    first = stored(tmp_path, row())
    old = first.rename(first.with_name(f"part-{time.time_ns()}-123.parquet"))
    (first.parent / "part-of-something.parquet").touch()
    assert store.parts(tmp_path) == [old]
    new = stored(tmp_path, row())
    assert store.parts(tmp_path) == [old, new]


def test_no_flipped_bit_is_read_as_another_value(tmp_path):
    rows = [row(number) for number in range(8)]
    part = write_part(tmp_path, rows, store.schema())
    content, expected = part.read_bytes(), read_part(part)
    refused = 0
    for bit in np.random.default_rng(1).integers(0, 8 * len(content), 400):
        spoilt = bytearray(content)
        spoilt[bit // 8] ^= 1 << (bit % 8)
        part.write_bytes(spoilt)
        try:
            table = read_part(part)
        except DamagedPartError:
            refused += 1
        else:
            assert table.equals(expected)
    assert refused > 300  # the rest are bits that no value depends on


@pytest.mark.parametrize("length", [0, 5, 600, -1, -9])
def test_a_part_that_is_cut_short_costs_its_own_images_only(length, tmp_path, capsys):
    whole = stored(tmp_path, row(0))
    part = stored(tmp_path, row(1))
    part.write_bytes(part.read_bytes()[:length])
    index = store.Index(tmp_path)
    assert index.find(row(0)) is not None
    assert index.find(row(1)) is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"'{part}' is damaged: ")
    assert line.endswith(f"set aside as '{part.name}.damaged', its images count as new")
    assert parts_of(part.parent) == [whole]
    assert store.read(tmp_path)["image"].tolist() == ["0.jpg"]
    assert capsys.readouterr().err == ""


def test_a_map_that_is_damaged_is_found_when_it_is_read_and_asked_anew(tmp_path, capsys):
    values = RNG.random((64, 64), np.float32)
    part = stored(tmp_path, row(map=values.tobytes(), map_shape=[64, 64]))
    content = bytearray(part.read_bytes())
    place = len(content) // 2  # of which the map is the most
    content[place] ^= 1
    part.write_bytes(content)
    index = store.Index(tmp_path)
    found = index.find(row())
    assert found is not None
    assert index.rows(found) is None
    assert "is damaged" in capsys.readouterr().err
    assert index.find(row()) is None
    stored(tmp_path, row())
    assert len(store.read(tmp_path)) == 1


def test_a_store_that_another_run_sets_aside_is_filled_anew(tmp_path):
    stored(tmp_path, row())
    index = store.Index(tmp_path)
    assert store.set_aside(tmp_path) is not None
    assert store.set_aside(tmp_path) is None
    assert index.rows(index.find(row())) is None
    assert index.find(row()) is None
    assert list(index.each(["label"])) == []
    stored(tmp_path, row())
    assert len(store.read(tmp_path)) == 1


def test_a_store_of_another_version_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "store").mkdir()
    pq.write_table(pa.table({"image": ["a"]}), tmp_path / "store/part-1-1.parquet")
    with pytest.raises(store.StoreError, match="--fresh sets it aside"):
        store.Index(tmp_path)


def test_a_folder_whose_name_is_no_utf8_is_read(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    stored(folder, row())
    assert len(store.read(folder)) == 1


def test_pyarrow_ends_with_the_interpreter(tmp_path):
    stored(tmp_path, row())
    code = f"from pipeline.dataset import store; print(len(store.read({str(tmp_path)!r})))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, "1"), run.stderr


def test_a_name_says_its_turn_and_its_writer(tmp_path):
    match = NAME.fullmatch(stored(tmp_path, row()).name)
    assert int(match["turn"]) == 1
    assert f"_{os.getpid()}-" in match[0]
