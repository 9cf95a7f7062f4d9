"""figures.tex: the figures of a run, ready for \\input in a LaTeX document."""

import re
from pathlib import Path

from figures import WIDTHS
from pipeline.plan import Display
from runtime import write_text

NAME = "figures.tex"
MOST = 500  # figures; of more the first
USE = "% In the preamble: \\usepackage{graphicx}. Paths are those from this folder's parent."
OF_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "\u2212": "$-$",
    "\u00b7": r"\textperiodcentered{}",
    "\u2026": r"\ldots{}",
    "\u2192": r"$\rightarrow$",
    "\u2265": r"$\geq$",
    "\u00d7": r"$\times$",
} | {letter: f"\\{letter}" for letter in "&%$#_{}"}


class LatexFigures:
    """Takes figures as they are saved, and writes them as LaTeX has them."""

    def __init__(self, display: Display):
        self._display = display
        self._figures: list[str] = []
        self._count = 0

    def add(self, path: Path, caption: str, width: float) -> None:
        """Takes a figure of that width, in inches at most; LaTeX includes no SVG."""
        self._count += 1
        if path.suffix != ".svg" and len(self._figures) < MOST:
            self._figures.append(_figure(path, caption, width))

    def write(self) -> Path | None:
        """Writes the file, and gives its path; None where there is no figure for it."""
        path = self._display.output_dir / NAME
        if not self._figures:
            path.unlink(missing_ok=True)
            return None
        more = self._count - len(self._figures)
        rest = [f"% and {more} more figures, in the same folder"] if more else []
        return write_text(path, "\n\n".join([USE, *self._figures, *rest]) + "\n")


def _figure(path: Path, caption: str, width: float) -> str:
    """A figure over both columns, or of one, with caption and label."""
    is_column = width <= WIDTHS["column"]
    environment, across = ("figure", r"\columnwidth") if is_column else ("figure*", r"\textwidth")
    image = f"{path.parent.name}/{path.stem}"
    options = f"width={across},height=.85\\textheight,keepaspectratio"
    return "\n".join(
        [
            f"\\begin{{{environment}}}[htbp]",
            "  \\centering",
            f"  \\includegraphics[{options}]{{{{\\detokenize{{{image}}}}}{path.suffix}}}",
            f"  \\caption{{{escaped(caption)}}}",
            f"  \\label{{fig:{label(path.stem)}}}",
            f"\\end{{{environment}}}",
        ]
    )


def escaped(text: str) -> str:
    """The text as LaTeX sets it, letter by letter."""
    return "".join(OF_LATEX.get(letter, letter) for letter in text)


def label(name: str) -> str:
    """What stands in a label: letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()
