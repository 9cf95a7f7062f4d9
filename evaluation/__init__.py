"""The table of metrics, keyed by the names that they are asked for by."""

from dataclasses import replace

from evaluation import drop, gaze, insertion, masks, randomisation, road, shape, transport
from evaluation.metric import Metric

ROWS = (
    Metric(gaze.pcc, "PCC"),
    Metric(gaze.ssim, "SSIM"),
    Metric(gaze.sim, "SIM"),
    Metric(gaze.kl, "KL", "lower"),
    Metric(gaze.nss, "NSS"),
    Metric(gaze.auc_judd, "AUC (Judd)"),
    Metric(gaze.auc_shuffled, "AUC (shuffled)"),
    Metric(gaze.information_gain, "Information gain"),
    Metric(gaze.mae, "MAE", "lower"),
    Metric(gaze.mse, "MSE", "lower"),
    Metric(transport.emd, "Earth mover's distance", "lower"),
    Metric(masks.pointing, "Pointing game"),
    Metric(masks.energy_in_mask, "Energy in mask"),
    Metric(masks.rank_accuracy, "Rank accuracy"),
    Metric(masks.auc_in_mask, "AUC in mask"),
    Metric(masks.iou, "IoU"),
    Metric(masks.top_k, "Top k in mask"),
    Metric(insertion.insertion, "Insertion", draws=("curves",), passes=225),
    Metric(insertion.deletion, "Deletion", "lower", draws=("curves",), passes=225),
    Metric(road.road, "ROAD", passes=18),
    Metric(drop.average_drop, "Average drop", "lower", passes=2),
    Metric(drop.average_gain, "Average gain", passes=2),
    Metric(drop.increase, "Increase", passes=2),
    Metric(randomisation.randomisation, "Randomisation", "lower", draws=("cascade",)),
    Metric(shape.sparsity, "Sparsity (Gini)", ""),
    Metric(shape.complexity, "Complexity (entropy)", ""),
)
OF_CLIPS = tuple(metric.name for metric in ROWS if metric.of_clips)
METRICS = {metric.name: replace(metric, clip_metrics=OF_CLIPS) for metric in ROWS}

__all__ = ["METRICS", "Metric"]
