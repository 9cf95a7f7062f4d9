"""How TensorFlow is started."""

import pytest


@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("2", 2)])
def test_linear_algebra_has_one_thread_unless_more_are_asked_for(asked, threads, monkeypatch):
    from threadpoolctl import ThreadpoolController, threadpool_limits

    from runtime.start_up import start_tensorflow

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked or "")
    if asked is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with threadpool_limits(2, "blas"):
        start_tensorflow()
        libraries = ThreadpoolController().select(user_api="blas").info()
    assert {library["num_threads"] for library in libraries} == {threads}
