import numpy as np
import pytest

from classifier.labels import Labels, best_indices, numbered_labels, read_labels
from registry import suggest

IMAGENET = read_labels("imagenet")


@pytest.mark.parametrize(
    ("target", "index"),
    [
        ("African_elephant", 386),
        ("african elephant", 386),
        ("n02504458", 386),
        ("386", 386),
        ("index:386", 386),
        (" American_black_bear ", 295),
    ],
)
def test_a_class_is_found_by_name_id_or_index(target, index):
    assert IMAGENET.index(target) == index


def test_a_name_that_occurs_twice_lists_its_indices():
    with pytest.raises(ValueError, match=r"crane.*2 times.*index:134.*index:517"):
        IMAGENET.index("crane")
    assert IMAGENET.index("n02012849") == 134


def test_exact_case_wins_over_any_case_and_a_name_over_an_index():
    labels = Labels(["Cat", "cat", "1", "dog"])
    assert labels.index("cat") == 1
    assert labels.index("DOG") == 3
    assert labels.index("1") == 2
    assert labels.index("index:1") == 1
    with pytest.raises(ValueError, match="occurs 2 times"):
        labels.index("CAT")


@pytest.mark.parametrize("target", ["1000", "-1", "index:1000", "index:-1", "index:x"])
def test_an_index_out_of_range_says_the_range(target):
    with pytest.raises(ValueError, match="0 to 999"):
        IMAGENET.index(target)


def test_a_mistyped_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'African_elephant'"):
        IMAGENET.index("Afrikan_elephant")
    assert suggest("zzzzzz", ["abc"]) == ""


def test_the_labs_two_classes_and_positions_for_others():
    assert IMAGENET.lab_index(0) == 386
    assert IMAGENET.lab_index(1) == 295
    with pytest.raises(ValueError, match="0 African_elephant, 1 American_black_bear"):
        IMAGENET.lab_index(2)
    assert numbered_labels(3).lab_index(2) == 2
    with pytest.raises(ValueError, match="0 to 2"):
        numbered_labels(3).lab_index(3)


def test_predictions_are_decoded_in_keras_form():
    scores = np.zeros((2, 1000), np.float32)
    scores[0, [386, 101]] = 0.7, 0.2
    decoded = IMAGENET.decode_predictions(scores, top=2)
    assert len(decoded) == 2
    assert decoded[0][0] == ("n02504458", "African_elephant", pytest.approx(0.7))
    assert decoded[0][1][1] == "tusker"
    with pytest.raises(ValueError, match="1000"):
        IMAGENET.decode_predictions(np.zeros((1, 10)))


def test_ties_go_to_the_earlier_class():
    assert best_indices(np.array([0.1, 0.5, 0.5, 0.2]), 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("a.txt", "cat\ndog\n\n", ["cat", "dog"]),
        ("a.json", '["cat", "dog"]', ["cat", "dog"]),
        ("a.tsv", "1\tn2\tdog\n0\tn1\tcat\n", ["cat", "dog"]),
    ],
)
def test_class_names_are_read_from_files(name, content, names, tmp_path):
    (tmp_path / name).write_text(content)
    assert read_labels(tmp_path / name).names == names


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "", "is empty"),
        ("a.txt", "cat\n\ndog\n", "line 2"),
        ("a.json", "{", "cannot be read"),
        ("a.json", '{"a": 1}', "numbers go from 0 to 0"),
        ("a.tsv", "cat\n", "cannot be read"),
    ],
)
def test_what_is_no_list_of_names_is_said(name, content, words, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=words):
        read_labels(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_labels(tmp_path / "absent")


def test_coco_is_shipped():
    assert len(read_labels("coco")) == 80
    assert read_labels("coco").names[20] == "elephant"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("class_indices.json", '{"cat": 0, "fox": 2, "dog": 1}', ["cat", "dog", "fox"]),
        ("by_number.json", '{"0": "cat", "1": "dog", "10": "x"}', None),
        ("by_number.json", '{"1": "dog", "0": "cat"}', ["cat", "dog"]),
        ("imagenet.json", '{"0": ["n01", "tench"], "1": ["n02", "ray"]}', ["tench", "ray"]),
        ("labels.txt", "0 Class 1\n1 Class 2\n", ["Class 1", "Class 2"]),
        ("labels.txt", "1: cat\n2: dog\n", ["cat", "dog"]),
        ("labels.txt", "1,cat\n0,dog\n", ["dog", "cat"]),
        ("labels.txt", "7 up\n12 monkeys\n", ["7 up", "12 monkeys"]),
        ("labels.txt", "0\n1\n2\n", ["0", "1", "2"]),
        ("labels.txt", "猫\n狗\nقطة\n", ["猫", "狗", "قطة"]),
        ("labels.JSON", '["a", "b"]', ["a", "b"]),
    ],
)
def test_class_names_are_read_as_people_have_them(name, content, expected, tmp_path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    if expected is None:
        with pytest.raises(ValueError, match="each once"):
            read_labels(tmp_path / name)
    else:
        assert read_labels(tmp_path / name).names == expected


def test_class_names_are_read_in_utf_16_and_refused_in_another_encoding(tmp_path):
    (tmp_path / "a.txt").write_bytes("猫\n狗\n".encode("utf-16"))
    assert read_labels(tmp_path / "a.txt").names == ["猫", "狗"]
    (tmp_path / "b.txt").write_bytes("père\nmère\n".encode("latin-1"))
    with pytest.raises(ValueError, match="not in UTF-8: save it as UTF-8"):
        read_labels(tmp_path / "b.txt")


def test_a_name_with_a_comma_is_asked_for_as_it_is():
    labels = Labels(["Pepper,_bell___healthy", "Tomato", "a,b,c", "a"])
    assert labels.split("Pepper,_bell___healthy") == ["Pepper,_bell___healthy"]
    both = "Tomato,pepper,_bell___healthy, a,a,b,c"
    assert labels.split(both) == ["Tomato", "pepper,_bell___healthy", "a", "a,b,c"]
    assert labels.split("predicted, top3,") == ["predicted", "top3"]


def test_ids_of_keras_own_list_are_kept(tmp_path):
    (tmp_path / "a.json").write_text('{"0": ["n01", "tench"], "1": ["n02", "ray"]}')
    assert read_labels(tmp_path / "a.json").index("n02") == 1
