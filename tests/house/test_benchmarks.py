"""The benchmarks, which no other test runs: they cannot rot unseen."""

import subprocess
import sys

from support import ROOT

PEERS = ("lime", "tf_keras_vis", "xplique")


def test_every_benchmark_is_imported_without_the_peers_it_is_held_against():
    """None of a peer's modules can be imported: `benchmarks/requirements.txt` is for a run."""
    code = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({PEERS}))\n"  # None: an import raises ImportError
        "import pkgutil, importlib, benchmarks, benchmarks.__main__\n"
        "names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]\n"
        "modules = [importlib.import_module(f'benchmarks.{name}') for name in names]\n"
        "measuring = {m for m in modules if hasattr(m, 'run')}\n"
        "named = {sys.modules[run.__module__] for run in benchmarks.__main__.BENCHMARKS.values()}\n"
        "print(len(modules), sorted(m.__name__ for m in measuring ^ named))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    count, unnamed = run.stdout.split(maxsplit=1)
    assert int(count) == len(list((ROOT / "benchmarks").glob("*.py"))) - 1  # without __init__
    assert unnamed.strip() == "[]"
