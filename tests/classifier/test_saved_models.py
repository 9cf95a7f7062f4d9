import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from support import functional, head, noise

from classifier import load_classifier
from classifier.model_files import open_model
from gradcam import gradcam
from methods import METHODS


def exported(folder, activation, count: int = 3):
    """A model and the SavedModel folder that it was exported to.

    Black says nothing to it: of a SavedModel's own preprocessing nothing can be seen.
    """
    model = functional(count, activation)
    for layer in model.layers:
        if isinstance(layer, layers.Rescaling):
            layer.offset = 0.0
    model.export(folder / "saved", verbose=False)
    return model, folder / "saved"


@pytest.mark.parametrize("multi_label", [None, False, True])
def test_a_saved_model_with_logits_is_explained_like_its_keras_model(multi_label, tmp_path):
    model, folder = exported(tmp_path, None)
    same = load_classifier(model, multi_label=multi_label)
    saved = load_classifier(model_path=folder, preprocessing="none", multi_label=multi_label)
    images = noise()
    np.testing.assert_allclose(saved.scores(images), same.scores(images), atol=1e-5)
    np.testing.assert_allclose(saved.logits(images), same.logits(images), rtol=1e-4, atol=1e-4)
    assert saved.multi_label is bool(multi_label)
    for name, options in {"OCCLUSION": {"patch": 8, "stride": 8}, "RISE": {"masks": 16}}.items():
        maps = [METHODS[name](one, images, [0, 2], **options) for one in (saved, same)]
        np.testing.assert_allclose(*maps, atol=1e-4)


def test_logits_that_lie_in_0_to_1_are_known_by_the_last_operation(tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 2550)(inputs))
    model = keras.Model(inputs, layers.Dense(3, kernel_initializer="ones")(x))
    model.export(tmp_path / "saved", verbose=False)
    classifier = load_classifier(model_path=tmp_path / "saved", preprocessing="none")
    np.testing.assert_allclose(classifier.scores(noise((8, 8))), 1 / 3, atol=1e-6)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_saved_model_with_probabilities_keeps_them(activation, tmp_path):
    model, folder = exported(tmp_path, activation)
    classifier = load_classifier(model_path=folder, preprocessing="none")
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()), atol=1e-5)
    assert classifier.cautions == ()


class Writing(tf.Module):
    """Gives scores, and writes a file as it does."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)

    @tf.function
    def nested(self, images):
        tf.io.write_file(self.path, "written")
        return tf.nn.softmax(tf.reduce_mean(images, [1, 2]))


def test_a_graph_that_writes_a_file_is_refused_by_name_before_it_runs(tmp_path):
    module = Writing(tmp_path / "out.txt")
    module.serve = tf.function(
        lambda images: {"scores": module.nested(images)},
        input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=module.serve)
    with pytest.raises(ValueError, match=r"holds WriteFile.*--trust") as caught:
        load_classifier(model_path=tmp_path / "saved", preprocessing="none")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.txt").exists()
    trusted = load_classifier(model_path=tmp_path / "saved", preprocessing="none", trust=True)
    assert trusted.scores(noise((8, 8))).shape == (2, 3)
    assert (tmp_path / "out.txt").exists()


def test_a_printing_operation_that_writes_a_file_is_refused(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)])
    def serve(images):
        tf.print("seen", output_stream=f"file://{tmp_path}/out.txt")
        return {"scores": tf.nn.softmax(tf.reduce_mean(images, [1, 2]))}

    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=serve)
    with pytest.raises(ValueError, match="PrintV2 to a file"):
        open_model(str(tmp_path / "saved"))


def test_a_saver_that_the_model_calls_itself_is_refused(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)])
    def __inference__traced_save(images):
        tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "x"), tensor_names=["a"], shape_and_slices=[""], tensors=[images]
        )
        return {"scores": tf.nn.softmax(tf.reduce_mean(images, [1, 2]))}

    module = tf.Module()
    module.serve = __inference__traced_save
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=module.serve)
    with pytest.raises(ValueError, match="SaveV2"):
        open_model(str(tmp_path / "saved"))


def test_a_saved_model_of_tensorflow_1_is_opened(tmp_path):
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        images = tf.compat.v1.placeholder(tf.float32, (None, 8, 8, 3))
        weights = tf.compat.v1.get_variable("w", initializer=np.eye(3, dtype=np.float32))
        scores = tf.nn.softmax(tf.matmul(tf.reduce_mean(images, [1, 2]) / 100, weights))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.saved_model.simple_save(
            session, str(tmp_path / "saved"), {"images": images}, {"scores": scores}
        )
    classifier = load_classifier(model_path=tmp_path / "saved", preprocessing="none")
    assert classifier.scores(noise((8, 8))).shape == (2, 3)


def test_a_folder_that_is_no_saved_model_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"no saved_model\.pb in the folder"):
        open_model(str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"no SavedModel|cannot be loaded"):
        open_model(str(tmp_path))
    with pytest.raises(ValueError, match="give the folder that it is in"):
        open_model(str(tmp_path / "saved_model.pb"))


def test_logits_of_one_unit_with_two_names_are_the_logit_of_the_second(tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    for layer in head(1, None):
        x = layer(x)
    model = keras.Model(inputs, x)
    model.export(tmp_path / "saved", verbose=False)
    options = {"preprocessing": "none", "class_names": ["no", "yes"]}
    saved = load_classifier(model_path=tmp_path / "saved", **options)
    z = model(noise((8, 8))).numpy()
    np.testing.assert_allclose(saved.logits(noise((8, 8))), np.hstack([-z, z]), atol=1e-5)


def test_a_saved_model_gives_scores_and_says_that_it_has_no_layers(tmp_path):
    model = functional()
    model.export(tmp_path / "mine", verbose=False)
    classifier = load_classifier(model_path=tmp_path / "mine", preprocessing="none")
    images = noise()
    np.testing.assert_allclose(classifier.scores(images), model(images).numpy(), atol=1e-5)
    np.testing.assert_allclose(np.exp(classifier.logits(images)), classifier.scores(images), 1e-4)
    with pytest.raises(ValueError, match="no layers to look into"):
        gradcam(classifier, images, [0, 1])
