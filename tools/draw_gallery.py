"""Draws the figures of docs/gallery.md by the commands that stand over them.

    python tools/draw_gallery.py            all of them
    python tools/draw_gallery.py curves     those whose file's name has this in it

A command is run as it stands, its files in a scratch folder; of these the figure goes into docs/
that is named like the image (`curves.jpg`: curves.png), else the run's own. Figures are as large as
in print, 150 dots to the inch.
"""

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "gallery.md"
DOTS, QUALITY = 150, 85
CHARTS = ("box_plots", "curves", "agreement")
BLOCK = re.compile(
    r"^```bash\n(.*?)^```|^!\[[^\]]*\]\(([^)]+)\)|^#+ (.*?)$", re.DOTALL | re.MULTILINE
)


class Drawing(NamedTuple):
    """A command, and the images below it in the page."""

    command: str
    images: list[str]


def drawings(page: str) -> list[Drawing]:
    """The commands of a page with the images that follow each, below the same heading."""
    found = []
    for command, image, heading in BLOCK.findall(page):
        if command or heading:
            found.append(Drawing(command.replace("\\\n", " ").strip(), []))
        elif image:
            found[-1].images.append(image)
    return [drawing for drawing in found if drawing.command and drawing.images]


def draw(drawing: Drawing, into: Path) -> None:
    """Runs the command and saves its figures. Raises CalledProcessError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        words = shlex.split(drawing.command)[1:]
        command = [sys.executable, *words, "--output_dir", folder]
        subprocess.run(command, cwd=PROJECT, check=True)
        for image in drawing.images:
            save(figure_for(Path(image).stem, Path(folder)), into / image)


def figure_for(name: str, folder: Path) -> Path:
    """The figure that an image shows: the chart of its name, else a figure of maps or views."""
    charts = [path for path in folder.glob("*.png") if path.stem in CHARTS]
    named = [path for path in charts if path.stem in name]
    others = [path for path in sorted(folder.glob("*.png")) if path not in charts]
    parts = [path for path in others if path.stem.endswith(name.rpartition("_")[2])]
    return (named or parts or others)[0]


def save(figure: Path, path: Path) -> None:
    """Saves a figure of 300 dots to the inch as a smaller one."""
    from PIL import Image

    with Image.open(figure) as image:
        dots = image.info["dpi"][0]
        size = tuple(round(side * DOTS / dots) for side in image.size)
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    path.parent.mkdir(exist_ok=True)
    small.save(path, quality=QUALITY, optimize=True)
    print(path.relative_to(PROJECT), *size)


def main(wanted: str = "") -> None:
    for drawing in drawings(PAGE.read_text()):
        if any(wanted in image for image in drawing.images):
            draw(drawing, PAGE.parent)


if __name__ == "__main__":
    main(*sys.argv[1:])
