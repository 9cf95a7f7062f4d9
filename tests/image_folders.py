"""Folders of images, a class each."""

import numpy as np
from PIL import Image
from support import ROOT, noise


def coloured_images(folder, names=("blue", "red"), count: int = 6):
    """The folder, now with images of noise, each class in its colour."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(noise(count=count, seed=len(name))):
            image[..., 0 if name == "red" else 2] = 255
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def crops(images, folder, count: int, seed: int) -> None:
    """So many square crops of the images in data/, some of them flipped."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        name = images[number % len(images)]
        image = Image.open(ROOT / "data" / f"{name}.jpg")
        if name == "dog_cat":
            image = image.crop((400, 0, 800, 400))  # the cat
        side = int(min(image.size) * rng.uniform(0.6, 0.95))
        left, top = (rng.integers(0, length - side + 1) for length in image.size)
        image = image.crop((left, top, left + side, top + side))
        if rng.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image.save(folder / f"{number}.jpg")
