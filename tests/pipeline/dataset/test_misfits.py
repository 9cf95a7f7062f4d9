"""A method that does not fit the classifier does not take the others with it."""

import csv

import keras
import pytest
from keras import layers
from support import BEAR, ELEPHANT, ROOT, record_of

import main


@pytest.fixture(scope="module")
def model_file(tmp_path_factory) -> str:
    """A classifier whose head is flattened, so that CAM does not fit it, and has no attention."""
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(6, 3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    path = tmp_path_factory.mktemp("flat") / "flat.keras"
    model.save(path)
    return str(path)


@pytest.fixture
def explained(model_file, tmp_path, capsys):
    """Runs methods on two images; gives the exit status, the lines of errors and the folder."""

    def explained(methods: str, *flags: str):
        paths = ["--test_image_path", str(ROOT / ELEPHANT), str(ROOT / BEAR)]
        command = ["--model_path", model_file, *paths, "--output_dir", str(tmp_path / "out")]
        status = main.main([*command, f"--explanation_method={methods}", *flags])
        return status, capsys.readouterr().err.splitlines(), tmp_path / "out"

    return explained


@pytest.mark.parametrize("batch", ["1", "2"])
@pytest.mark.parametrize("misfit", ["CAM", "CHEFER"])  # found when it runs; found beforehand
def test_the_others_are_explained_and_the_reason_is_one_line(misfit, batch, explained):
    status, errors, folder = explained(f"GRADCAM,{misfit},FEM", "--batch_size", batch)
    assert status == 1
    (line,) = [line for line in errors if misfit in line]
    record = record_of(list(folder.glob("*.json")))
    assert [row["method"] for row in record["explanations"]] == ["GRADCAM", "FEM"] * 2
    (failed,) = record["failed"]
    assert (failed["image"], failed["of"]) == ("", f"{misfit}, flat")
    rows = list(csv.reader((folder / "failures.csv").read_text().splitlines()))
    assert rows[1:] == [["", f"{misfit}, flat", line]]
    status, errors, _ = explained(f"GRADCAM,{misfit},FEM")  # from the store
    assert status == 1
    assert [line for line in errors if misfit in line]


@pytest.mark.parametrize("methods", ["CAM", "CHEFER", "CAM,CHEFER"])
def test_where_none_fits_it_is_a_mistake_in_the_command(methods, explained):
    status, errors, _ = explained(methods)
    assert status == 2
    assert errors[-1].startswith("main.py: C")


def test_baselines_alone_are_no_run_where_the_method_does_not_fit(explained):
    status, errors, folder = explained("CHEFER", "--baselines")
    assert status == 2
    assert errors[-1].startswith("main.py: CHEFER cannot explain flat")
    assert not list(folder.glob("*.png"))
    assert explained("CENTRE,EDGES")[0] == 0  # where they are asked for, they are
