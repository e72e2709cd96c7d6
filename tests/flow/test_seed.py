"""Every block of the user's specification is a flow."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests import seed
from tui_workflow.flow.plan import Plan
from tui_workflow.flow.schema import json_schema

from .conftest import Examine
from .test_language import read_again


def host(number: int, check: Examine) -> Plan:
    plan, problems = check(seed.hosted(number).encode(), handlers_py=seed.HANDLERS)
    assert problems == []
    assert plan is not None
    read_again(plan)
    return plan


@pytest.mark.parametrize("number", range(1, 8))
def test_block_is_a_flow(number: int, check: Examine) -> None:
    plan = host(number, check)
    assert plan.text == seed.hosted(number)
    assert [planned.name for planned in plan.steps] == [step.name for step in plan.flow.steps]


@pytest.mark.parametrize("number", range(2, 7))
def test_fragments_are_spliced_byte_for_byte(number: int) -> None:
    assert seed.hosted(number).endswith(seed.BLOCKS[number - 1].removeprefix("steps:\n"))


@pytest.mark.parametrize("number", range(1, 8))
def test_the_schema_accepts_block(number: int) -> None:
    import yaml

    jsonschema.validate(yaml.safe_load(seed.hosted(number)), json_schema())
    jsonschema.validate(yaml.safe_load(seed.BLOCKS[number - 1]), json_schema())


def test_block_1_says_what_it_says(check: Examine) -> None:
    plan = host(1, check)
    assert plan.flow.name == "process-numbers"
    assert plan.flow.version == "1.0"
    assert plan.flow.params["batch_size"].default == 3
    step = plan["process_batches"].step
    assert step.for_each is not None
    assert (step.for_each.kind, step.for_each.value) == ("items", "{{ steps.split_into_batches.result }}")
    assert step.inputs == {"operation": "multiply", "item": "{{ item }}", "factor": 2}
    assert (step.retry.max_attempts, step.retry.delay) == (3, 5)
    assert plan["process_batches"].reads == ("split_into_batches",)
    assert plan["process_batches"].needs == ("split_into_batches",)


def test_block_4_has_its_progress_function_moved(check: Examine) -> None:
    step = host(4, check)["process_with_progress"].step
    assert step.on_progress is not None
    assert "def update_progress" in step.on_progress
    assert "on_progress" not in step.inputs


def test_block_7_has_its_settings_and_edges(check: Examine) -> None:
    plan = host(7, check)
    assert plan.flow.params["input_data"].required
    chunks = plan["process_chunks"].step
    assert chunks.parallel is not None
    assert chunks.parallel.max_parallel == "{{ params.max_parallel }}"
    assert chunks.on_error.action == "continue"
    assert chunks.on_error.save_error
    assert plan["track_progress"].reads == ("process_chunks",)
    assert plan["handle_failures"].needs == ("track_progress",)
    assert plan["handle_failures"].step.condition == "{{ steps.process_chunks.failed_items|length > 0 }}"


def test_the_schema_is_a_schema_and_is_strict() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not validator.is_valid({"steps": {"a": {"type": "python"}}})
    assert not validator.is_valid({"steps": {"a": {"type": "shell", "inputs": {"command": "x"}, "retires": 1}}})
    assert not validator.is_valid({"steps": {"a": {"inputs": {"command": "x"}}}})
    assert not validator.is_valid({"steps": {"a": {"type": "shell", "inputs": {"command": "x"}, "for_each": "abc"}}})
    assert not validator.is_valid({"name": "x"})
    assert validator.is_valid({"steps": {"a": {"task": "mail", "inputs": {"to": "x"}}}})
