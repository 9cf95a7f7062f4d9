"""Small networks of keras-hub's families, with random weights, and where their tokens are.

Nothing is said when they are loaded but the model itself.
"""

from collections.abc import Callable

import keras
from keras import layers
from zoo.rows import Placed

SIDE = 64
VIT = {"image_shape": (SIDE, SIDE, 3), "num_layers": 2, "num_heads": 2, "hidden_dim": 16}
DINO = VIT | {"patch_size": 8, "intermediate_dim": 32}
NARROW = {"patch_size": 8, "image_shape": (SIDE, SIDE, 3), "num_layers": 2, "num_heads": 2}
NARROW |= {"hidden_dim": 16, "intermediate_dim": 32}


def read(backbone, row: Callable) -> keras.Model:
    """Images in [0, 255] -> two classes, by a dense layer on what `row` takes of the backbone."""
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    names = list(backbone.input) if isinstance(backbone.input, dict) else ()
    x = row(backbone({names[0]: x} if names else x))
    return keras.Model(inputs, layers.Dense(2, "softmax", name="scores")(x), name="mine")


def class_token(x):
    return x[:, 0]


def mean(x):
    return layers.GlobalAveragePooling1D()(x)


def means(x):
    return layers.GlobalAveragePooling2D()(x)


def vit():
    from keras_hub.models import ViTBackbone

    return read(ViTBackbone(**VIT, patch_size=8, mlp_dim=32), class_token)


def deit():
    from keras_hub.models import DeiTBackbone

    return read(DeiTBackbone(**DINO), lambda x: (x[:, 0] + x[:, 1]) / 2)


def dinov2():
    from keras_hub.models import DINOV2Backbone

    options = {"num_register_tokens": 4, "position_embedding_shape": (SIDE, SIDE, 3)}
    return read(DINOV2Backbone(**DINO, **options), class_token)


def dinov3():
    from keras_hub.models import DINOV3Backbone

    return read(DINOV3Backbone(**DINO, num_register_tokens=4), class_token)


def siglip():
    from keras_hub.models import SigLIPVisionEncoder

    return read(SigLIPVisionEncoder(**NARROW), layers.Identity())


def clip():
    from keras_hub.models import CLIPVisionEncoder

    return read(CLIPVisionEncoder(**NARROW), class_token)


def swin():
    from keras_hub.models import SwinTransformerBackbone

    backbone = SwinTransformerBackbone(
        image_shape=(SIDE, SIDE, 3),
        embed_dim=16,
        depths=(2, 2),
        num_heads=(2, 4),
        window_size=4,
        patch_size=4,
    )
    return read(backbone, mean)


def mit():
    from keras_hub.models import MiTBackbone

    backbone = MiTBackbone(
        layerwise_depths=[1, 1],
        num_layers=2,
        layerwise_num_heads=[1, 2],
        layerwise_sr_ratios=[2, 1],
        max_drop_path_rate=0.1,
        layerwise_patch_sizes=[7, 3],
        layerwise_strides=[4, 2],
        image_shape=(SIDE, SIDE, 3),
        hidden_dims=[16, 32],
    )
    return read(backbone, means)


PLACED = (
    Placed(name="hub ViT", make=vit, layer="transformer_block_1"),
    Placed(name="hub DeiT", make=deit, layer="transformer_block_2/ln_1"),
    Placed(name="hub DINOv2", make=dinov2, layer="layers_0"),
    Placed(name="hub DINOv3", make=dinov3, layer="layers_0"),
    Placed(name="hub SigLIP", make=siglip, layer="post_layer_norm"),
    Placed(name="hub CLIP", make=clip, layer="encoder_block_0"),
    Placed(name="hub Swin", make=swin, layer="norm", attends=False),
    Placed(name="hub MiT", make=mit, layer="output_level_1", attends=False),
)
