"""The version, which is one everywhere."""

import re

from support import ROOT

from runtime.version import VERSION


def test_the_changelog_begins_with_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    assert versions[0] == VERSION
    assert versions == sorted(versions, key=_numbers, reverse=True)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
