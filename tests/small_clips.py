"""Clips of few frames and pixels, their files, and networks that take them."""

import cv2
import keras
import numpy as np
from keras import layers
from PIL import Image
from support import randomised

FRAMES, SIDE = 6, 24


def clip_network() -> keras.Model:
    """Two convolutions over time and space; features (3, 6, 6, 7) of clips (6, 24, 24, 3)."""
    return randomised(
        keras.Sequential(
            [
                keras.Input((FRAMES, SIDE, SIDE, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                layers.Conv3D(5, 3, (1, 2, 2), padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(name="first"),
                layers.Conv3D(7, 3, 2, padding="same", activation="relu", name="last"),
                layers.GlobalAveragePooling3D(),
                layers.Dense(3, activation="softmax", name="scores"),
            ]
        )
    )


def brightness_of_clips() -> keras.Model:
    """Its one feature is how bright each block of 2 frames x 4 x 4 pixels is; two classes."""
    model = keras.Sequential(
        [
            keras.Input((FRAMES, SIDE, SIDE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv3D(1, (2, 4, 4), (2, 4, 4), name="blocks", use_bias=False),
            layers.GlobalAveragePooling3D(),
            layers.Dense(2, activation="softmax", use_bias=False),
        ]
    )
    blocks, scores = model.weights
    blocks.assign(np.full(blocks.shape, 1 / np.prod(blocks.shape[:4])))
    scores.assign([[4.0, -4.0]])
    return model


def moving_square() -> np.ndarray:
    """(6, 24, 24, 3) uint8: a bright square of 8 pixels that goes from left to right."""
    clip = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    for number, left in enumerate((0, 0, 8, 8, 16, 16)):
        clip[number, 8:16, left : left + 8] = 255
    return clip


def noise_clips(count: int = 2) -> np.ndarray:
    """(count, 6, 24, 24, 3) float32 in [0, 255]."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (count, FRAMES, SIDE, SIDE, 3)).astype(np.float32)


def written_clip(folder, kind: str, count: int = 2 * FRAMES):
    """The path of a clip of that kind in which frame i is grey 20 i."""
    frames = [np.full((32, 48, 3), 20 * number, np.uint8) for number in range(count)]
    path = folder / f"clip.{kind}"
    if kind == "folder":
        path.mkdir()
        for number, frame in enumerate(frames):
            Image.fromarray(frame).save(path / f"{number:03}.png")
    elif kind == "gif":
        first, *others = map(Image.fromarray, frames)
        first.save(path, save_all=True, append_images=others, duration=50)
    else:
        code = cv2.VideoWriter_fourcc(*{"avi": "MJPG", "mp4": "mp4v"}[kind])
        video = cv2.VideoWriter(str(path), code, 20, (48, 32))
        for frame in frames:
            video.write(frame)
        video.release()
    return path
