"""Where files are, on this machine or in object storage, and how they come to be there whole."""

from storage.behind import Behind
from storage.places import is_local, place
from storage.whole import moved, whole, write_text

__all__ = ["Behind", "is_local", "moved", "place", "whole", "write_text"]
