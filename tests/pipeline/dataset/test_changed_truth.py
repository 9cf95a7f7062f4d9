"""Values against a ground truth are not kept when it is another one."""

import numpy as np
from PIL import Image

from images import image_size


def test_a_changed_ground_truth_is_looked_at_again(run, explained, images, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()

    def write(is_left: bool) -> None:
        for path in images.glob("*/*.png"):
            height, width = image_size(path)
            side = np.arange(width) < width // 2
            mask = np.repeat((side == is_left)[np.newaxis], height, axis=0)
            Image.fromarray(mask.astype(np.uint8) * 255).save(masks / path.name)

    flags = ("--metrics=ENERGY_IN_MASK,SPARSITY", "--ground_truth", str(masks))
    write(is_left=True)
    _, left = run(*flags)
    explained.clear()
    write(is_left=False)
    _, right = run(*flags)
    assert not explained  # the maps are kept
    np.testing.assert_allclose(left["ENERGY_IN_MASK"] + right["ENERGY_IN_MASK"], 1, atol=1e-6)
    np.testing.assert_array_equal(left["SPARSITY"], right["SPARSITY"])
    assert not any(name.startswith("ground truth") for name in right.columns)


def test_other_degrees_make_other_gaze_maps_of_the_same_fixations(run, images, tmp_path):
    (tmp_path / "gaze").mkdir()
    for path in images.glob("*/*.png"):
        (tmp_path / "gaze" / f"{path.stem}.csv").write_text("x,y\n0.2,0.3\n0.7,0.6\n")
    flags = ("--metrics=PCC", "--ground_truth", str(tmp_path / "gaze"))
    _, before = run(*flags, "--pixels_per_degree=5")
    _, after = run(*flags, "--pixels_per_degree=20")
    _, again = run(*flags, "--pixels_per_degree=5")
    assert (before["PCC"] - after["PCC"]).abs().min() > 1e-4
    np.testing.assert_array_equal(before["PCC"], again["PCC"])
