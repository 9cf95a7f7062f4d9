"""The labels of colour bars are apart, whatever the figure's width."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from figures import ColourBar, draw_grid
from figures.display_rules import DISPLAY_RULES

BARS = [ColourBar("turbo", rule.ends, rule.short) for rule in DISPLAY_RULES.values()]


@pytest.mark.parametrize("count", range(1, len(BARS) + 1))
@pytest.mark.parametrize("columns", [1, 2, 3, 6])
@pytest.mark.parametrize("largest", [1.0, 2.3])
def test_labels_are_apart_and_within_the_figure(count, columns, largest):
    images = [np.zeros((40, 60, 3), np.uint8)] * columns
    figure = draw_grid(images, ["Grad-CAM"] * columns, columns, "", BARS[:count], largest)
    renderer = FigureCanvasAgg(figure).get_renderer()
    bars = figure.axes[columns:]
    assert len(bars) == count
    labels = [one.get_window_extent(renderer) for bar in bars for one in bar.get_xticklabels()]
    for box in labels:
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= 0
    space = 0.03 * figure.dpi
    for bar in bars:
        boxes = [label.get_window_extent(renderer) for label in bar.get_xticklabels()]
        assert all(first.x1 + space < second.x0 for first, second in pairwise(boxes))
    overlapping = [(a, b) for n, a in enumerate(labels) for b in labels[:n] if a.overlaps(b)]
    assert overlapping == []
