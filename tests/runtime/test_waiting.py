"""The spinner and the bars: on a terminal, and nothing of them in a pipe."""

import os
import pty
import subprocess
import sys
import termios
import time

import pytest
from support import ROOT

from runtime import Bar, bars, counted, duration, progress, working
from runtime.waiting import ERASE

WORK = """
import sys, time
from runtime import progress, working
with working("counting sheep"):
    time.sleep(0.6)
    print("above", flush=True)
    print("a word", file=sys.stderr)
    for _ in progress(iter(range(2)), 2):
        time.sleep(0.3)
print("done")
"""


def on_terminal(code: str) -> str:
    """What a terminal gets from a Python program on it."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 100))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=slave, stderr=slave, cwd=ROOT)
    os.close(slave)
    received = b""
    while True:
        try:
            part = os.read(master, 1 << 16)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not part:
            break
        received += part
    os.close(master)
    assert process.wait() == 0
    return received.decode()


def test_a_terminal_shows_what_is_done_and_nothing_of_it_stays():
    text = on_terminal(WORK)
    assert f"{ERASE}| counting sheep" in text
    assert f"{ERASE}above\r\n" in text
    assert "a word\r\n" in text
    bar = text[text.index("a word") :]
    assert "counting sheep:   0%" in bar  # the bar carries it
    assert "| counting sheep" not in bar  # and has the line alone
    assert text.endswith("\r" + "done\r\n")


def test_a_pipe_gets_what_is_printed_and_no_more():
    command = [sys.executable, "-c", WORK]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout == "above\ndone\n"
    assert run.stderr == "a word\n"


def test_an_exception_ends_the_spinner_and_goes_on():
    with pytest.raises(OSError, match="gone"), working("reading"):
        raise OSError("gone")


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_where_there_is_no_terminal_there_is_a_line_a_minute(clock, capsys):
    with working("RISE, macaw.jpg"):
        for _ in progress(iter(range(125)), 125):
            clock[0] += 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "RISE, macaw.jpg: 8 of 125 batches, about 4 min left",  # as soon as it is known
        "RISE, macaw.jpg: 38 of 125 batches, about 3 min left",
        "RISE, macaw.jpg: 68 of 125 batches, about 2 min left",
        "RISE, macaw.jpg: 98 of 125 batches, about 54 s left",
    ]


def test_what_was_there_already_does_not_count_for_the_rate(clock):
    with Bar(100, "image") as bar:
        bar.update(60, already=True)
        assert bar.seconds_left is None
        clock[0] += 20
        bar.update(10)
        assert bar.seconds_left == pytest.approx(60)
        assert bar.line == "70 of 100 images (60 already stored), about 60 s left"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (99, "99 s"), (100, "2 min"), (5000, "83 min"), (7800, "2 h 10 min")],
)
def test_times_are_said_as_exactly_as_an_estimate_deserves(seconds, words):
    assert duration(seconds) == words


def test_numbers_have_their_units():
    assert counted(1, "image") == "1 image"
    assert counted(1203, "image") == "1,203 images"
    assert counted(2, "batch") == "2 batches"
    assert bars.MINUTE == 60
