"""Paths and URLs as one kind of thing."""

from pathlib import Path


def as_path(path: str | Path) -> Path:
    """The path; of a URL (`s3://bucket/folder`) an object that is used like one.

    URLs are opened by fsspec, which knows object storage by their scheme. Raises ValueError where
    what that needs is not installed.
    """
    if "://" not in str(path):
        return Path(path)
    try:
        from upath import UPath

        found = UPath(path)
        found.fs  # noqa: B018 (which is made here, or cannot be)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"'{path}' is not on this machine: pip install -r requirements-distributed.txt, and "
            f"fsspec's package for its kind of storage, as s3fs for s3:// ({error})"
        ) from error
    return Path(found.path) if found.protocol in ("file", "local") else found


def is_local(path: Path) -> bool:
    """Whether it is in this machine's file system."""
    return isinstance(path, Path)
