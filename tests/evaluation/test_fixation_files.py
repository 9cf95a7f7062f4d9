"""Fixations as trackers and people write them: the right places, or refused."""

import numpy as np
import pytest

from evaluation.fixation_files import fixation_list
from evaluation.fixations import read_fixations
from evaluation.ground_truth import GroundTruth

PLACES = [(400, 300, 250), (420, 320, 180), (150, 200, 310)]  # x, y, duration of every file
WIDTH, HEIGHT = 800, 400


def rows(pattern: str, mark: str = "\n") -> str:
    return mark.join(
        pattern.format(i=i, x=x, y=y, d=d, nx=x / WIDTH, ny=y / HEIGHT, up=1 - y / HEIGHT)
        for i, (x, y, d) in enumerate(PLACES, 1)
    )


FILES = {
    "plain.csv": "x,y,duration\n" + rows("{x},{y},{d}"),
    "no_names.txt": rows("{x} {y} {d}"),
    "numpy.txt": "# i x y duration\n" + rows("{i} {x} {y} {d}"),
    "eyelink.csv": "CURRENT_FIX_INDEX,CURRENT_FIX_X,CURRENT_FIX_X_RESOLUTION,CURRENT_FIX_Y,"
    "CURRENT_FIX_Y_RESOLUTION,CURRENT_FIX_DURATION,NEXT_FIX_X,NEXT_FIX_Y,NEXT_SAC_DURATION\n"
    + rows("{i},{x},27.1,{y},28.3,{d},1,2,30"),
    "eyelink.asc": "MSG 1 TRIALID 1\nSFIX R 100\n" + rows("EFIX R 1 2 {d} {x}.0 {y}.0 900"),
    "tobii.tsv": "Recording timestamp\tGaze point X\tGaze point Y\tFixation point X\t"
    "Fixation point Y\tFixation point X (MCSnorm)\tFixation point Y (MCSnorm)\t"
    "Gaze event duration\tPupil diameter left\n" + rows("{i}\t1\t2\t{x}\t{y}\t{nx}\t{ny}\t{d}\t3"),
    "tobii_samples.tsv": "Participant name\tEye movement type\tEye movement type index\t"
    "Fixation point X\tFixation point Y\tGaze event duration\n"
    + rows(
        "P1\tFixation\t{i}\t{x}\t{y}\t{d}\nP1\tFixation\t{i}\t{x}\t{y}\t{d}\nP1\tSaccade\t1\t\t\t9"
    ),
    "smi.txt": "## [BeGaze]\nCategory\tFixation Position X [px]\tFixation Position Y [px]\t"
    "Event Duration [ms]\n" + rows("Fixation\t{x}\t{y}\t{d}\nBlink\t-\t-\t80"),
    "german.csv": "X;Y;Duration\n" + rows("{x},0;{y},0;{d},0"),
    "pupil_labs.csv": "fixation id,start timestamp [ns],duration [ms],fixation x [px],"
    "fixation y [px]\n" + rows("{i},1700000000000000000,{d},{x},{y}"),
    "pupil_core.csv": "id,duration,norm_pos_x,norm_pos_y\n" + rows("{i},{d},{nx},{up}"),
    "gazepoint.csv": "FPOGX,FPOGY,FPOGD,FPOGID,FPOGV,BPOGX,BPOGY\n"
    + rows("{nx},{ny},{d},{i},1,0,0\n{nx},{ny},{d},{i},0,0,0"),
    "parts.csv": "x,y,duration\n" + rows("{nx},{ny},{d}"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_tracker_gives_the_same_three_fixations(name, encoding, tmp_path):
    file = tmp_path / name
    text = FILES[name] + ("\n" if encoding == "utf-8" else "\r\n# Größe\r\n")
    file.write_bytes(text.encode(encoding))
    found = read_fixations(file, (HEIGHT, WIDTH))

    np.testing.assert_allclose(found, PLACES)
    assert found.shape == (3, 3)


@pytest.mark.parametrize("lost", ["", "NaN", "n/a", ".", "-", "nan"])
def test_lost_samples_are_left_out_and_counted(lost, tmp_path):
    (tmp_path / "f.csv").write_text(f"x,y\n{lost},{lost}\n400,300\n{lost},{lost}\n150,{lost}\n")
    found = fixation_list(tmp_path / "f.csv")
    assert found.places.tolist() == [[400, 300]]
    assert found.remark == "3 lost samples left out"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,horizontal,vertical\n1,2,3\n", "no columns for x and y among 'time', 'horizontal'"),
        ("Recording of Tuesday\n400 300\n", "no columns for x and y"),
        ("1,400,300,250\n2,420,320,180\n", "line 1 has 4 numbers"),
        ("1 400 300\n2 420 320\n3 150 200\n", "its first column only counts"),
        ("gaze_x,gaze_y,look_x,look_y\n1,2,3,4\n", "x and y could be"),
        ("left_x,left_y,right_x,right_y\n1,2,3,4\n", "x and y could be"),
        ("x,y\n-300,20\n-20,-90\n40,70\n90,-200\n", "from the image's left upper corner"),
        ("x,y,duration\n1,2,-3\n", "durations go down to -3"),
        ("x,y\n4,3\nblink,blink\n", "line 3: expected numbers"),
        ("x,y\n4,3\nend\n", "line 3: expected numbers"),
        ("EFIX L 1 2 3 4 5 6\nEFIX R 1 2 3 4 5 6\n", "fixations of two eyes"),
    ],
)
def test_what_is_not_sure_is_refused_in_words(text, words, tmp_path):
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(ValueError, match=words) as caught:
        fixation_list(tmp_path / "f.csv")
    assert str(caught.value).startswith(f"'{tmp_path / 'f.csv'}'")


def test_times_are_no_durations(tmp_path):
    (tmp_path / "f.txt").write_text("".join(f"{10 * i} 5 {300 * i}\n" for i in range(1, 7)))
    found = fixation_list(tmp_path / "f.txt")
    assert found.places.shape == (6, 2)
    assert "taken for times" in found.remark


def test_what_a_list_was_taken_for_is_said(tmp_path):
    (tmp_path / "f.csv").write_text("x,y\n0.5,0.25\n0.1,0.9\n1.5,0.5\n,\n")
    truth = GroundTruth([tmp_path / "f.csv"], (HEIGHT, WIDTH))
    assert truth.fixations.tolist() == [[400, 100], [80, 360]]
    ((file, description, remark),) = truth.descriptions
    assert file == tmp_path / "f.csv"
    assert description == ("fixations (columns 'x', 'y', in parts of the image's width and height)")
    assert remark == "1 lost samples left out; 1 of 3 are outside of the image"
