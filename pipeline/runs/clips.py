"""Clips: the way of a plan whose classifier convolves over time too, from files to figures.

A clip is explained like an image; shown as a strip, its frames over their maps, and as animations.
There is no store: a run explains all of its clips.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier
from figures.saving import save_animation
from images import Clip, ImageError, find_clips, read_clip, resized_clip
from images.clips import sampled
from pipeline.explaining.explain import Asked, explain_batch
from pipeline.explaining.explanation import Explanation, colour_bar, drawable, percent
from pipeline.explaining.record import classifier_record, method_record, versions, write_record
from pipeline.plan import Plan
from pipeline.reporting.file_names import FileNames, run_name, single_name
from pipeline.runs.views import PAGE, Subject, Viewed, caption, look
from representations import DISPLAY_RULES, REPRESENTATIONS
from utils import grid_layout

SHOWN = 8  # frames of a strip, evenly spaced, where a clip has more
SMALLEST, LARGEST = 160, 480  # pixels of a frame's side, as it is drawn
GAP = 4  # white pixels between the frame and its maps


def run_clips(plan: Plan, classifier: Classifier) -> int:
    """Carries the plan out on clips; the exit status: 0, or 1 if clips failed.

    Raises ValueError or FileNotFoundError for a mistake in the plan.
    """
    _check(plan)
    clips = find_clips(plan.paths or plan.images)
    plan = replace(plan, images=tuple(clips))
    names = FileNames(plan.display.output_dir)
    record: dict[str, Any] = {
        "versions": versions(),
        "classifiers": [classifier_record(classifier)],
        "methods": [method_record(method) for method in plan.methods],
        "target": plan.targets.description,
        "clips": [],
        "explanations": [],
        "viewed": [],
        "failed": [],
        "interrupted": True,  # until it is done
        "figures": [],
    }
    try:
        _go_through(clips, classifier, plan, names, record)
        record["interrupted"] = False
    except KeyboardInterrupt:
        print(f"stopped; kept {len(record['clips'])} of {len(clips)} clips", file=sys.stderr)
    finally:
        path = names.path(run_name(plan, [classifier.name]), "json")
        write_record(path, record)
        print(path)
    return 1 if record["failed"] or record["interrupted"] else 0


def _go_through(
    clips: Sequence[Path], classifier: Classifier, plan: Plan, names: FileNames, record: dict
) -> None:
    """Explains and draws each clip, and puts it into the record."""
    for path in clips:
        try:
            clip = read_clip(path, classifier.frames)
            explanations = explained(path, clip, classifier, plan) if plan.methods else []
        except ImageError as error:
            print(error, file=sys.stderr)
            record["failed"].append({"clip": str(path), "reason": str(error)})
            continue
        _tell(path, explanations)
        told = {"clip": str(path), "frames": clip.numbers, "seconds": clip.seconds}
        record["clips"].append(told)
        record["explanations"] += [explanation.row() for explanation in explanations]
        figures = drawn(path, clip, explanations, plan, names, classifier.layer)
        for call in plan.views:
            viewed = look(call, classifier, Subject(path, clip.frames))
            record["viewed"].append(viewed.row())
            figures.append(_mosaic(viewed, plan, names))
        print(*figures, sep="\n")
        record["figures"] += [str(figure) for figure in figures]


def _check(plan: Plan) -> None:
    for name in plan.display.representations or ():
        if not REPRESENTATIONS[name].of_clips:
            of_clips = [known for known, drawn in REPRESENTATIONS.items() if drawn.of_clips]
            raise ValueError(f"clips are drawn as {', '.join(of_clips)}; not as {name}")
    if plan.evaluation.metrics:
        raise ValueError("--metrics evaluates maps of images; this classifier takes clips")
    if plan.experiments.passes:
        raise ValueError("--augment and the like change images; this classifier takes clips")
    unheard = {
        "report": plan.display.report,
        "fresh": plan.fresh,
        "map_type": plan.map_type != Plan.map_type,
        "per_class": plan.evaluation.per_class is not None,
    }
    for flag in (flag for flag, given in unheard.items() if given):
        raise ValueError(f"--{flag} is for images; this classifier takes clips, without a store")
    if plan.engine != "local":
        raise ValueError(f"--engine {plan.engine} explains images; this classifier takes clips")


def explained(path: Path, clip: Clip, classifier: Classifier, plan: Plan) -> list[Explanation]:
    """A clip's explanations, methods and then classes; their maps are (t, h, w).

    Their images are its frames (T, H, W, 3) as they are drawn. Raises ImageError.
    """
    image = resized_clip(clip.frames, classifier.input_size)
    frames = np.stack([drawable(frame, (SMALLEST, SMALLEST), LARGEST) for frame in clip.frames])
    asked = Asked(path, frames, image, plan.methods)
    (found,) = explain_batch([asked], classifier, plan.targets)
    if isinstance(found, ImageError):
        raise found
    return found


def represented_frames(
    explanation: Explanation, representation: str, colormap: str | None, alpha: float
) -> np.ndarray:
    """(T, H, W, 3): a map for every frame, all on one scale: they are drawn as one long image."""
    strip = explanation.strip
    length = max(strip.image.shape)
    shown = strip.represented(representation, colormap, alpha, largest=length)
    return np.stack(np.split(shown, len(explanation.image), axis=1))


def drawn(
    path: Path,
    clip: Clip,
    explanations: Sequence[Explanation],
    plan: Plan,
    names: FileNames,
    layer: str,
) -> list[Path]:
    """The figures of a clip: a strip, or one for each explanation, and the animations."""
    display = plan.display
    representations = ("overlay",) if display.representations is None else display.representations
    rows, figures = [], []
    for explanation in explanations:
        for representation in representations:
            maps = represented_frames(explanation, representation, display.colormap, display.alpha)
            rows.append((explanation, representation, maps))
            stem = f"{single_name(explanation)}_{representation}"
            gap = np.full((*maps.shape[:2], GAP, 3), 255, np.uint8)
            both = np.concatenate([explanation.image, gap, maps], axis=2)
            shown = maps if display.kind == "bare" else both
            pause = clip.seconds / len(maps)
            figures.append(save_animation(shown, names.path(stem, "gif"), pause))
            if display.kind == "singles":
                figures.append(_strip(stem, clip, rows[-1:], plan, names, layer))
    if display.kind == "grid" and rows:
        stem = run_name(replace(plan, images=(path,)), [explanations[0].classifier])
        figures.append(_strip(stem, clip, rows, plan, names, layer))
    return figures


def _strip(stem: str, clip: Clip, rows: list, plan: Plan, names: FileNames, layer: str) -> Path:
    """A figure with the frames in its first row and the maps of each explanation in another."""
    explanation = rows[0][0]
    chosen = range(len(clip.numbers))
    if len(clip.numbers) > SHOWN:
        chosen = sampled(len(clip.numbers), SHOWN)
    images = [explanation.image[i] for i in chosen]
    titles = [f"frame {clip.numbers[i]}" for i in chosen]
    for one, _, maps in rows:
        images += [maps[i] for i in chosen]
        titles += [one.title, *[""] * (len(chosen) - 1)]
    path = names.path(stem, plan.display.format)
    rules = dict.fromkeys(one.rule for one, _, _ in rows)
    coloured = any(REPRESENTATIONS[name].coloured for _, name, _ in rows)
    parts = [
        f"{len(clip.numbers)} frames of {explanation.path.name}"
        f"{f', {len(chosen)} of them shown' * (len(chosen) < len(clip.numbers))}.",
        "Maps are upsampled linearly in time and space.",
        *(DISPLAY_RULES[rule].caption for rule in rules),
        *dict.fromkeys(REPRESENTATIONS[r].caption for _, r, _ in rows),
        *dict.fromkeys(e.method.description for e, _, _ in rows),
        f"{explanation.classifier}: layer {layer}.",
        *dict.fromkeys(f"{one.diagnosis}." for one, _, _ in rows if one.diagnosis),
    ]
    grid_layout(
        images,
        titles,
        columns=len(chosen),
        path=path,
        show=plan.display.show,
        caption=" ".join(filter(None, parts)),
        colour_bars=[colour_bar(plan.display.colormap, rule) for rule in rules] if coloured else [],
    )
    return path


def _mosaic(viewed: Viewed, plan: Plan, names: FileNames) -> Path:
    """A figure of a view of a clip."""
    path = names.path(viewed.name, plan.display.format)
    title = f"{viewed.subject.path.name}\n{viewed.title}"
    told = caption([viewed])
    grid_layout(
        [viewed.image],
        [title],
        path=path,
        show=plan.display.show,
        caption=told,
        largest=PAGE,
    )
    return path


def _tell(path: Path, explanations: Sequence[Explanation]) -> None:
    print(path)
    if not explanations:
        return
    best = (f"{name} {percent(score)}" for _, name, score in explanations[0].top)
    print(f"  {explanations[0].classifier_title}: {', '.join(best)}")
    for explanation in explanations:
        if explanation.diagnosis:
            print(f"  {explanation.title.replace(chr(10), ', ')}: {explanation.diagnosis}")
