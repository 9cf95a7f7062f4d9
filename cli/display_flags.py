"""The flags that say how maps are shown."""

from functools import partial

from cli import values
from cli.flag import Flag
from figures import ANIMATION, FORMATS, WIDTHS
from pipeline import plan
from representations import COLORMAP, REPRESENTATIONS, SIGNED_COLORMAP

display_flag = partial(Flag, group="how it is shown", part=plan.Display)

DISPLAY_FLAGS = (
    display_flag(
        name="display_type",
        field="kind",
        choices=plan.DISPLAY_TYPES,
        help="one figure for all, one for each, or bare PNGs of the image's size "
        "(default: %(default)s)",
    ),
    display_flag(
        name="representation",
        field="representations",
        read=values.read_representations,
        of_maps=True,
        metavar="NAME[,NAME]",
        help=f"{', '.join(REPRESENTATIONS)}, or none (default: heatmap,overlay, or overlay where "
        "methods or classifiers are compared)",
    ),
    display_flag(
        name="colormap",
        read=values.read_colormap,
        metavar="NAME",
        help=f"of matplotlib (default: {COLORMAP}, for maps with a sign {SIGNED_COLORMAP})",
    ),
    display_flag(
        name="alpha",
        read=values.read_share,
        type=float,
        help="weight of the heatmap in the overlay where the map is strongest, 0 to 1 (default: "
        "%(default)s)",
    ),
    display_flag(
        name="upsampling",
        choices=plan.UPSAMPLED,
        help="of maps to the image, where they are drawn (default: %(default)s)",
    ),
    display_flag(
        name="figure_width",
        choices=tuple(WIDTHS),
        help="of figures in print: a page of 7.16 inches or a column of 3.5 (default: %(default)s)",
    ),
    display_flag(
        name="caption",
        choices=plan.CAPTIONS,
        help="under figures, or only in the file figures.tex, for LaTeX (default: %(default)s)",
    ),
    display_flag(
        name="show_metrics",
        goes_with=("metrics",),
        because="say which",
        help="write the metrics' values under the maps",
    ),
    display_flag(
        name="format",
        choices=(*FORMATS, ANIMATION),
        help=f"of figures; {ANIMATION}: also the ascent of a view (default: %(default)s)",
    ),
    display_flag(
        name="output_dir",
        read=values.read_path,
        metavar="FOLDER",
        help="where figures and records go (default: %(default)s)",
    ),
    display_flag(name="show", help="also open a window"),
    display_flag(name="report", help="also write report.html, a page of the whole run"),
)
