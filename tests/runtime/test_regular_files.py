"""What is no file, or too large a one, is refused before it is waited for or held."""

import os
import socket
from pathlib import Path

import pytest

from runtime import IrregularFileError, read_bytes


def test_a_regular_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    assert read_bytes(tmp_path / "a") == b"content"
    assert read_bytes(tmp_path / "a", most=7) == b"content"


def test_a_pipe_a_socket_a_device_and_a_folder_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # a socket's path may have 107 bytes only
        listener.bind("socket.jpg")
        for name, word in (("pipe.jpg", "a named pipe"), ("socket.jpg", "a socket")):
            with pytest.raises(IrregularFileError, match=f"it is {word}, not a file"):
                read_bytes(tmp_path / name)
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    with pytest.raises(IrregularFileError, match="it is a device"):
        read_bytes(tmp_path / "zero.jpg")
    with pytest.raises(IrregularFileError, match="it is a folder"):
        read_bytes(tmp_path)


def test_a_file_of_eight_gigabytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(8 * 2**30)
    with pytest.raises(IrregularFileError, match="it has 8,192 MB; at most 1,024 MB"):
        read_bytes(tmp_path / "large.jpg")


def test_a_file_that_says_it_is_empty_and_is_not_is_read_to_the_bound_only():
    endless = Path("/proc/self/maps")
    if not endless.exists():
        pytest.skip("no /proc here")
    with pytest.raises(IrregularFileError, match="at most"):
        read_bytes(endless, most=16)
