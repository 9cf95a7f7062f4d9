"""ROLLOUT, CHEFER, LEGRAD, RFEM: closed forms, the papers' matrices, wherever attention is from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from small_vit import PATCH, WIDTH, vit

from classifier import load_classifier
from methods import METHODS
from methods.rfem import rare_and_strong

NAMES = [name for name, row in METHODS.items() if row.by_attention]
CLASSES = [0, 1]


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (count, 64, 64, 3)).astype(np.float32)


def sharpened(model: keras.Model) -> keras.Model:
    """Its attention is not nearly uniform, as it is with weights that nobody has trained."""
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, layers.MultiHeadAttention):
            for dense in (layer.query_dense, layer.key_dense):
                dense.kernel.assign(rng.normal(0, 0.5, dense.kernel.shape))
    return model


# The papers' matrices, on a transformer that is written again with its weights.


def attention_by_hand(model, images: np.ndarray):
    """A and dS_c/dA (blocks, N, heads, T, T) of `vit()`, S_c the logit of each image's class."""
    weights = {layer.name: layer for layer in model.layers}
    norms = [layer for layer in model.layers if isinstance(layer, layers.LayerNormalization)]
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    x = keras.Model(model.input, norms[0].input)(images)
    kept = []
    with tf.GradientTape() as tape:
        for block in range(len(norms) // 2):
            attention, h = weights[f"attention_{block}"], norms[2 * block](x)
            q, k, v = (
                tf.einsum("ntc,chd->nhtd", h, part.kernel) + part.bias[:, None]
                for part in (attention.query_dense, attention.key_dense, attention.value_dense)
            )
            a = tf.nn.softmax(tf.einsum("nhtd,nhsd->nhts", q, k) / np.sqrt(q.shape[-1]))
            tape.watch(a)
            kept.append(a)
            out = attention._output_dense
            x = x + tf.einsum("nhtd,hdc->ntc", tf.einsum("nhts,nhsd->nhtd", a, v), out.kernel)
            x = x + out.bias
            x = x + dense[2 * block + 1](dense[2 * block](norms[2 * block + 1](x)))
        x = norms[-1](x)
        x = x[:, 0] if x.shape[1] == 65 else ops.mean(x, axis=1)
        logits = x @ dense[-1].kernel + dense[-1].bias
        chosen = logits[0, CLASSES[0]] + logits[1, CLASSES[1]]
    slopes = tape.gradient(chosen, kept)
    return np.stack(kept).astype(np.float64), np.stack(slopes).astype(np.float64)


def read(matrix: np.ndarray) -> np.ndarray:
    """(N, ..., T, T) -> (N, ..., h, w): the class token's row, or the mean of the rows."""
    has_token = matrix.shape[-1] == 65
    row = matrix[..., 0, 1:] if has_token else matrix.mean(axis=-2)
    return row.reshape(*row.shape[:-1], 8, 8)


def rollout_by_hand(attention, slopes):
    eye = np.eye(attention.shape[-1])
    total = eye
    for block in attention:
        mixed = 0.5 * block.mean(axis=1) + 0.5 * eye
        total = mixed / mixed.sum(axis=-1, keepdims=True) @ total
    return read(total)


def chefer_by_hand(attention, slopes):
    eye = np.eye(attention.shape[-1])
    total = eye
    for block, slope in zip(attention, slopes, strict=True):
        total = total + np.maximum(block * slope, 0).mean(axis=1) @ total
    return read(total - eye)


def legrad_by_hand(attention, slopes):
    per_key = np.maximum(slopes, 0).mean(axis=(0, 2, 3))  # (N, T)
    return per_key[:, -64:].reshape(-1, 8, 8)


def rfem_by_hand(attention, slopes, of_class=False):
    eye = np.eye(attention.shape[-1])
    total = eye
    for block, slope in zip(attention, slopes, strict=True):
        mixed = (np.maximum(block * slope, 0) if of_class else block) + eye
        total = mixed / mixed.sum(axis=-1, keepdims=True) @ total
    maps = read(total)  # (N, heads, 8, 8)
    result = np.zeros((len(maps), 8, 8))
    for number, heads in enumerate(maps):
        for one in heads:
            result[number] += one.max() * (one >= one.mean() + 2 * one.std())
    return result


BY_HAND = {
    "ROLLOUT": rollout_by_hand,
    "CHEFER": chefer_by_hand,
    "LEGRAD": legrad_by_hand,
    "RFEM": rfem_by_hand,
    "RFEM_CLASS": lambda attention, slopes: rfem_by_hand(attention, slopes, of_class=True),
}


@pytest.fixture(scope="module", params=[True, False], ids=["class token", "mean"])
def network(request):
    keras.utils.set_random_seed(5)
    model = sharpened(vit(class_token=request.param))
    return load_classifier(model), attention_by_hand(model, images())


@pytest.mark.parametrize("name", NAMES)
def test_maps_are_those_of_the_papers_matrices(name, network):
    classifier, by_hand = network
    expected = BY_HAND[name](*by_hand)
    found = METHODS[name](classifier, images(), CLASSES)
    assert np.ptp(expected) > 1e-3 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


# Closed forms.


def one_linear_block(uniform: bool = False):
    """x + A V of one head, written by hand; its class token is read by a dense layer."""
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(8, 16, 16, name="patches")(layers.Rescaling(1 / 255)(inputs))
    x = layers.ZeroPadding1D((1, 0))(layers.Reshape((16, 8))(x))
    q, k, v = (layers.Dense(8, use_bias=False, name=name)(x) for name in "qkv")
    a = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 2, 1))) * (0 if uniform else 1))
    x = ops.add(x, ops.matmul(a, v))
    model = keras.Model(inputs, layers.Dense(2, name="scores")(x[:, 0]), name="mine")
    tokens = keras.Model(inputs, [model.get_layer(name).output for name in "qkv"])(images())
    q, k, v = (np.asarray(t, np.float64) for t in tokens)
    return load_classifier(model, multi_label=False), np.asarray(q), k, v


