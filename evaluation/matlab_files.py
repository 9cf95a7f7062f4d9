"""Fixations and maps as MATLAB keeps them: one matrix, or SALICON's records of observers."""

import io
import re
from pathlib import Path

import numpy as np

from evaluation.mask_files import Truth, truth_of_array
from evaluation.metric import FIXATIONS
from runtime import read_bytes

NAMES = re.compile("fix|gaze|map|mask|sal", re.IGNORECASE)


def truth_of_matlab(file: Path) -> Truth:
    """What a `.mat` file holds. Raises ValueError."""
    from scipy.io import loadmat

    try:
        content = loadmat(io.BytesIO(read_bytes(file)))
    except NotImplementedError as error:
        raise ValueError("it is MATLAB's format 7.3; save it with -v7") from error
    except Exception as error:  # scipy raises many kinds for broken files
        raise ValueError(f"it is no MATLAB file: {error}") from error
    found = {name: value for name, value in content.items() if not name.startswith("__")}
    if set(found) >= {"gaze"} and found["gaze"].dtype.names:
        return _of_observers(found["gaze"])
    found = {n: v for n, v in found.items() if v.dtype.kind in "buif" and min(v.shape) > 1}
    named = {name: value for name, value in found.items() if NAMES.search(name)} or found
    if len(named) != 1:
        raise ValueError(f"expected one matrix, got {sorted(content)[:8]}")
    ((name, array),) = named.items()
    truth = truth_of_array(array)
    return truth._replace(description=f"{truth.description}, '{name}' of MATLAB")


def _of_observers(gaze: np.ndarray) -> Truth:
    """SALICON's: a record for each observer, with fixations (n, 2), x and y in pixels."""
    if "fixations" not in gaze.dtype.names:
        raise ValueError(f"expected records with fixations, got {gaze.dtype.names}")
    lists = [np.asarray(one, np.float64).reshape(-1, 2) for one in gaze["fixations"].ravel()]
    places = np.concatenate([np.empty((0, 2)), *lists])
    return Truth(FIXATIONS, places, "SALICON's fixations", f"{len(lists)} observers")
