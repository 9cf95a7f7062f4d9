"""Trains a classifier of bags on a folder of images, with a sub-folder for each class.

    python tools/train_mil.py FOLDER --model_name EfficientNetLite0 -o mil.keras

For images whose evidence is spread out: each is cut into grid x grid patches, a pretrained
classifier without its head, run once over all of them, gives features, and attention pooling over
the patches is trained (Ilse 2018). Only the images' classes are known; the attention says where.
"""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bags import FEATURES, hold_attention, make_bag_model, standardise
from labelled_folder import check_samples, labelled_images
from training import feature_batches, fit, layer_features
from transfer_learn import (
    check_output,
    common_parser,
    print_command,
    read_features,
    report,
    run,
    save,
    whole_number,
)

from classifier import DEFAULT_MODEL, Classifier, load_classifier
from cli import Parser
from runtime.start_up import start_tensorflow

PATIENCE = 40  # epochs: before the attention finds something, the loss stands still for a while
KEPT = 0.1  # of the mean's weights: what is lost, the attention has to win back
MEAN_RATE = 3  # of the mean's learning rate, in parts of the attention's
PATCH = 64  # pixels, or the classifier's input where that is smaller


def make_parser() -> Parser:
    """The parser of all flags."""
    parser = common_parser("train_mil.py", __doc__.splitlines()[0], "mil.keras")
    add = parser.add_argument
    add("--model_path", metavar="FILE", help="your own classifier, in the place of --model_name")
    add("--grid", type=whole_number(1), default=7, metavar="N", help="patches in each direction")
    add("--patch", type=whole_number(8), metavar="N", help=f"its pixels (default: {PATCH} or less)")
    add("--gated", action="store_true", help="attention with a gate (equation 9)")
    parser.set_defaults(epochs=200, model_name=None)
    return parser


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0 all well, 1 stopped, 2 a mistake in the command."""
    return run(make_parser(), train_mil, argv)


def train_mil(arguments: argparse.Namespace) -> None:
    """From the folder to the files, as the flags say."""
    check_classifier(arguments)
    names, samples = labelled_images(arguments.folder, arguments.validation, arguments.seed)
    check_output(arguments.output)
    counts = ", ".join(
        f"{len(of_split)} for {split}" for split, of_split in samples.items() if of_split
    )
    print(f"{len(names)} classes; images: {counts}")
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(arguments.seed)
    classifier, preprocessing = frozen_classifier(arguments)
    patch = arguments.patch or min(PATCH, *classifier.input_size)
    model, head = make_bag_model(classifier, len(names), arguments.grid, patch, arguments.gated)
    bags = load_classifier(model, preprocessing=preprocessing)
    features, samples = read_features(bags, samples, arguments.batch_size, patch_features)
    check_samples(names, samples)
    standardise(head, features["training"][0])
    batches = feature_batches(features, arguments.batch_size)
    train(head, batches, arguments.epochs, arguments.learning_rate)
    save(model, arguments.output, names, preprocessing)
    report(head, batches, names)
    print_command(arguments.output, samples["validation"][0].file, "ATTENTION")


def train(head, batches: dict, epochs: int, rate: float) -> None:
    """Trains on the patches' mean at first, which has one minimum, then the attention with it.

    From scratch the attention often learns single bags by heart before it finds what they share.
    """
    hold_attention(head, True)
    goes_on = fit(head, batches, epochs, MEAN_RATE * rate, "mean of the patches", PATIENCE)
    hold_attention(head, False)
    if goes_on:
        kernel = head.get_layer("predictions").kernel
        kernel.assign(KEPT * kernel)
        with suppress(KeyboardInterrupt):  # before an epoch is done: the mean's is there already
            fit(head, batches, epochs, rate, "attention", PATIENCE)


def check_classifier(arguments: argparse.Namespace) -> None:
    """Raises ValueError where --model_path comes with a flag that it leaves no room for."""
    for flag in ("model_name", "weights"):
        if arguments.model_path is not None and getattr(arguments, flag) is not None:
            raise ValueError(f"--{flag} goes with a classifier by name, not with --model_path")


def frozen_classifier(arguments: argparse.Namespace) -> tuple[Classifier, str]:
    """The classifier whose layers look at the patches, and the name of its preprocessing."""
    if arguments.model_path is None:
        classifier = load_classifier(
            arguments.model_name or DEFAULT_MODEL, weights=arguments.weights
        )
        return classifier, classifier.name
    classifier = load_classifier(model_path=arguments.model_path)
    return classifier, classifier.source.get("preprocessing", "none")


def patch_features(bags: Classifier, batches):
    """Features (N, g, g, K) and labels (N,) of bags."""
    return layer_features(bags, batches, FEATURES)


if __name__ == "__main__":
    sys.exit(main())
