"""What a run holds of its images: no more than is needed, and no more than fits."""

import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support import noise, sequential

from classifier import load_classifier
from methods import METHODS
from pipeline.dataset import runner as runner_module
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.runner import Runner
from pipeline.explaining import attempt
from pipeline.explaining.explain import explain_batch, request_of
from pipeline.plan import Display, Experiments, Plan
from pipeline.reporting.report import Report
from pipeline.targets import Targets
from runtime import BackgroundWriter, prefetch

IMAGE = Path("data/macaw.jpg")


def runner_of(tmp_path, representations, **more) -> Runner:
    display = Display(representations=representations, output_dir=tmp_path)
    plan = Plan(images=(IMAGE,), display=display, **more)
    return Runner(plan, [load_classifier(sequential())], GroundTruthIndex(plan))


def loaded_by(runner):
    loaded = runner._loader.load(IMAGE)
    assert loaded.error is None
    return loaded


def test_without_figures_only_the_small_input_is_kept(tmp_path):
    bare = loaded_by(runner_of(tmp_path, ()))
    drawn = loaded_by(runner_of(tmp_path, ("overlay",)))
    assert bare.size == 0
    assert drawn.size == drawn.image.nbytes > 100_000
    assert bare.image.shape == drawn.image.shape  # metrics and boxes need the size
    np.testing.assert_array_equal(bare.inputs[0], drawn.inputs[0])


def test_changes_of_an_image_need_its_pixels(tmp_path):
    changed = runner_of(tmp_path, (), experiments=Experiments(mask=(0.1,)))
    assert loaded_by(changed).size > 100_000


def test_what_waits_for_its_turn_is_bounded():
    started = []

    def load(number):
        started.append(number)
        return bytes(1000)

    items = prefetch(load, range(50), 16, len, limit=3500)
    for taken in range(1, 5):
        next(items)
        time.sleep(0.05)
        assert len(started) <= taken + 3  # three fit
    assert len(list(items)) == 46
    assert started == list(range(50))


def test_batches_are_smaller_where_images_are_large(monkeypatch):
    class Item:
        size = 1000

    monkeypatch.setattr(runner_module, "BATCH_BYTES", 2500)
    batches = list(runner_module._batches([Item() for _ in range(7)], 32))
    assert [len(batch) for batch in batches] == [3, 3, 1]


@pytest.mark.parametrize("name", ["GRADCAM", "SALIENCY"])
def test_many_classes_of_many_images_are_explained_in_parts(name, monkeypatch):
    classifier, call = load_classifier(sequential()), METHODS[name].call()
    requests = [request_of(image.astype(np.uint8), classifier, [call]) for image in noise(count=5)]
    targets = Targets(text="top2")
    whole = explain_batch(requests, classifier, targets)
    counts = []
    method = attempt._explained

    def counted(batch, scores, classifier, method_call, pairs):
        counts.append(len(pairs))
        return method(batch, scores, classifier, method_call, pairs)

    monkeypatch.setattr(attempt, "_explained", counted)
    monkeypatch.setattr(attempt, "PAIRS_AT_ONCE", 5)
    parts = explain_batch(requests, classifier, targets)
    assert counts == [4, 4, 2]  # never a part of an image
    for one, other in zip(whole, parts, strict=True):
        assert len(one.explanations) == len(other.explanations) == 2
        for a, b in zip(one.explanations, other.explanations, strict=True):
            assert a.class_index == b.class_index
            np.testing.assert_allclose(a.map, b.map, rtol=1e-4, atol=1e-6)


def test_small_inputs_are_read_ahead_while_a_batch_is_at_work(tmp_path, monkeypatch):
    runner, size = runner_of(tmp_path, ()), 8
    runner.plan = replace(runner.plan, images=(IMAGE,) * 40, batch_size=size)
    load, started, seen = runner._loader.load, [], []
    monkeypatch.setattr(runner._loader, "load", lambda path: started.append(path) or load(path))

    def working(batch):
        until = time.monotonic() + 10
        while not seen and len(started) < 2 * size and time.monotonic() < until:
            time.sleep(0.01)
        seen.append(len(started))
        return []

    monkeypatch.setattr(runner, "_batch", working)
    assert list(runner.outcomes(runner.plan.images)) == []
    assert seen[0] >= 2 * size  # the batch, and as many that wait


def test_a_figure_that_is_not_full_holds_images_as_they_are_drawn(tmp_path):
    call = METHODS["OCCLUSION"].call()
    runner = runner_of(tmp_path, None, methods=(call,))
    large, (classifier,) = np.zeros((2000, 3000, 3), np.uint8), runner.classifiers
    (answer,) = explain_batch([request_of(large, classifier, [call])], classifier, Targets())
    figures = Report(runner).maps
    figures.add(IMAGE, answer.explanations)
    ((waiting,),) = (row.explanations for row in figures._rows)
    assert waiting.image.nbytes < large.nbytes / 3
    np.testing.assert_array_equal(
        waiting.represented("heatmap"), answer.explanations[0].represented("heatmap")
    )


def test_what_is_written_in_the_background_is_bounded_by_its_bytes():
    begun, going = [], threading.Semaphore(0)

    def work(number):
        begun.append(number)
        going.acquire()

    writer = BackgroundWriter(limit=250)
    for number in range(2):
        writer.submit(partial(work, number), weight=100)  # one for each worker
    until = threading.Timer(0.3, going.release, [5])
    until.start()
    writer.submit(partial(work, 2), weight=100)
    assert not until.is_alive()  # the third has waited until one was done
    writer.finish()
    assert begun == [0, 1, 2]


@pytest.mark.parametrize(("method", "images"), [("SALIENCY", 1), ("GRADCAM", 32)])
def test_fewer_images_are_a_batch_where_each_has_many_maps_of_pixels(method, images, tmp_path):
    classifier = load_classifier(sequential(200))
    plan = Plan(
        images=(IMAGE,) * 40,
        methods=(METHODS[method].call(),),
        targets=Targets(text="top100"),
        display=Display(representations=(), output_dir=tmp_path),
    )
    assert Runner(plan, [classifier], GroundTruthIndex(plan)).images_at_once == images
