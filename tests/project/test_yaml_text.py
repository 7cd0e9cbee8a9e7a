from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segcli.problems import Place, Problems
from segcli.project.yaml_nodes import ListNode, MappingNode, Node, ScalarNode
from segcli.project.yaml_text import parse_yaml, read_yaml


def parsed(text: str) -> MappingNode:
    problems = Problems()
    tree = parse_yaml(text, "a.yaml", problems)
    assert not problems.found
    assert tree is not None
    return tree


def scalar(node: Node) -> ScalarNode:
    assert isinstance(node, ScalarNode)
    return node


def faults(text: str) -> list[str]:
    problems = Problems()
    parse_yaml(text, "a.yaml", problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("true", True), ("False", False), ("null", None),
        ("~", None), ("1e3", 1000.0), ("012", 12), ("0x10", 16), ("1_000", "1_000"), ("12:30", "12:30"),
        ("'5'", "5"), ("2026-06-30", "2026-06-30"), ('"NO"', "NO"), ("-3", -3), (".5", 0.5), ("<<", "<<"),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = scalar(parsed(f"key: {text}\n").entries["key"]).value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("where: orders > 0\n", 1, 8),
        ("where: 'orders > 0'\n", 1, 9),
        ('where: "orders > 0"\n', 1, 9),
        ("where: |\n\n    orders > 0\n", 3, 5),
        ("where: >-\n  orders\n  > 0\n", 2, 3),
        ("where:\n  orders > 0\n", 2, 3),
        ("{ğüş: 1, where: orders > 0}\n", 1, 17),
        ("\ufeffwhere: orders > 0\n".removeprefix("\ufeff"), 1, 8),
        ("a: 1\r\nwhere: orders > 0\r\n", 2, 8),
    ],
)
def test_the_place_of_a_value_is_its_first_character(text: str, line: int, column: int) -> None:
    assert parsed(text).entries["where"].place == Place("a.yaml", line, column)


def test_lists_and_mappings_keep_their_order_and_places() -> None:
    tree = parsed("b: [1, x]\na: {c: 2}\n")
    assert list(tree.entries) == ["b", "a"]
    numbers = tree.entries["b"]
    assert isinstance(numbers, ListNode)
    assert [str(item.place) for item in numbers.items] == ["a.yaml:1:5", "a.yaml:1:8"]
    assert str(tree.key_places["a"]) == "a.yaml:2:1"


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but words\n", "---\n", "null\n"])
def test_a_file_without_content_is_empty(text: str) -> None:
    assert faults(text) == ["a.yaml:1:1: the file is empty."]


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 10_000, "- " * 10_000 + "a", "? " * 10_000])
def test_a_deep_file_is_refused_and_breaks_nothing(text: str) -> None:
    assert "nested too deeply" in faults(text)[0]


def test_a_file_that_is_not_utf_8_has_a_place(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_bytes("description: Café\nmeaning: Ünlü".encode("cp1254"))
    problems = Problems()
    assert read_yaml(file, problems) is None
    assert str(problems.found[0]).endswith(":1:17: the byte 0xE9 is not UTF-8. Save the file as UTF-8.")


def test_utf_16_is_named(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_bytes("description: x".encode("utf-16"))
    problems = Problems()
    read_yaml(file, problems)
    assert "UTF-16" in problems.found[0].message


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    problems = Problems()
    tree = read_yaml(file, problems)
    assert tree is not None
    assert list(tree.entries) == ["a"]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    problems = Problems()
    assert read_yaml(tmp_path / "recipe.yaml", problems) is None
    assert "cannot be read" in problems.found[0].message


def test_a_control_character_has_a_place() -> None:
    assert faults("a: 1\nb: x\0y\n") == ["a.yaml:2:5: not valid YAML: the character U+0000 is not allowed."]


def test_an_expression_cut_by_a_comma_is_read_whole() -> None:
    problems = Problems()
    tree = parse_yaml("{value: round(spend, 2, 3), default: 0}", "a.yaml", problems)
    assert tree is not None
    assert scalar(tree.entries["value"]).value == "round(spend, 2, 3)"
    assert list(tree.entries) == ["value", "default"]
    assert len(problems.found) == 1


@given(st.text(alphabet="ab:{}[],'\"-#&*!|>% \n\t()1é", max_size=60))
def test_any_text_gives_a_tree_or_a_problem_with_a_place(text: str) -> None:
    problems = Problems()
    tree = parse_yaml(text, "a.yaml", problems)
    assert tree is not None or problems.found
    assert all(problem.place and problem.place.line for problem in problems)
