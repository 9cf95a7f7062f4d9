"""The table of methods, keyed by the names that they are asked for by."""

from dataclasses import replace
from functools import partial

from fem import fem
from gradcam import gradcam
from methods import (
    ablationcam,
    attention,
    baselines,
    cam,
    chefer,
    deconvnet,
    drise,
    eigencam,
    gradcampp,
    guided_backprop,
    guided_gradcam,
    hirescam,
    integrated_gradients,
    kernelshap,
    layercam,
    legrad,
    lime,
    mlfem,
    occlusion,
    patches,
    rfem,
    rise,
    rollout,
    saliency,
    scorecam,
    smoothgrad,
    xgradcam,
)
from methods.method import Method

of_attention = partial(Method, needs_layers=True, own_layer=True, by_attention=True)
of_nothing = partial(Method, is_baseline=True, class_agnostic=True, of_clips=True)
of_pixels = partial(Method, needs_layers=True, by_pixels=True, display="percentile")

ROWS = (
    Method(gradcam, "Grad-CAM", needs_layers=True, one_weight=True, of_clips=True),
    Method(cam.cam, "CAM", needs_layers=True),
    Method(
        gradcampp.gradcampp, "Grad-CAM++", spelling="GRADCAM++", needs_layers=True, one_weight=True
    ),
    Method(hirescam.hirescam, "HiResCAM", needs_layers=True),
    Method(xgradcam.xgradcam, "XGrad-CAM", needs_layers=True, one_weight=True),
    Method(layercam.layercam, "LayerCAM", needs_layers=True),
    Method(
        eigencam.eigencam, "Eigen-CAM", class_agnostic=True, needs_layers=True, display="signed"
    ),
    Method(scorecam.scorecam, "Score-CAM", many_passes=True, needs_layers=True, one_weight=True),
    Method(
        ablationcam.ablationcam,
        "Ablation-CAM",
        many_passes=True,
        needs_layers=True,
        one_weight=True,
    ),
    Method(fem, "FEM", class_agnostic=True, needs_layers=True, of_clips=True),
    Method(mlfem.mlfem, "MLFEM", class_agnostic=True, needs_layers=True),
    Method(
        rise.rise,
        "RISE",
        of_clips=True,
        many_passes=True,
        display="range",
        presets=rise.PRESETS,
        draws=("convergence",),
    ),
    Method(drise.drise, "D-RISE", many_passes=True, display="range", draws=("convergence",)),
    Method(
        lime.lime,
        "LIME",
        many_passes=True,
        display="signed",
        presets=lime.PRESETS,
        draws=("superpixels",),
    ),
    Method(occlusion.occlusion, "Occlusion", of_clips=True, many_passes=True, display="signed"),
    Method(
        kernelshap.kernelshap,
        "Kernel SHAP",
        many_passes=True,
        display="signed",
        draws=("superpixels",),
    ),
    Method(patches.patches, "Patches", many_passes=True, shown=("brightened",)),
    Method(
        attention.attention,
        "Attention",
        class_agnostic=True,
        needs_layers=True,
        own_layer=True,
        shown=("brightened",),
    ),
    of_attention(rollout.rollout, "Attention rollout", class_agnostic=True),
    of_attention(chefer.chefer, "Chefer"),
    of_attention(legrad.legrad, "LeGrad"),
    of_attention(rfem.rfem, "RFEM", class_agnostic=True),
    of_attention(rfem.rfem_class, "RFEM of a class"),
    of_pixels(saliency.saliency, "Saliency", of_boxes=True, draws=("colour",)),
    of_pixels(smoothgrad.smoothgrad, "SmoothGrad", many_passes=True),
    of_pixels(
        integrated_gradients.integrated_gradients,
        "Integrated gradients",
        many_passes=True,
        display="signed percentile",
    ),
    of_pixels(guided_backprop.guided_backprop, "Guided backprop", draws=("colour",)),
    of_pixels(guided_gradcam.guided_gradcam, "Guided Grad-CAM", by_pixels=False, draws=("colour",)),
    of_pixels(deconvnet.deconvnet, "Deconvolution", draws=("colour",)),
    of_nothing(baselines.random, "Random"),
    of_nothing(baselines.centre, "Centre"),
    of_nothing(baselines.edges, "Edges"),
)
OF_CLIPS = tuple(method.name for method in ROWS if method.of_clips)
METHODS = {method.name: replace(method, clip_methods=OF_CLIPS) for method in ROWS}
BASELINES = tuple(method.name for method in ROWS if method.is_baseline)

__all__ = ["BASELINES", "METHODS", "Method"]
