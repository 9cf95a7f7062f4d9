"""What large images leave behind."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import ROOT

from web import uploads

PEAK_OF_A_PAST_ARRAY = """
import sys
import numpy as np
from web.memory import give_back_large_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

if sys.argv[1] == "given back" and not give_back_large_memory():
    print("not glibc")
else:
    before = resident()
    for _ in range(3):  # each makes what malloc takes for large larger
        large = np.ones(30_000_000, np.uint8)
        del large
    kept = []
    for _ in range(5):
        large = np.ones(20_000_000, np.uint8)
        kept.append(bytes(1000))  # lies behind it
        del large
    print((resident() - before) // 1_000_000)
"""


def megabytes_kept(how: str) -> int:
    """What a process keeps of arrays that are gone."""
    pytest.importorskip("resource", reason="this system has no /proc")
    command = [sys.executable, "-c", PEAK_OF_A_PAST_ARRAY, how]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    if run.stdout.strip() == "not glibc":
        pytest.skip("malloc is not glibc's here")
    return int(run.stdout)


def test_large_memory_goes_back_to_the_system():
    assert megabytes_kept("kept") >= 15
    assert megabytes_kept("given back") <= 5


def test_large_images_are_decoded_one_at_a_time(monkeypatch):
    decoding, most = [], []

    def read_image(*_):
        decoding.append(None)
        most.append(len(decoding))
        threading.Event().wait(0.01)
        decoding.pop()
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(uploads, "read_image", read_image)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(uploads.read_upload, [b"image"] * 24))
    assert most == [1] * 24
