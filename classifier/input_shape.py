"""The shape of what a model or a function takes."""

from typing import Any

DEFAULT_SIZE = (224, 224)  # where a model takes images of any size
DEFAULT_FRAMES = 16  # where it takes clips of any length
LARGEST_SIDE = 8192  # pixels


def input_shape(model, options: dict[str, Any]) -> tuple[int, ...]:
    """(height, width, channels) of a model's or function's images; frames before it of clips.

    Raises ValueError where it takes something else, or is said to take another size than it does.
    """
    shape = getattr(model, "input_shape", None)
    if shape is None and hasattr(model, "get_build_config"):
        shape = (model.get_build_config() or {}).get("input_shape")
    size = options.get("input_size") or getattr(model, "input_size", None) or DEFAULT_SIZE
    shape = shape or (None, *size, 3)
    if isinstance(shape, (dict, list)) and not isinstance(shape[0], (int, type(None))):
        raise ValueError(f"the model has {len(shape)} inputs; a classifier has one image")
    if len(shape) not in (4, 5):
        raise ValueError(
            f"the model takes inputs {tuple(shape)}; expected (N, H, W, C), or (N, T, H, W, C)"
        )
    height, width = shape[-3:-1]
    is_other_size = height not in (None, size[0]) or width not in (None, size[1])
    if "input_size" in options and is_other_size:
        raise ValueError(
            f"input_size is {list(size)}, and the model takes images of {height} x {width}"
        )
    frames = (shape[1] or DEFAULT_FRAMES,) if len(shape) == 5 else ()
    shape = (*frames, height or size[0], width or size[1], shape[-1] or 3)
    if shape[-1] == 1 and options.get("preprocessing", "none") not in ("none", "tf"):
        raise ValueError(
            f"the model takes grey images: preprocessing none or tf, not {options['preprocessing']}"
        )
    if shape[-1] not in (1, 3) or not all(0 < side <= LARGEST_SIDE for side in shape):
        raise ValueError(
            f"the model takes inputs {shape}; expected (H, W, C) of 1 or 3 channels and at most "
            f"{LARGEST_SIDE} pixels a side"
        )
    return shape
