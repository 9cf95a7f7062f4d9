"""summary.tex: the tables of an evaluation as a paper prints them, ready for \\input."""

import math
from collections.abc import Iterator, Sequence

from evaluation import METRICS
from evaluation.ranking import rankings
from evaluation.statistics import ALL
from methods import METHODS
from pipeline.reporting.latex import escaped, label
from registry import parse_call

DIGITS = 3
USE = "% In the preamble: \\usepackage{booktabs}"
ARROWS = {"higher": r"$\uparrow$", "lower": r"$\downarrow$"}
BOLD = (
    "Mean and standard deviation. Bold: the best, where its 95 % interval and those of all others "
    "are apart."
)


def latex_tables(tables: dict, metrics: dict[str, str], about: str) -> str:
    """The tables of `Results.find` as a file; `metrics` are their calls, and what is better."""
    parts = [USE, *_tables(tables, metrics)]
    return "\n\n".join(parts) + f"\n\n% {escaped(about)}\n"


def _tables(tables: dict, metrics: dict[str, str]) -> Iterator[str]:
    summary = tables["summary"]
    if len(summary):
        of_all = summary[summary["class"] == ALL]
        yield _table("Metrics", _matrix(of_all, metrics), BOLD)
        for name in dict.fromkeys(summary["class"]):
            if name != ALL:
                rows = _matrix(summary[summary["class"] == name], metrics)
                yield _table(f"Metrics of {name}", rows, BOLD)
    if len(tables["tests"]):
        about = "Wilcoxon's signed-rank test of methods in pairs, on the same images; p by Holm."
        yield _table("Tests", list(_tests(tables["tests"])), about)
    yield _table("Costs", list(_costs(tables["methods"])), "Means for one map.")
    if len(tables["agreement"]) > 1:
        about = "Mean correlation of the maps of two methods."
        yield _table("Agreement", list(_agreement(tables["agreement"])), about)
    accuracy = tables["accuracy"]
    if accuracy["known"].any():
        rows = [("classifier", "right", "of", "accuracy")]
        rows += [
            (escaped(name), str(right), str(known), _number(share))
            for name, right, known, share in accuracy.itertuples(index=False)
        ]
        yield _table("Accuracy", rows, "Images whose class is known.")


def _matrix(summary, metrics: dict[str, str]) -> list[tuple[str, ...]]:
    """A row for each classifier and method, a column for each metric."""
    several = summary["classifier"].nunique() > 1
    heads = [
        f"{escaped(_metric(call))} {ARROWS.get(better, '')}" for call, better in metrics.items()
    ]
    rows = [(*(["classifier"] * several), "method", *heads)]
    best = {
        (ranking.classifier, ranking.metric): ranking.best[0]
        for ranking in rankings(summary)
        if ranking.is_clear
    }
    for (classifier, method), group in summary.groupby(["classifier", "method"], sort=False):
        values = {row["metric"]: row for _, row in group.iterrows()}
        cells = [
            _mean(values.get(call), is_best=best.get((classifier, call)) == method)
            for call in metrics
        ]
        name = [escaped(classifier)] * several
        rows.append((*name, escaped(parse_call(method, METHODS).title), *cells))
    return rows


def _mean(row, is_best: bool) -> str:
    if row is None or math.isnan(row["mean"]):
        return "n/a"
    mean = f"\\textbf{{{_number(row['mean'])}}}" if is_best else _number(row["mean"])
    return mean if math.isnan(row["std"]) else f"{mean} $\\pm$ {_number(row['std'])}"


def _tests(tests) -> Iterator[tuple[str, ...]]:
    """Each pair of methods: how many images, the statistic's p, and p by Holm."""
    several = tests["classifier"].nunique() > 1
    yield (*(["classifier"] * several), "metric", "first", "second", "n", "$p$", "$p$ (Holm)")
    for _, row in tests.iterrows():
        methods = (parse_call(row[name], METHODS).title for name in ("first", "second"))
        names = [*([row["classifier"]] * several), _metric(row["metric"]), *methods]
        yield (*map(escaped, names), str(row["n"]), _number(row["p"]), _number(row["p_holm"]))


def _costs(methods) -> Iterator[tuple[str, ...]]:
    several = methods["classifier"].nunique() > 1
    yield (*(["classifier"] * several), "method", "kind", "passes", "seconds")
    for _, row in methods.iterrows():
        title = parse_call(row["method"], METHODS).title
        names = [*([row["classifier"]] * several), title, row["kind"]]
        yield (*map(escaped, names), _number(row["passes"]), _number(row["seconds"]))


def _agreement(table) -> Iterator[tuple[str, ...]]:
    titles = [escaped(parse_call(name, METHODS).title) for name in table]
    yield ("", *titles)
    for title, (_, row) in zip(titles, table.iterrows(), strict=True):
        yield (title, *map(_number, row))


def _table(title: str, rows: Sequence[Sequence[str]], about: str) -> str:
    """A table of both columns' width with caption and label, its first row over a rule."""
    head, *body = (" & ".join(row) + r" \\" for row in rows)
    return "\n".join(
        [
            "\\begin{table*}[htbp]",
            "  \\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}",
            f"  \\caption{{{escaped(title)}. {escaped(about)}}}",
            f"  \\label{{tab:{label(title)}}}",
            f"  \\begin{{tabular}}{{{_alignment(rows)}}}",
            f"    \\toprule\n    {head}\n    \\midrule",
            *(f"    {line}" for line in body),
            "    \\bottomrule\n  \\end{tabular}\n\\end{table*}",
        ]
    )


def _alignment(rows: Sequence[Sequence[str]]) -> str:
    """Numbers at the right, names at the left."""
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [[""]] * len(rows[0])
    return "".join("r" if all(map(_is_number, column)) else "l" for column in columns)


def _is_number(text: str) -> bool:
    plain = text.replace("\\textbf{", "").replace("}", "").split(" ")[0]
    return plain == "n/a" or plain.replace(".", "").replace("-", "").replace("e", "").isdigit()


def _metric(call: str) -> str:
    return parse_call(call, METRICS).title


def _number(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.{DIGITS}g}"
