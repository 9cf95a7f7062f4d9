"""Statistics of a table of results: how well methods do, and whether they differ.

A table is a pandas frame with a row for each explanation: `image`, `classifier`, `method`,
`class_index`, `true_class`, `evaluated` (the names of the metrics that were asked) and a column for
each metric. NaN of a metric that was asked is counted and left out of means; a metric that could
not be asked, for want of ground truth, is missing.
"""

from itertools import combinations

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 9999  # of the bootstrap
RESAMPLED_AT_ONCE = 10**7  # numbers, so that memory stays small
ALL = "all"  # the class that stands for every class
FEWEST = 6  # pairs: with fewer, Wilcoxon's p cannot fall below 0.05


def summary(table, metrics: dict[str, str]):
    """A row for each classifier, method, metric and class: n, nan, missing, mean and so on.

    `metrics` are names of columns, with what is better. Variance and deviation are the sample's
    (n - 1). The 95 % confidence interval of the mean is a bootstrap's (percentiles, seeded).
    """
    import pandas as pd

    classes = _classes_of(table)
    rows = []
    for (classifier, method), group in table.groupby(["classifier", "method"], sort=False):
        for name in [ALL, *classes]:
            chosen = group if name == ALL else group[group["true_class"] == name]
            for metric, better in metrics.items():
                asked = np.array([metric in evaluated for evaluated in chosen["evaluated"]], bool)
                if asked.any():
                    row = {"classifier": classifier, "method": method, "metric": metric}
                    row |= {"better": better, "class": name, "missing": int((~asked).sum())}
                    rows.append(row | describe(chosen[metric].to_numpy(float)[asked]))
    return pd.DataFrame(rows)


def describe(values: np.ndarray) -> dict[str, float]:
    """n, nan, mean, variance, standard deviation, and the ends of the confidence interval."""
    finite = values[np.isfinite(values)]
    low, high = confidence_interval(finite)
    spread = len(finite) > 1
    return {
        "n": len(finite),
        "nan": len(values) - len(finite),
        "mean": finite.mean() if len(finite) else np.nan,
        "variance": finite.var(ddof=1) if spread else np.nan,
        "std": finite.std(ddof=1) if spread else np.nan,
        "ci_low": low,
        "ci_high": high,
    }


def confidence_interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap confidence interval of the mean; NaN for fewer than two values."""
    if len(values) < 2:
        return np.nan, np.nan
    from scipy.stats import bootstrap

    interval = bootstrap(
        (values,),
        np.mean,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        batch=max(1, RESAMPLED_AT_ONCE // len(values)),
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def paired_tests(table, metrics: dict[str, str]):
    """Wilcoxon's signed-rank test of every two methods on the same images, p by Holm too.

    Wilcoxon 1945; Holm 1979, over all pairs of methods of one classifier and metric. Two-sided;
    pairs in which one is NaN are left out; p is 1 where the two never differ.
    """
    import pandas as pd

    rows = []
    for metric in metrics:
        wide = table.pivot_table(
            index=["classifier", "image", "class_index"],
            columns="method",
            values=metric,
            sort=False,
        )
        for classifier, values in wide.groupby(level="classifier", sort=False):
            tests = [
                {"classifier": classifier, "metric": metric, "first": first, "second": second}
                | _wilcoxon(values[[first, second]].dropna().to_numpy())
                for first, second in combinations(values.columns, 2)
            ]
            adjusted = holm([row["p"] for row in tests])
            rows += [row | {"p_holm": p} for row, p in zip(tests, adjusted, strict=True)]
    return pd.DataFrame(rows)


def holm(p_values: list[float]) -> list[float]:
    """The p-values by Holm's step-down correction (Holm 1979); NaN stays and does not count."""
    p = np.asarray(p_values, float)
    order = [i for i in np.argsort(p, kind="stable") if np.isfinite(p[i])]
    adjusted = np.full(len(p), np.nan)
    highest = 0.0
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p[i]))
        adjusted[i] = highest
    return adjusted.tolist()


def agreement(table):
    """Method by method: the mean correlation of their maps of the same image and class.

    From the column `agreement`, a dictionary method -> correlation in each row; 1 with itself.
    """
    import pandas as pd

    methods = list(dict.fromkeys(table["method"]))
    matrix = pd.DataFrame(np.eye(len(methods)), methods, methods)
    for first, second in combinations(methods, 2):
        pairs = ((first, second), (second, first))  # rows may be older than the other method's
        correlations = []
        for method, other in pairs:
            column = table.loc[table["method"] == method, "agreement"]
            correlations += [
                by_method[other] for by_method in column if by_method.get(other) is not None
            ]
        correlations = np.array(correlations, float)
        finite = correlations[np.isfinite(correlations)]
        mean = finite.mean() if len(finite) else np.nan
        matrix.loc[first, second] = matrix.loc[second, first] = mean
    return matrix


def confusion(table):
    """True class by predicted class: how many images, of one classifier's rows of a table."""
    import pandas as pd

    images = table.drop_duplicates("image")
    known = images[images["true_index"].notna()]
    return pd.crosstab(known["true_class"], known["predicted_label"])


def accuracy(table) -> tuple[int, int]:
    """(right, of how many) images whose true class the classifier knows."""
    images = table.drop_duplicates("image")
    known = images[images["true_index"].notna()]
    return int((known["true_index"] == known["predicted_index"]).sum()), len(known)


def _classes_of(table) -> list[str]:
    return sorted(name for name in table["true_class"].dropna().unique() if name)


def _wilcoxon(pairs: np.ndarray) -> dict[str, float]:
    from scipy.stats import wilcoxon

    differences = pairs[:, 0] - pairs[:, 1] if len(pairs) else np.empty(0)
    row = {"n": len(differences), "median_difference": np.nan, "statistic": np.nan, "p": np.nan}
    if len(differences):
        row["median_difference"] = float(np.median(differences))
    if len(differences) < FEWEST:
        return row
    if not differences.any():
        return row | {"statistic": 0.0, "p": 1.0}
    test = wilcoxon(differences)
    return row | {"statistic": float(test.statistic), "p": float(test.pvalue)}
