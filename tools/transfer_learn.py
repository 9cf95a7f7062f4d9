"""Trains a classifier of your own on a folder of images, with a sub-folder for each class.

    python tools/transfer_learn.py FOLDER --model_name EfficientNetLite0 -o mine.keras

A pretrained classifier without its head, run once over all images and their mirror images, gives
features; a new head is trained on them. `--fine_tune N` then trains all layers for up to N epochs.
FOLDER may have the classes in FOLDER/train, FOLDER/val and FOLDER/test.
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from labelled_folder import Sample, check_samples, labelled_images
from training import feature_batches, fit, image_batches, make_model, pooled_features

from classifier import DEFAULT_MODEL, Classifier, load_classifier
from cli import Parser
from runtime.start_up import start_tensorflow

FINE_TUNING_RATE = 1e-2  # as a part of --learning_rate
FEW_CLASSES = 10  # up to so many, the confusion matrix is printed


def make_parser() -> Parser:
    """The parser of all flags."""
    parser = common_parser("transfer_learn.py", __doc__.splitlines()[0], "mine.keras")
    tuned = "epochs of all layers, at most"
    parser.add_argument("--fine_tune", type=whole_number(0), default=0, metavar="N", help=tuned)
    return parser


def common_parser(program: str, about: str, output: str) -> Parser:
    """The flags that all training on a folder has."""
    parser = Parser(prog=program, description=about, allow_abbrev=False)
    add = parser.add_argument
    share = _number(float, lambda x: 0 < x < 1, "a number between 0 and 1")
    rate = _number(float, lambda x: 0 < x < np.inf, "a number above 0")
    count, whole = whole_number(1), whole_number(0)
    add("folder", type=Path, metavar="FOLDER", help="FOLDER/cat/1.jpg, or FOLDER/train/cat/1.jpg")
    add("--model_name", default=DEFAULT_MODEL, metavar="NAME", help="what to start from")
    add("--weights", metavar="FILE", help="of --model_name: a Keras weights file, or random")
    add("-o", "--output", type=Path, default=Path(output), metavar="FILE", help=output)
    add("--validation", type=share, default=0.2, metavar="PART", help="if there is no FOLDER/val")
    add("--epochs", type=count, default=100, metavar="N", help="of the head, at most")
    add("--batch_size", type=count, default=32, metavar="N")
    add("--learning_rate", type=rate, default=1e-3, metavar="X", help="if features spread by 1")
    add("--seed", type=whole, default=0, metavar="N", help="on a CPU, the same gives the same")
    return parser


def whole_number(least: int) -> Callable:
    """What makes a whole number, `least` or more, of a flag's text."""
    return _number(int, lambda x: least <= x < 2**31, f"a whole number from {least} on")


