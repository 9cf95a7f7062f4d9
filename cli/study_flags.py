"""Flags of many images, of how well methods explain, and of whether it holds."""

from functools import partial

from classifier.network.forward import BATCH
from cli import values
from cli.flag import Flag
from evaluation import METRICS
from evaluation.ground_truth import Viewing
from experiments import AUGMENTATIONS
from experiments.masking import FILLS, GRIDS
from methods import BASELINES
from pipeline import plan

dataset_flag = partial(Flag, group="many images", part=plan.Plan)
evaluation_flag = partial(Flag, group="how well it explains", part=plan.Evaluation)
experiment_flag = partial(Flag, group="whether it holds", part=plan.Experiments)

STUDY_FLAGS = (
    dataset_flag(
        name="batch_size",
        read=values.read_batch_size,
        default="auto",
        metavar="N",
        help=f"images in one pass; auto: {BATCH}, fewer where memory does not suffice",
    ),
    dataset_flag(
        name="engine",
        choices=plan.ENGINES,
        help="this process, or workers on Ray (default: %(default)s)",
    ),
    dataset_flag(
        name="workers",
        read=values.read_count,
        type=int,
        help="with --engine ray: how many (default: %(default)s)",
    ),
    dataset_flag(
        name="ray_address",
        metavar="ADDRESS",
        help="with --engine ray: a cluster, ray://host:10001 or auto (default: Ray on this "
        "machine)",
    ),
    dataset_flag(
        name="map_type",
        choices=plan.MAP_TYPES,
        help="of maps in the store; float16 takes half the room and is within 0.001 of the map's "
        "largest value (default: %(default)s)",
    ),
    dataset_flag(
        name="fresh",
        help="set what the output folder's store holds aside, instead of going on with it",
    ),
    evaluation_flag(
        name="metrics",
        read=values.read_metrics,
        of_maps=True,
        metavar="NAME[,NAME]",
        help=f"{', '.join(METRICS)}; options go with the name: DELETION:step=448",
    ),
    evaluation_flag(
        name="baselines",
        part=None,
        of_maps=True,
        help=f"put {', '.join(BASELINES)} beside the methods, which should do better by --metrics",
    ),
    evaluation_flag(
        name="ground_truth",
        read=values.read_all,
        goes_with=("metrics",),
        because="say which",
        nargs="+",
        metavar="PLACE",
        help="folders with a gaze map, fixation list or object mask for each image, by the same "
        "name; or patterns like maps/{stem}_gaze.png",
    ),
    evaluation_flag(
        name="degrees",
        part=Viewing,
        read=values.read_positive,
        type=float,
        help="of visual angle: sigma of the Gaussian at each fixation (default: %(default)s)",
    ),
    evaluation_flag(
        name="pixels_per_degree",
        part=Viewing,
        read=values.read_positive,
        type=float,
        help="of the images when people looked at them (default: %(default)s)",
    ),
    evaluation_flag(
        name="per_class",
        type=int,
        help="only so many images of each class, drawn by --seed; a class is a folder",
    ),
    evaluation_flag(
        name="seed",
        type=int,
        help="of --per_class, --augment and random masks (default: %(default)s)",
    ),
    experiment_flag(
        name="augment",
        field="augmentations",
        read=values.read_augmentations,
        of_maps=True,
        metavar="NAME[,NAME]",
        help=f"explain changed images beside the original: {', '.join(AUGMENTATIONS)}, or all",
    ),
    experiment_flag(
        name="mask_salient",
        field="mask",
        read=values.read_shares,
        of_maps=True,
        metavar="X[,X]",
        help="hide that share of each image, the most salient, and ask again: 0.1,0.2,0.5",
    ),
    experiment_flag(
        name="keep_salient",
        field="keep",
        read=values.read_shares,
        of_maps=True,
        metavar="X[,X]",
        help="hide all but that share of each image, the most salient, and ask again",
    ),
    experiment_flag(
        name="fill",
        goes_with=("mask_salient", "keep_salient"),
        choices=tuple(FILLS),
        help=f"what hides (default: {plan.Experiments.fill})",
    ),
    experiment_flag(
        name="shape",
        goes_with=("mask_salient", "keep_salient"),
        choices=tuple(GRIDS),
        help="of what is hidden: cells of a grid, or single pixels (default: "
        f"{plan.Experiments.shape})",
    ),
)
