"""What can be told of a classifier before it is loaded, and so before TensorFlow is started."""

from classifier import hub
from classifier.labels import Labels, named_classes, read_labels
from classifier.model_files import check_path
from classifier.names import full_name, is_known
from classifier.sidecar import read_sidecar


def labels_beforehand(
    model_name: str, model_path: str | None = None, class_names: str | None = None
) -> Labels | None:
    """The classes of a classifier, as `load_classifier` takes it; None where only it knows them.

    Raises ValueError or FileNotFoundError for a name that is none, and for files that are missing
    or hold something else.
    """
    if model_path is None:
        if not is_known(model_name) and hub.may_be_preset(model_name):
            return None
        full_name(model_name)
        return read_labels("imagenet")
    check_path(model_path)
    names = class_names or read_sidecar(model_path).get("class_names")
    if names is None:
        return None
    return named_classes(names) if isinstance(names, list | dict) else read_labels(names)
