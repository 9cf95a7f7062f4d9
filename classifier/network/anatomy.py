"""What a Keras model is made of, seen by running it: its layers, its logits, where it looks."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from classifier.network.attention import Attention, attention_of, attention_shapes
from classifier.network.folding import Fold, foldable
from classifier.network.hooks import as_operations
from classifier.network.logits import own_output
from classifier.network.mixing import mixing_layer
from classifier.network.moving import has_own_code, moves_places
from classifier.network.places import Places
from classifier.network.region import WHOLE, Entry, Region, entries, region
from classifier.network.relu_rules import other_activations
from classifier.network.trace import LayerCall, Trace, trace

SPREADS = (1, 30, 80)  # of the noise in trial images, in grey levels


def trial_images(shape: tuple[int, ...]) -> np.ndarray:
    """(5, ...) images that tell probabilities from numbers: black, white, and three of noise."""
    rng = np.random.default_rng(0)
    noise = [np.clip(rng.normal(127, spread, shape), 0, 255) for spread in SPREADS]
    return np.stack([np.zeros(shape), np.full(shape, 255.0), *noise]).astype(np.float32)


class Anatomy:
    """A Keras model of which everything is known that does not depend on an image.

    Part of a `Network`, in a file by itself.
    """

    def __init__(
        self,
        model,
        input_shape: tuple[int, ...],
        preprocess: Callable[[np.ndarray], np.ndarray],
        link: str | None = None,
    ):
        self.model = model
        self.input_shape = input_shape
        self.link = link  # of an output that is no probability; None: by its number of values
        self._preprocess = preprocess
        self._mixing: dict[str, str | None] = {}
        self._regions: dict[str, Region | None] = {}

    @cached_property
    def trace(self) -> Trace:
        """What happens inside the model, seen on one image of noise.

        An output that lies in [0, 1] and that no softmax or sigmoid has given is tried on others.
        """
        found = trace(self.model, self.noise, self.link)
        if found.logits.from_scores and not self._gives_probabilities(found):
            return found._replace(logits=own_output(found.output, self.link))
        return found

    def _gives_probabilities(self, found: Trace) -> bool:
        inputs = self._preprocess(trial_images(self.input_shape))
        with as_operations(self.model):
            output = np.asarray(self.model(inputs, training=False), np.float32)
        if not np.isfinite(output).all():
            return True  # which is another matter
        sums_to_one = np.allclose(output.sum(axis=-1), 1, atol=1e-3)
        within = output.min() >= -1e-3 and output.max() <= 1 + 1e-3
        return within and (found.logits.link != "softmax" or sums_to_one)

    @cached_property
    def noise(self) -> np.ndarray:
        """(1, H, W, C): noise in [0, 255], preprocessed, as an image would be."""
        noise = np.random.default_rng(0).uniform(0, 255, (1, *self.input_shape))
        return np.asarray(self._preprocess(noise.astype(np.float32)), np.float32)

    @cached_property
    def places(self) -> Places:
        """Which layers know where things are."""
        return Places(self)

    @property
    def attention(self) -> Attention:
        """What its layers of attention are between. Raises ValueError where none can be followed.

        Part of a `Network`: it takes a pass to hear them, once.
        """
        if isinstance(self._attention, str):
            raise ValueError(self._attention)
        return self._attention

    @cached_property
    def attention_shapes(self) -> list[tuple[int, ...]]:
        """(images, heads, queries, keys) of each layer of attention; none without tokens."""
        return attention_shapes(self) if self.places.has_tokens else []

    @cached_property
    def _attention(self) -> Attention | str:
        """It, or why not."""
        try:
            return attention_of(self)
        except ValueError as error:
            return str(error)

    @cached_property
    def entries(self) -> list[Entry]:
        """What the first layers with weights get of the image."""
        return entries(self.model, self.trace, self.input_shape)

    def region(self, layer: str) -> Region | None:
        """The part of the image that the layer's grid covers; None where it cannot be known.

        Of clips it is taken to be the whole.
        """
        if len(self.input_shape) != 3:
            return WHOLE
        if layer not in self._regions:
            self._regions[layer] = self._region(self.places.find_layer(layer))
        return self._regions[layer]

    def _region(self, call: LayerCall) -> Region | None:
        if self.places.covers_all(call):
            return WHOLE
        if has_own_code(self.model, self.trace):
            firsts = [self.trace.calls[entry.position] for entry in self.entries]
            if any(moves_places(self.model, first, call, self.noise) for first in firsts):
                return None
        position = [other.path for other in self.trace.calls].index(call.path)
        return region(self.trace, self.entries, position, self.places.has_tokens)

    def mixing_layer(self, layer: str) -> str | None:
        """Path of a layer behind this one that mixes its positions as tokens of no place."""
        if layer not in self._mixing:
            paths = [call.path for call in self.trace.calls]
            call = self.trace.calls[paths.index(self.places.find_layer(layer).path)]
            path = mixing_layer(self.model, self.trace, call, self.noise)
            keeps = path is not None and self.places.grid(self.trace.calls[paths.index(path)])
            self._mixing[layer] = None if keeps else path
        return self._mixing[layer]

    @property
    def logits_from(self) -> str:
        """Where the logits are, in words."""
        return self.trace.logits.description

    @property
    def link_to_scores(self) -> str:
        """ "softmax", "sigmoid" or "identity": what makes scores of logits."""
        return self.trace.logits.link

    @property
    def outputs(self) -> int:
        """How many values the model gives for an image."""
        return self.trace.output.shape[-1]

    @cached_property
    def other_activations(self) -> list[str]:
        """Names of the activations that are no ReLU."""
        return other_activations(self.trace)

    @cached_property
    def folds(self) -> list[Fold]:
        """The batch norms that can be folded into a convolution."""
        return foldable(self.trace.calls)
