"""The table of methods, keyed by the names that they are asked for by."""

from fem import fem
from gradcam import gradcam
from methods.method import Method, MethodCall, parse_method

METHODS = {
    method.name: method
    for method in (
        Method(gradcam, "Grad-CAM", needs_layers=True),
        Method(fem, "FEM", class_agnostic=True, needs_layers=True),
    )
}

__all__ = ["METHODS", "Method", "MethodCall", "parse_method"]
