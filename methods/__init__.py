"""The table of methods, keyed by the names that they are asked for by."""

from fem import fem
from gradcam import gradcam
from methods import (
    ablationcam,
    cam,
    eigencam,
    gradcampp,
    hirescam,
    kernelshap,
    layercam,
    lime,
    mlfem,
    occlusion,
    rise,
    scorecam,
    xgradcam,
)
from methods.method import Method, MethodCall, parse_method

METHODS = {
    method.name: method
    for method in (
        Method(gradcam, "Grad-CAM", needs_layers=True),
        Method(cam.cam, "CAM", needs_layers=True),
        Method(gradcampp.gradcampp, "Grad-CAM++", spelling="GRADCAM++", needs_layers=True),
        Method(hirescam.hirescam, "HiResCAM", needs_layers=True),
        Method(xgradcam.xgradcam, "XGrad-CAM", needs_layers=True),
        Method(layercam.layercam, "LayerCAM", needs_layers=True),
        Method(
            eigencam.eigencam, "Eigen-CAM", class_agnostic=True, needs_layers=True, display="signed"
        ),
        Method(scorecam.scorecam, "Score-CAM", needs_layers=True),
        Method(ablationcam.ablationcam, "Ablation-CAM", needs_layers=True),
        Method(fem, "FEM", class_agnostic=True, needs_layers=True),
        Method(mlfem.mlfem, "MLFEM", class_agnostic=True, needs_layers=True),
        Method(rise.rise, "RISE", display="range", presets=rise.PRESETS, draws=("convergence",)),
        Method(lime.lime, "LIME", display="signed", presets=lime.PRESETS, draws=("superpixels",)),
        Method(occlusion.occlusion, "Occlusion", display="signed"),
        Method(kernelshap.kernelshap, "Kernel SHAP", display="signed", draws=("superpixels",)),
    )
}

__all__ = ["METHODS", "Method", "MethodCall", "parse_method"]
