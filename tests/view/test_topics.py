"""The reference pages: complete, and true to the parser."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from tui_workflow.cli.root import COMMANDS
from tui_workflow.flow import foreach, params_text, parse, settings, steps
from tui_workflow.help import page, topics

TOPICS = topics()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [(topic, text) for topic in TOPICS for kind, text in BLOCK.findall(page(topic)) if kind == language]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_page_with_a_title(topic: str) -> None:
    text = page(topic)
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert "TODO" not in text


def test_an_unknown_topic_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        page("../../etc/passwd")


@pytest.mark.parametrize(
    "names",
    [parse.KEYS, steps.KEYS, params_text.KEYS],
    ids=["top level", "steps", "parameters"],
)
def test_the_language_page_names_every_key(names: tuple[str, ...]) -> None:
    text = page("flow")
    assert [name for name in names if f"`{name}`" not in text] == []


def test_settings_and_sources_are_described() -> None:
    text = page("flow") + page("retry")
    names = (
        *settings.RETRY_KEYS,
        *settings.ON_ERROR_KEYS,
        *settings.PARALLEL_KEYS,
        *foreach.KINDS,
        *foreach.OPTIONS,
        *foreach.OWN,
        *foreach.FORMATS,
    )
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_the_command_page_names_every_command() -> None:
    text = page("cli")
    assert [name for name in COMMANDS if f"`wf-tui {name}" not in text] == []


@pytest.mark.parametrize(("topic", "text"), blocks("yaml"))
def test_yaml_in_the_pages_is_yaml_and_whole_flows_are_flows(topic: str, text: str) -> None:
    value = yaml.safe_load(text)
    assert isinstance(value, dict), topic
    if "name" in value and "steps" in value:
        assert parse.parse(text.encode(), "flow.yaml", "flow").read.problems == []


@pytest.mark.parametrize(("topic", "text"), blocks("python"))
def test_python_in_the_pages_is_python(topic: str, text: str) -> None:
    assert ast.parse(text).body, topic


def test_links_between_pages_name_topics() -> None:
    for topic in TOPICS:
        for name in re.findall(r"wf-tui help (\w+)", page(topic)):
            assert name in TOPICS or name == "TOPIC", (topic, name)
