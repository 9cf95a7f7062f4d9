"""`\\input` of figures.tex and summary.tex is all that a LaTeX document needs."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.statistics import agreement, paired_tests, summary
from figures import draw_grid, save_figure
from figures.sheet import COLUMN, PAGE
from pipeline.plan import Display
from pipeline.reporting.latex import LatexFigures, escaped
from pipeline.reporting.latex_tables import latex_tables

COMPILERS = [name for name in ("pdflatex", "tectonic") if shutil.which(name)]
HARD = '50% of $x_1$ & {a} #2 \\n ~ ^ <b> | \N{MINUS SIGN} · … → "q" é'
METRICS = {"INSERTION": "higher", "DELETION:step=448": "lower", "SPARSITY": ""}
DOCUMENT = r"""\documentclass{article}
\usepackage{graphicx}
\usepackage{booktabs}
\begin{document}
\input{results/figures}
\input{results/summary}
See Figure~\ref{fig:a-b-1-c-d} and Table~\ref{tab:metrics}.
\end{document}
"""


def tables(separate: bool) -> dict:
    """Of six images and two methods, the first of which does better, or about as well."""
    rows = [
        {
            "classifier": "my_model",
            "image": f"{n}.png",
            "class_index": 0,
            "true_class": "cat_&_dog",
            "method": method,
            "evaluated": list(METRICS),
            "agreement": {"GRADCAM": 0.5} if method == "FEM" else {"FEM": 0.5},
        }
        | dict.fromkeys(METRICS, 0.1 * n + (3 * separate + 0.01) * (method == "FEM"))
        for n in range(6)
        for method in ("FEM", "GRADCAM")
    ]
    rows = pd.DataFrame(rows)
    costs = {"classifier": "my_model", "kind": "white-box", "passes": 1.0, "seconds": np.nan}
    known = {"classifier": "my_model", "right": 5, "known": 6, "accuracy": 5 / 6}
    return {
        "summary": summary(rows, METRICS),
        "tests": paired_tests(rows, METRICS),
        "methods": pd.DataFrame([costs | {"method": "FEM"}, costs | {"method": "GRADCAM"}]),
        "agreement": agreement(rows),
        "accuracy": pd.DataFrame([known]),
    }


def written(folder: Path, width: float = PAGE) -> str:
    """figures.tex of one figure with a name and a caption that LaTeX has trouble with."""
    figures = LatexFigures(Display(output_dir=folder))
    path = folder / "a_b=1-c+d é.png"
    save_figure(draw_grid([np.zeros((4, 4, 3), np.uint8)], ["a"], 1), path)
    figures.add(path, HARD, width)
    return figures.write().read_text()


def test_what_latex_reads_as_commands_is_escaped():
    assert escaped("50% of x_1 & {a}#") == r"50\% of x\_1 \& \{a\}\#"
    assert escaped("\\n") == r"\textbackslash{}n"
    assert escaped("plain words, 3.5 (x=1)") == "plain words, 3.5 (x=1)"


@pytest.mark.parametrize(("width", "environment"), [(PAGE, "figure*"), (COLUMN, "figure")])
def test_a_figure_has_a_caption_and_a_label(tmp_path, width, environment):
    text = written(tmp_path / "results", width)
    assert f"\\begin{{{environment}}}" in text
    assert f"\\caption{{{escaped(HARD)}}}" in text
    assert "\\label{fig:a-b-1-c-d}" in text
    assert "results/a_b=1-c+d é" in text


def test_latex_takes_no_svg_and_an_old_list_of_figures_goes(tmp_path):
    written(tmp_path)
    figures = LatexFigures(Display(output_dir=tmp_path))
    figures.add(tmp_path / "a.svg", "a caption", PAGE)
    assert figures.write() is None
    assert not (tmp_path / "figures.tex").exists()


@pytest.mark.parametrize("separate", [True, False])
def test_the_best_is_bold_only_where_intervals_are_apart(separate):
    text = latex_tables(tables(separate), METRICS, "about")
    assert text.count("\\toprule") == text.count("\\bottomrule") == 6
    (row,) = (line for line in text.split("\\end{table*}")[0].splitlines() if "    FEM" in line)
    cells = row.split("&")
    assert ("\\textbf" in cells[1]) == separate  # insertion: higher is better, and it is
    assert "\\textbf" not in cells[2]  # deletion: lower is better
    assert "Deletion (step=448) $\\downarrow$" in text
    assert "n/a" in text


@pytest.mark.skipif(not COMPILERS, reason="no LaTeX here")
def test_a_plain_article_with_both_compiles(tmp_path):
    written(tmp_path / "results")
    (tmp_path / "results" / "summary.tex").write_text(latex_tables(tables(True), METRICS, HARD))
    (tmp_path / "article.tex").write_text(DOCUMENT)
    options = ["-interaction=nonstopmode", "-halt-on-error"] if COMPILERS[0] == "pdflatex" else []
    for _ in range(2):
        ran = subprocess.run(
            [COMPILERS[0], *options, "article.tex"],
            cwd=tmp_path, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout[-2000:]
    assert (tmp_path / "article.pdf").stat().st_size > 10_000
    assert not re.search("undefined", ran.stdout)
