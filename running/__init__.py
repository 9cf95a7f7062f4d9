"""What a long run tells while it goes: progress, notes for the record, and an early end."""

from running.notes import note, noting, tally
from running.progress import progress, telling

__all__ = ["note", "noting", "progress", "tally", "telling"]