def test_of_one_linear_block_the_relevance_of_a_place_is_what_it_adds_to_the_logit():
    classifier, q, k, v = one_linear_block()
    logits = np.einsum("nd,nsd->ns", q[:, 0], k)
    attention = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)  # of the class token
    kernel = np.asarray(classifier.model.get_layer("scores").kernel)[:, CLASSES]
    slopes = np.einsum("nsd,dn->ns", v, kernel)  # dS_c/dA
    expected = {
        "ROLLOUT": 0.5 * attention,
        "CHEFER": np.maximum(slopes * attention, 0),
        "LEGRAD": np.maximum(slopes, 0) / 17,
    }
    for name, tokens in expected.items():
        found = METHODS[name](classifier, images(), CLASSES)
        np.testing.assert_allclose(found, tokens[:, 1:].reshape(2, 4, 4), rtol=1e-4, atol=1e-7)


def test_uniform_attention_gives_a_constant_map_where_no_class_is_asked_for():
    classifier, *_ = one_linear_block(uniform=True)
    rollout = METHODS["ROLLOUT"](classifier, images(), CLASSES)
    np.testing.assert_allclose(rollout, 0.5 / 17, rtol=1e-5)
    rfem = METHODS["RFEM"](classifier, images(), CLASSES)
    np.testing.assert_allclose(rfem, 0.5 / 17, rtol=1e-5)  # all as strong as the strongest


def test_rfem_keeps_what_is_rare_and_strong_of_each_head_by_its_maximum():
    classifier, *_ = one_linear_block()
    rows = np.full((1, 2, 17), 0.01)
    rows[0, 0, 5], rows[0, 1, 16], rows[..., 0] = 0.6, 0.3, 0.9
    expected = np.zeros(16)
    expected[4], expected[15] = 0.6, 0.3
    found = rare_and_strong(classifier, rows, 2.0, "grid")
    np.testing.assert_allclose(found.reshape(16), expected, rtol=1e-6)
    assert rare_and_strong(classifier, rows, 2.0, "all").max() <= 0.6
    assert rare_and_strong(classifier, rows, 3.5, "all").max() == 0  # the class token inflates


# Wherever attention comes from.


