"""Which layers of a classifier a class activation map looks at."""

from collections.abc import Callable
from typing import Any

from classifier.network.region import Region
from classifier.network.target_layer import NoPositionsError, class_maps
from classifier.network.trace import LayerCall


class TargetLayers:
    """The target layers by the rule, or those that were set.

    Part of a `Classifier`, in a file by itself.
    """

    name: str
    network: Any
    layer_calls: list[LayerCall]
    need_layers: Callable[[], None]
    _layers: tuple[str, ...]

    @property
    def layer(self) -> str:
        """Path of the target layer: the last with positions, if no other was set.

        Several, with commas, where branches end in several, or several were set: methods average
        their maps. "" where no layer has positions. Setting it raises ValueError for a layer that
        there is not.
        """
        try:
            return ",".join(self.layers)
        except NoPositionsError:
            return ""

    @layer.setter
    def layer(self, names: str) -> None:
        paths = [self.find_layer(name.strip()).path for name in names.split(",")]
        self._layers = tuple(dict.fromkeys(paths))

    @property
    def layers(self) -> tuple[str, ...]:
        """Paths of the target layers, one for each branch if no others were set.

        Raises ValueError where no layer has positions.
        """
        self.need_layers()
        return self._layers or tuple(call.path for call in self.network.places.targets)

    @property
    def has_branches(self) -> bool:
        """Whether the target layers are the ends of several branches, and none were set."""
        return not self._layers and len(self.layers) > 1

    @property
    def map_layers(self) -> tuple[str, ...]:
        """The target layers, of which a map can be drawn.

        Raises ValueError where there is none, and where what is behind one mixes its positions.
        """
        for layer in self.layers:
            if mixing := self.network.mixing_layer(layer):
                raise ValueError(
                    f"layer {layer} of {self.name} is before layers that mix its positions as "
                    f"tokens (the last is {mixing}), so that its gradients and features do not say "
                    "where: take a method that needs no layer"
                )
        return self.layers

    @property
    def mixed_tokens(self) -> str:
        """Path of a target layer that is a row of tokens of a network with attention; else ""."""
        rows = [layer for layer in self.layers if self.find_layer(layer).is_row]
        return rows[0] if rows and self.network.attention_shapes else ""

    def map_region(self, layer: str) -> Region | None:
        """(top, left, height, width) of what the layer's grid covers, in parts of the image.

        All of it, (0, 0, 1, 1), unless the network crops or pads it; None where it is not known.
        """
        self.need_layers()
        return self.network.region(layer)

    @property
    def target_layer(self) -> str:
        """Path of the last layer with positions, by the rule, whatever layers were set."""
        self.need_layers()
        return self.network.places.targets[-1].path

    def find_layer(self, name: str) -> LayerCall:
        """The layer of that path or name. Raises ValueError where it has no positions."""
        self.need_layers()
        return self.network.places.find_layer(name)

    @property
    def layers_of_places(self) -> tuple[str, ...]:
        """Paths of all layers that give maps, or rows of tokens as long as some grid."""
        self.need_layers()
        may_hold = self.network.places.may_hold
        return tuple(dict.fromkeys(call.path for call in self.layer_calls if may_hold(call)))

    @property
    def layers_of_all_sizes(self) -> tuple[str, ...]:
        """Paths of the last layer of each resolution up to the target layer, or of those set."""
        if len(self.layers) > 1:
            return self.layers
        return tuple(call.path for call in self.network.places.last_of_each_size(self.layer))

    @property
    def class_maps(self) -> str | None:
        """Path of the layer that gives a map for each class, where the head only pools these."""
        self.need_layers()
        call = class_maps(self.network.trace, self.network.places.holds)
        return call and call.path

    def _path(self, layer: str | None) -> str:
        self.need_layers()
        if layer is None and len(self.layers) > 1:
            raise ValueError(f"{self.name} has several target layers, {self.layer}; name one")
        return self.layers[0] if layer is None else layer