def _number(kind: type, fits: Callable, expected: str) -> Callable:
    """What makes a number of a flag's text, or says what is expected."""

    def number(text: str):
        with suppress(ValueError):
            if fits(kind(text)):
                return kind(text)
        raise argparse.ArgumentTypeError(f"expected {expected}, got '{text}'")

    return number


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0 all well, 1 stopped, 2 a mistake in the command."""
    return run(make_parser(), transfer_learn, argv)


def run(parser: Parser, train: Callable, argv: list[str] | None) -> int:
    """Trains as the flags say; the exit status, after a line about what went wrong."""
    arguments = parser.parse_args(argv)
    try:
        train(arguments)
        return 0
    except (ValueError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped", file=sys.stderr)
        return 1


def transfer_learn(arguments: argparse.Namespace) -> None:
    """From the folder to the files, as the flags say."""
    names, samples = labelled_images(arguments.folder, arguments.validation, arguments.seed)
    check_output(arguments.output)
    counts = ", ".join(
        f"{len(of_split)} for {split}" for split, of_split in samples.items() if of_split
    )
    print(f"{len(names)} classes; images: {counts}")
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(arguments.seed)
    classifier = load_classifier(arguments.model_name, weights=arguments.weights)
    features, samples = read_features(classifier, samples, arguments.batch_size)
    check_samples(names, samples)
    model, head = make_model(classifier, len(names))
    trained, batches = train(arguments, classifier, model, head, features, samples)
    save(model, arguments.output, names, classifier.name)
    report(trained, batches, names)
    print_command(arguments.output, samples["validation"][0].file, "GRADCAM")


def print_command(output: Path, image: Path, method: str) -> None:
    """Prints the command that explains an image by what was trained."""
    flags = [f"--model_path={output}", f"--test_image_path={image}"]
    main_file = os.path.relpath(Path(__file__).parent.parent / "main.py")
    print(shlex.join(["python", main_file, *flags, f"--explanation_method={method}"]))


def read_features(
    classifier: Classifier,
    samples: dict[str, list[Sample]],
    size: int,
    features_of: Callable = pooled_features,
):
    """Features and labels of each split, and the samples that could be read; names the others."""
    classifier.expect(2 * sum(map(len, samples.values())))
    unreadable = {}
    batches = image_batches(classifier, samples, size, unreadable)
    features = {split: features_of(classifier, those) for split, those in batches.items()}
    for error in sorted(unreadable.values()):
        print(f"skipped: {error}", file=sys.stderr)
    readable = {
        split: [sample for sample in of_split if sample.file not in unreadable]
        for split, of_split in samples.items()
    }
    return features, readable


def train(arguments: argparse.Namespace, classifier: Classifier, model, head, features, samples):
    """Trains the head, then the model if asked for; which of them it was last, and its batches."""
    import keras

    size, rate = arguments.batch_size, arguments.learning_rate
    batches = feature_batches(features, size)
    finished = fit(head, batches, arguments.epochs, head_rate(arguments, features), "head")
    if not finished or not arguments.fine_tune:
        return head, batches
    tuned = keras.Model(model.inputs, model.outputs)  # so that no optimizer is saved
    batches = image_batches(classifier, samples, size, {})
    with suppress(KeyboardInterrupt):  # before an epoch is done: the head is there already
        fit(tuned, batches, arguments.fine_tune, rate * FINE_TUNING_RATE, "fine-tuning")
    return tuned, batches


def head_rate(arguments: argparse.Namespace, features) -> float:
    """The learning rate of a head: smaller where features are large."""
    return arguments.learning_rate / max(float(features["training"][0].std()), 1e-6)


def check_output(path: Path) -> None:
    """Makes the folder for the file. Raises ValueError where the file could not be written."""
    if path.suffix != ".keras" or path.is_dir():
        raise ValueError(f"--output '{path}': expected a file like mine.keras")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(dir=path.parent).cleanup()
    except OSError as error:
        raise ValueError(f"--output '{path}' cannot be written: {error.strerror}") from error


def save(model, path: Path, names: list[str], preprocessing: str) -> None:
    """Writes mine.keras, and beside it in mine.json what it takes, each whole or not at all."""
    fields = {"class_names": names, "preprocessing": preprocessing}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / path.name
        model.save(whole)
        sidecar = whole.with_suffix(".json")
        sidecar.write_text(json.dumps(fields, ensure_ascii=False, indent=1), encoding="utf-8")
        sidecar.replace(path.with_suffix(".json"))
        whole.replace(path)
    print(f"wrote {path} and {path.with_suffix('.json')}")


def report(model, batches: dict, names: list[str]) -> None:
    """Prints the accuracy on every split, and for few classes how the last one's are confused."""
    from sklearn.metrics import confusion_matrix
    from tqdm import tqdm

    accuracies = []
    for split, those in batches.items():
        bar = tqdm(those, split, disable=None, leave=False)
        pairs = [(y, model.predict_on_batch(x).argmax(axis=1)) for x, y in bar]
        labels, predicted = (np.concatenate(side) for side in zip(*pairs, strict=True))
        accuracies.append(f"{split} {np.mean(labels == predicted):.1%} of {len(labels)}")
    if len(names) <= FEW_CLASSES:
        print(f"{split}, a row for each true class, a column for each predicted one:")
        matrix = confusion_matrix(labels, predicted, labels=range(len(names)))
        for name, row in zip(names, matrix, strict=True):
            print(f"  {name:{max(map(len, names))}}", *(f"{count:5}" for count in row))
    print("accuracy:", ", ".join(accuracies), "(training with mirror images)")


if __name__ == "__main__":
    sys.exit(main())
