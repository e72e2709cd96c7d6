"""Text is data: whatever an item is, it reaches handlers, commands, environments, templates, results and logs as it is."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tui_workflow.testing import run_flow

FLOW = """
params:
  texts: {type: list}
steps:
  handled:
    type: python
    for_each: "{{ params.texts }}"
    inputs:
      given: "{{ item }}"
      inside: "<{{ item }}>"
      code: |
        print(item)
        result = [item, given, inside, {item: item}]
  commanded:
    type: shell
    for_each: "{{ steps.handled.result }}"
    env: {V: "{{ item[0] }}"}
    inputs:
      command: |
        printf '%s\\0%s\\0%s\\0%s' {{ item[0] }} "{{ item[1] }}" "$V" "$(printf %s {{ item[0] }}; printf .)"
  written:
    type: template
    for_each: "{{ steps.handled.result }}"
    inputs: {template: "{{ item[0] }}", output: "out/{{ index }}"}
"""
SPECIAL = ["{{ 7*7 }}", "{% raw %}", "{{ params.texts }}", "${HOME}", "$(touch pwn)", "`", "'", '"', "\\", "[red]", "\x1b[2J", "\u202e", "-n", "~", "*", "\r", "\n", "\t", " "]  # fmt: skip
TEXT = st.lists(st.sampled_from(SPECIAL) | st.text(st.characters(codec="utf-8"), max_size=6), max_size=4).map("".join)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
@given(st.lists(TEXT, min_size=10, max_size=40))
@example(SPECIAL)
def test_any_text_arrives_unchanged(tmp_path_factory: object, texts: list[str]) -> None:
    folder = Path(tmp_path_factory.mktemp("text"))  # type: ignore[attr-defined]
    (folder / "flow.yaml").write_text(FLOW)
    texts = [
        text.replace("\0", "") for text in texts
    ]  # no variable and no command can hold it; other tests are about that
    found = run_flow(folder / "flow.yaml", {"texts": texts}, state_dir=folder / "state", only="handled")
    assert not found.failed, found.failed[:1]
    assert found.steps["handled"].results == [[text, text, f"<{text}>", {text: text}] for text in texts]
    assert [item.item for item in found.items] == texts
    for item, text in zip(found.items, texts, strict=True):
        if not re.search("[\n\r]", text):  # which divide lines
            assert item.log == (text,)
    found = run_flow(folder / "flow.yaml", state_dir=folder / "state", resume=True)
    assert found.status == "succeeded", found.failed
    for result, text in zip(found.steps["commanded"].results, texts, strict=True):
        assert result["stdout"].split("\0") == [text, text, text, text + "."]
    for number, text in enumerate(texts):
        assert (folder / "out" / str(number)).read_bytes() == text.encode()
    assert {path.name for path in folder.iterdir()} == {"flow.yaml", "out", "state"}
