"""Which layers of a network know where things are: maps, and rows of tokens on a grid."""

from functools import cached_property

import numpy as np

from classifier.network.grid import Grid
from classifier.network.target_layer import find_layer, target_layers
from classifier.network.tokens import Placed, grid_of, possible_grids, read_tokens
from classifier.network.trace import LayerCall


class Places:
    """The layers of an `Anatomy` by what they know of places; what is run is run once."""

    def __init__(self, network):
        self.network = network
        self.trace = network.trace
        self.has_tokens = self.trace.has_tokens and len(network.input_shape) == 3
        self._placed: dict[str, Placed | None] = {}

    def may_hold(self, call: LayerCall) -> bool:
        """Whether a call's output is a map, or a row that is as long as some grid."""
        if call.is_map or not self.has_tokens:
            return call.is_map
        return call.is_row and next(possible_grids(call, self._size), None) is not None

    def grid(self, call: LayerCall) -> Grid | None:
        """Where the output holds the image's places, of a network of tokens; None: nowhere."""
        placed = self._seen(call)
        return placed and placed.grid

    def covers_all(self, call: LayerCall) -> bool:
        """Whether the output was seen to hold the image as a whole, cell by cell."""
        placed = self._seen(call) if self.has_tokens else None
        return placed is not None and placed.is_whole

    def _seen(self, call: LayerCall) -> Placed | None:
        if call.path not in self._placed:
            grids = list(possible_grids(call, self._size)) if self.may_hold(call) else []
            likely = [grid for grid in grids if grid in self._found_before(call)]
            placed = grid_of(self.network, call, likely)  # twice as fast
            if placed is None and len(likely) < len(grids):
                placed = grid_of(self.network, call, [g for g in grids if g not in likely])
            self._placed[call.path] = placed
        return self._placed[call.path]

    def _found_before(self, call: LayerCall) -> set[Grid]:
        """The grids of other outputs of so many tokens, as far as they were asked for."""
        alike = (other for other in self.trace.calls if other.shape[:-1] == call.shape[:-1])
        placed = (self._placed.get(other.path) for other in alike)
        return {found.grid for found in placed if found is not None}

    def holds(self, call: LayerCall) -> bool:
        """Whether the output holds places on which the logits depend."""
        if not self.has_tokens:
            return call.is_map
        if not self.may_hold(call):
            return False
        read = self._read[call.path].reshape(-1)
        first = next(other for other in self.trace.calls if other.shape[:-1] == call.shape[:-1])
        likely = self.grid(first)  # saves running what only a class token is read of
        if not read.any() or (likely is not None and not read[_places(likely)].any()):
            return False
        grid = self.grid(call)
        return grid is not None and bool(read[_places(grid)].any())

    def located(self, call: LayerCall) -> LayerCall:
        """The call, with its grid where it is a row of tokens.

        Raises ValueError where its output has no positions.
        """
        if not call.is_row or not self.has_tokens:
            return call
        if (grid := self.grid(call)) is None:
            raise ValueError(
                f"layer '{call.path}' gives {call.shape[1:]} for an image: its tokens follow no "
                "grid of places (list them: --list_layers)"
            )
        return call._replace(grid=grid)

    def find_layer(self, name: str) -> LayerCall:
        """The last call of the layer of that path or name; raises ValueError for one of none."""
        call = self.located(find_layer(self.trace.calls, name))
        if self.has_tokens and call.is_map and self.grid(call) is None:
            raise ValueError(
                f"layer '{name}' gives {call.shape[1:]} for an image: its positions are not those "
                "of the image, row by row (list them: --list_layers)"
            )
        return call

    @cached_property
    def targets(self) -> list[LayerCall]:
        """The target layers by the rule; those before all tokens where no token is of a place."""
        if not self.has_tokens:
            return target_layers(self.trace, self.holds)
        try:
            return [self.located(call) for call in target_layers(self.trace, self.holds)]
        except ValueError:
            return target_layers(self.trace, lambda call: call.is_map)

    def last_of_each_size(self, path: str) -> list[LayerCall]:
        """Up to the layer of that path, the last call of each resolution (h, w) > (1, 1).

        Resolutions at which no weights are at work (padding, pooling) are left out, and in the
        others what only pads or pools.
        """
        calls = self.trace.calls
        position = max(i for i, call in enumerate(calls) if call.path == path)
        of_shape: dict[tuple, list[LayerCall]] = {}
        for call in calls[: position + 1]:
            shape = call.shape[1:-1]
            keeps_size = shape == call.input_shape[1:-1] and shape in of_shape
            is_part = call.is_leaf or self.has_tokens  # of tokens a block is a layer, too
            if self.may_hold(call) and is_part and (call.is_weighted or keeps_size):
                of_shape.setdefault(shape, []).append(call)
        last = {}
        for same in sorted(of_shape.values(), key=lambda same: calls.index(same[-1])):
            for call in reversed(same):
                if not self.has_tokens or self.grid(call) is not None:
                    call = self.located(call)
                    last[call.size] = call
                    break
        target = self.located(calls[position])
        return [*(last | {target.size: target} if self.has_tokens else last).values()] or [target]

    def shown_grid(self, call: LayerCall) -> Grid | None:
        """The grid of a row, by that of another call of its length where one was found by running.

        For lists: a layer that is to be looked at is run itself.
        """
        if not (self.has_tokens and call.is_row and self.may_hold(call)):
            return None
        alike = [other for other in self.trace.calls if other.shape[:2] == call.shape[:2]]
        known = [self._placed[c.path].grid for c in alike if self._placed.get(c.path)]
        return known[0] if known else self.grid(alike[-1]) or self.grid(alike[0])

    def read_row(self, tokens: int) -> tuple[Grid, np.ndarray] | None:
        """The grid of the last row of so many tokens, and (T,) what of it the logits are read from.

        It sums to 1: the class token, or several, where they read any of no place; else the grid.
        None where no such row has places.
        """
        for call in reversed(self.trace.calls):
            if not (call.is_row and call.shape[1] == tokens and self.may_hold(call)):
                continue
            read = self._read[call.path]
            if read.any() and (grid := self.grid(call)) is not None:
                others = read.copy()
                others[_places(grid)] = False
                chosen = others if others.any() else read
                return grid, (chosen / chosen.sum()).astype(np.float32)
        return None

    @property
    def _size(self) -> tuple[int, int]:
        return self.network.input_shape[:2]

    @cached_property
    def _read(self) -> dict[str, np.ndarray]:
        """Of each layer's output, by its path: on which tokens or positions the logits depend."""
        calls = [call for call in self.trace.calls if call.is_map or call.is_row]
        read = read_tokens(self.network, calls)
        return {call.path: tokens for call, tokens in zip(calls, read, strict=True)}


def _places(grid: Grid) -> slice:
    return slice(grid.start, grid.end)