def by_hand(x, block):
    """The same as MultiHeadAttention, in a few lines; its weights are copied by their order."""
    head = WIDTH // 4
    q, k, v = (
        layers.Reshape((-1, 4, head))(layers.Dense(WIDTH, name=f"{name}_{block}")(x))
        for name in "qkv"
    )
    a = ops.softmax(ops.einsum("nthd,nshd->nhts", q, k) / np.sqrt(head), axis=-1)
    x = layers.Reshape((-1, WIDTH))(ops.einsum("nhts,nshd->nthd", a, v))
    return layers.Dense(WIDTH, name=f"out_{block}")(x)


def copied(source: keras.Model, target: keras.Model) -> keras.Model:
    for block in range(2):
        attention = source.get_layer(f"attention_{block}")
        parts = (attention.query_dense, attention.key_dense, attention.value_dense)
        for name, part in zip("qkv", parts, strict=True):
            dense = target.get_layer(f"{name}_{block}")
            dense.kernel.assign(ops.reshape(part.kernel, (WIDTH, WIDTH)))
            dense.bias.assign(ops.reshape(part.bias, (WIDTH,)))
        out = target.get_layer(f"out_{block}")
        out.kernel.assign(ops.reshape(attention._output_dense.kernel, (WIDTH, WIDTH)))
        out.bias.assign(attention._output_dense.bias)
    plain = (layers.LayerNormalization, layers.Conv2D, layers.Embedding, layers.Dense)
    others = [
        [one for one in model.layers if isinstance(one, plain) and one.name[1:2] != "_"]
        for model in (source, target)
    ]
    others = [[one for one in found if not one.name.startswith("out_")] for found in others]
    for one, other in zip(*others, strict=True):
        other.set_weights(one.get_weights())
    return target


@pytest.mark.parametrize("name", NAMES)
def test_attention_written_by_hand_is_heard_as_that_of_a_layer(name):
    keras.utils.set_random_seed(5)
    model = sharpened(vit())
    other = load_classifier(copied(model, vit(attend=by_hand)))
    expected = METHODS[name](load_classifier(model), images(), CLASSES)
    found = METHODS[name](other, images(), CLASSES)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_is_kept_by_methods_of_attention(name):
    classifier, given = load_classifier(vit(registers=4)), images(3)
    before = given.copy()
    maps = METHODS[name](classifier, given, np.array([0, 1, 0]))
    assert maps.shape == (3, 8, 8)
    assert maps.dtype == np.float32
    assert maps.min() >= 0
    np.testing.assert_array_equal(given, before)
    alone = METHODS[name](classifier, given[1:2], np.array([1]))
    np.testing.assert_allclose(maps[1:2], alone, atol=1e-5 * np.abs(alone).max())


def test_registers_are_not_read_and_not_drawn():
    attention = load_classifier(vit(registers=4)).attention
    assert attention.tokens == 69
    np.testing.assert_array_equal(attention.read, np.eye(69)[0])


def test_a_query_that_pools_is_the_row_that_is_read():
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(WIDTH, PATCH, PATCH)(layers.Rescaling(1 / 255)(inputs))
    x = layers.Reshape((64, WIDTH))(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(x, x)])
    x = layers.LayerNormalization()(x)
    probe = layers.Dense(WIDTH, name="probe")(ops.mean(x, axis=1, keepdims=True) * 0 + 1)
    pooling = layers.MultiHeadAttention(2, 8, name="pool")
    x = layers.Flatten()(pooling(probe, x))
    model = keras.Model(inputs, layers.Dense(2, "softmax")(x), name="mine")
    classifier = load_classifier(model)
    assert classifier.attention.pools
    for name in NAMES:
        assert METHODS[name](classifier, images(), CLASSES).shape == (2, 8, 8)
    total = METHODS["ROLLOUT"](classifier, images(), CLASSES).sum(axis=(1, 2))
    np.testing.assert_allclose(total, 1, rtol=1e-5)


def test_a_contrast_is_explained_like_a_class():
    classifier = load_classifier(vit())
    index = classifier.contrast(1, 0)
    for name in NAMES:
        found = METHODS[name](classifier, images(), [index, index])
        plain = METHODS[name](classifier, images(), [1, 1])
        assert np.allclose(found, plain) == METHODS[name].class_agnostic
