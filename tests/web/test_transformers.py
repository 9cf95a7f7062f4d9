"""A transformer on the page: its layers, its methods and its heads, without the page."""

import numpy as np
import pytest
from small_vit import vit
from support import noise

from methods import METHODS
from pipeline import ClassifierChoice
from views import VIEWS
from web.service import ExplanationService

BY_ATTENTION = [name for name, row in METHODS.items() if row.by_attention]


@pytest.fixture(scope="module")
def transformers(tmp_path_factory) -> ExplanationService:
    path = tmp_path_factory.mktemp("service") / "vit.keras"
    vit(registers=1).save(path)
    return ExplanationService([ClassifierChoice(model_path=str(path))])


@pytest.fixture
def photo() -> np.ndarray:
    return noise((64, 64), count=1)[0].astype(np.uint8)


def test_methods_of_attention_are_offered_for_a_transformer_alone(transformers, service):
    assert set(BY_ATTENTION) <= set(transformers.abilities("vit").methods)
    assert not set(BY_ATTENTION) & set(service.abilities("small").methods)


def test_rows_of_tokens_are_layers_that_can_be_chosen(transformers, photo):
    assert {"block_0", "block_1", "patches"} <= set(transformers.layers("vit"))
    calls = [METHODS[name].call() for name in ("HIRESCAM", *BY_ATTENTION)]
    answer = transformers.explain("vit", photo, calls, "index:1", layer="row")
    assert [e.method.name for e in answer.explanations] == ["HIRESCAM", *BY_ATTENTION]
    assert all(e.map.shape == (8, 8) for e in answer.explanations)
    with pytest.raises(ValueError, match="its tokens follow no grid of places"):
        transformers.explain("vit", photo, calls[:1], "index:1", layer="places")


def test_the_heads_of_a_block_are_a_view(transformers, service, photo, image):
    call = VIEWS["ATTENTION_MAPS"].call(block=0, row=2, column=5)
    shown = transformers.view("vit", call, photo).view
    assert shown.image.ndim == 3
    with pytest.raises(ValueError, match="ATTENTION_MAPS is not for small: it has no attention"):
        service.view("small", call, image)
