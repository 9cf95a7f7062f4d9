"""The table of views: what is inside a classifier, as pictures."""

from views import activations, class_impression, feature_inversion, filters
from views.view import View, ViewCall, parse_view

VIEWS = {
    view.name: view
    for view in (
        View(activations.activations, "Activations", of_clips=True),
        View(filters.filters, "Filters", takes="nothing"),
        View(class_impression.class_impression, "Class impression", takes="class"),
        View(feature_inversion.feature_inversion, "Feature inversion"),
    )
}

__all__ = ["VIEWS", "View", "ViewCall", "parse_view"]
