"""Memory that large images leave behind: glibc keeps what each thread once had, for that thread."""

import ctypes
import gc

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of malloc.h
LARGE = 1_000_000  # bytes


def look_for_garbage_often() -> None:
    """From here on the collector leaves out all that there is now, and so is done often.

    It takes a share of what it looks at as new before it looks: of the million objects of a
    start-up that was many images' worth.
    """
    gc.freeze()
    gc.collect()


def give_back_large_memory() -> bool:
    """From here on what is large goes back to the system as soon as it is free, in every thread.

    Once set, the threshold of what is large no longer grows with what was freed, and small things
    lie in two arenas instead of eight for each processor. False where malloc is not glibc's.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE) and mallopt(M_ARENA_MAX, 2))
