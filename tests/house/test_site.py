"""The site that mkdocs makes of docs/."""

import os
import re
import subprocess
import sys

import pytest
from support import ROOT

pytest.importorskip("material", reason="mkdocs-material is not installed (requirements-docs.txt)")
LOADED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//")


def test_every_page_is_in_the_navigation_and_the_site_asks_no_other_machine(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr
    pages = {file.stem for file in (ROOT / "docs").glob("*.md")}
    built = list(tmp_path.glob("*.html"))
    assert pages <= {file.stem for file in built}
    for file in built:
        assert not LOADED.search(file.read_text()), file.name
