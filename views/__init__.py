"""The table of views: what is inside a classifier, as images."""

from views import activations, attention_maps, class_impression, feature_inversion, filters
from views.view import View

VIEWS = {
    view.name: view
    for view in (
        View(
            activations.activations,
            "Activations",
            describe=activations.describe,
            numbers=activations.numbers,
            of_clips=True,
            is_mosaic=True,
            legend="From dark at 0 to bright at the maximum, of each map or of the layer (scale). "
            "Numbers are those of the channels.",
        ),
        View(
            attention_maps.attention_maps,
            "Attention maps",
            describe=attention_maps.describe,
            numbers=attention_maps.numbers,
            by_attention=True,
            is_mosaic=True,
            legend="From dark at 0 to bright at its maximum. Numbers are those of the heads.",
        ),
        View(
            filters.filters,
            "Filters",
            takes="nothing",
            describe=filters.describe,
            is_mosaic=True,
            legend="Weights are grey at 0; deeper filters are shown by what excites them.",
        ),
        View(
            class_impression.class_impression,
            "Class impression",
            takes="class",
            describe=class_impression.describe,
            ascends=True,
        ),
        View(
            feature_inversion.feature_inversion,
            "Feature inversion",
            describe=feature_inversion.describe,
            ascends=True,
            of_one_layer=True,
        ),
    )
}

__all__ = ["VIEWS", "View"]
