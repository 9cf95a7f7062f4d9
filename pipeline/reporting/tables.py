"""Tables of an evaluation as files: CSV for programs, Markdown and LaTeX for reports."""

import math
from pathlib import Path

from evaluation.statistics import ALL
from pipeline.reporting.latex_tables import latex_tables
from runtime import csv_cell, write_text

DIGITS = 3
LEFT_OUT = (  # of results.csv
    *("agreement", "evaluated", "image_hash", "classifier_hash", "options"),
    *("kind", "change", "experiment", "view_frame_count"),  # of changed explanations and views
)
SECONDS = (
    "Seconds: of a map, beside the prediction of its image, whose pass those methods share that "
    "look at a layer."
)
REPORTED = ("classifier", "method", "metric", "n", "nan", "missing", "mean", "variance", "std")


def write_tables(folder: Path, rows, tables: dict, metrics: dict[str, str], about: str) -> list:
    """Writes `results.csv`, a CSV for each table, and `summary.md` and `.tex`; gives the paths."""
    files = [_csv(rows.drop(columns=[*LEFT_OUT]), folder / "results.csv")]
    for name, table in tables.items():
        if len(table):
            files.append(_csv(table, folder / f"{name}.csv", index=name == "agreement"))
    shown, about = sections(tables), f"{about} {SECONDS}"
    markdown = [f"## {title}\n\n{written(table, 'pipe')}\n" for title, table in shown.items()]
    files.append(write_text(folder / "summary.md", "\n".join([*markdown, about, ""])))
    files.append(write_text(folder / "summary.tex", latex_tables(tables, metrics, about)))
    return files


def sections(tables: dict) -> dict:
    """The tables of the report by their titles."""
    sections = {}
    if len(tables["summary"]):
        of_all = tables["summary"]["class"] == ALL
        sections["Metrics"] = _reported(tables["summary"][of_all])
        if not of_all.all():
            sections["By class"] = _reported(tables["summary"][~of_all], "class")
    if len(tables["tests"]):
        sections["Methods, in pairs (Wilcoxon's signed-rank test, p by Holm)"] = tables["tests"]
    sections["Methods"] = tables["methods"]
    if len(tables["agreement"]) > 1:
        sections["Agreement (mean correlation of maps)"] = tables["agreement"].reset_index(
            names="method"
        )
    if tables["accuracy"]["known"].any():
        sections["Accuracy"] = tables["accuracy"]
    return sections


def _reported(table, *more: str):
    """The columns of a report, the confidence interval in one."""
    table = table.copy()
    table["95 % interval"] = [
        f"{low:.{DIGITS}g} to {high:.{DIGITS}g}" if not math.isnan(low) else ""
        for low, high in zip(table["ci_low"], table["ci_high"], strict=True)
    ]
    return table[[*more, *REPORTED, "95 % interval"]]


def written(table, style: str) -> str:
    """The table in a style of tabulate's: pipe, html."""
    from tabulate import tabulate

    return tabulate(table, "keys", style, floatfmt=f".{DIGITS}g", showindex=False, missingval="")


def _csv(table, path: Path, index: bool = False) -> Path:
    def safe(value):
        return csv_cell(value) if isinstance(value, str) else value

    texts = table.select_dtypes(["object", "string"]).columns
    table = table.assign(**{name: table[name].map(safe) for name in texts})
    return write_text(path, table.rename(columns=safe, index=safe).to_csv(index=index))
