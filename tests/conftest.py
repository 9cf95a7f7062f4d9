"""Fixtures that tests of several rooms share."""

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from classifier import load_classifier


@pytest.fixture(autouse=True)
def listening_for_ctrl_c():
    """A shell that starts the tests in the background has Ctrl-C ignored: here it is recorded."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def lite() -> "Classifier":  # noqa: F821 (only a word for the reader)
    return load_classifier("EfficientNetLite0")


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium; the test is skipped where it, or Playwright, is not installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def committed():
    """The reference maps of one image, which are committed with the tests."""
    return np.load(Path(__file__).parent / "reference" / "dog_cat.npz")


@pytest.fixture(scope="session")
def committed_middle():
    """The reference maps of that image in a middle layer."""
    return np.load(Path(__file__).parent / "reference" / "mid_layer.npz")
