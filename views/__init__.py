"""The table of views: what is inside a classifier, as pictures."""

from views.activations import activations
from views.class_impression import class_impression
from views.feature_inversion import feature_inversion
from views.filters import filters
from views.view import View, ViewCall, parse_view

VIEWS = {
    view.name: view
    for view in (
        View(activations, "Activations"),
        View(filters, "Filters", takes="nothing"),
        View(class_impression, "Class impression", takes="class"),
        View(feature_inversion, "Feature inversion"),
    )
}

__all__ = ["VIEWS", "View", "ViewCall", "parse_view"]
