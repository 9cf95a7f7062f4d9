"""Files that a killed writer left behind are removed; those of a living one are not."""

import os
import subprocess
import sys
import time

import pytest
from support import ROOT

from runtime import atomic_write, remove_unfinished
from runtime.atomic_files import OTHERS_SECONDS

KILLED = """
import os, signal, sys
from runtime import atomic_write
with atomic_write(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_sigkill_leaves_behind_is_removed_by_the_next(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.png")], cwd=ROOT, check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".unfinished")
    assert remove_unfinished(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_writes_stays(tmp_path):
    with atomic_write(tmp_path / "a") as first, atomic_write(tmp_path / "a") as second:
        first.write(b"first")
        second.write(b"second")
        assert len(list(tmp_path.iterdir())) == 2  # two threads may write one file
        assert remove_unfinished(tmp_path) == []
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["a.elsewhere-1-0.unfinished", "a.123.unfinished"])
def test_other_machines_files_go_by_their_age(name, tmp_path):
    file = tmp_path / name
    file.touch()
    assert remove_unfinished(tmp_path) == []
    old = time.time() - OTHERS_SECONDS - 60
    os.utime(file, (old, old))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / name).touch()
    os.utime(tmp_path / "deeper" / name, (old, old))
    assert remove_unfinished(tmp_path) == [file]
    assert (tmp_path / "deeper" / name).exists()


def test_where_there_is_no_folder_nothing_is_removed(tmp_path):
    assert remove_unfinished(tmp_path / "absent") == []


@pytest.mark.parametrize("name", ["x" * 255, "猫" * 85])
def test_a_name_of_all_bytes_that_there_may_be_is_written(name, tmp_path):
    with atomic_write(tmp_path / name) as file:
        file.write(b"whole")
    assert (tmp_path / name).read_bytes() == b"whole"
