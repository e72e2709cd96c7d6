"""Parameters: parsed to their type, checked at once, all problems together; secrets never on a command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tui_workflow.errors import UsageError
from tui_workflow.flow.load import examine
from tui_workflow.flow.model import Flow
from tui_workflow.flow.params import assignments, read_params, resolve, secrets


def flow(params: str) -> Flow:
    plan, problems = examine("flow.yaml", text=f"params:\n  {params}\nsteps: {{}}\n".encode(), handlers={})
    assert plan is not None, problems
    return plan.flow


def one(declared: str, text: str, environ: dict[str, str] | None = None) -> Any:
    return resolve(flow(f"p: {declared}"), {"p": text}, environ=environ)["p"]


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ("{type: integer}", "3", 3),
        ("{type: integer}", "-3", -3),
        ("{type: number}", "3", 3),
        ("{type: number}", "3.5", 3.5),
        ("{type: float}", "1e3", 1000.0),
        ("{type: boolean}", "true", True),
        ("{type: string}", "3", "3"),
        ("{type: string}", "", ""),
        ("{type: string}", "@@x", "@x"),
        ("{type: string}", "a=b", "a=b"),
        ("{type: list}", "[1, 'a']", [1, "a"]),
        ("{type: list}", '[1, "a"]', [1, "a"]),
        ("{type: list}", "[]", []),
        ("{type: dict}", "{a: 1}", {"a": 1}),
        ("{type: object}", '{"a": null}', {"a": None}),
        ("5", "7", 7),
        ("word", "7", "7"),
        ("[1]", "[2]", [2]),
        ("false", "true", True),
        ("", "7", "7"),
        ("{enum: [1, 2], type: integer}", "2", 2),
        ("{pattern: '^a'}", "ab", "ab"),
    ],
)
def test_a_text_becomes_a_value_of_the_declared_type(declared: str, text: str, value: object) -> None:
    got = one(declared, text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("declared", "text", "message"),
    [
        ("{type: integer}", "x", "parameter 'p' must be a whole number, not 'x'"),
        ("{type: integer}", "1.0", "parameter 'p' must be a whole number, not '1.0'"),
        ("{type: integer}", "1_000", "parameter 'p' must be a whole number, not '1_000'"),
        ("{type: integer}", "true", "parameter 'p' must be a whole number, not 'true'"),
        ("{type: number}", "abc", "parameter 'p' must be a number, not 'abc'"),
        ("{type: boolean}", "yes", "parameter 'p' must be true or false, not 'yes'"),
        ("{type: list}", "a,b", "parameter 'p' must be a list, not 'a,b'"),
        ("{type: list}", "{a: 1}", "parameter 'p' must be a list, not '{a: 1}'"),
        ("{type: integer, min: 1}", "0", "parameter 'p' must be at least 1, not 0"),
        ("{type: integer, max: 1}", "2", "parameter 'p' must be at most 1, not 2"),
        ("{enum: [a, b]}", "c", "parameter 'p' must be 'a' or 'b', not 'c'"),
        ("{pattern: '^a'}", "b", "parameter 'p' must match ^a, not 'b'"),
        ("{type: string}", "env:WF_NOT_SET", "parameter 'p' asks for the variable WF_NOT_SET, which is not set"),
        ("{type: list}", "@gone.json", "parameter 'p': there is no file 'gone.json'"),
        (
            "{type: list}",
            "@gone.xml",
            "parameter 'p': 'gone.xml' has none of the suffixes .json .yaml .yml .csv .jsonl .txt",
        ),
        (
            "{secret: true}",
            "abc",
            "parameter 'p' is secret, and a command line can be read by others: pass p=env:VAR or p=@FILE",
        ),
    ],
)
def test_what_does_not_fit_is_said(declared: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        one(declared, text, {})
    assert (caught.value.message, caught.value.exit_code) == (message, 2)


def test_all_problems_come_at_once() -> None:
    declared = flow("a: {type: integer}\n  b: {type: list}\n  c: 3")
    with pytest.raises(UsageError) as caught:
        resolve(declared, {"a": "x", "cc": "1"})
    assert caught.value.message.split("\n") == [
        "there is no parameter 'cc': did you mean 'c'?",
        "parameter 'a' must be a whole number, not 'x'",
        "parameter 'b' is required: pass b='[…]' or =@FILE",
    ]


def test_an_unknown_name_is_guessed() -> None:
    with pytest.raises(UsageError, match="there is no parameter 'siez': did you mean 'size'"):
        resolve(flow("size: 3"), {"siez": "4"})


def test_defaults_null_and_order() -> None:
    declared = flow("a: 1\n  b: {type: list, required: false}\n  c:\n  d: {default: {x: 1}}")
    assert list(resolve(declared, {"c": "x"}).items()) == [("a", 1), ("b", None), ("c", "x"), ("d", {"x": 1})]


@pytest.mark.parametrize(
    ("name", "content", "declared", "value"),
    [
        ("v.json", '{"a": [1, 2.5]}', "{type: object}", {"a": [1, 2.5]}),
        ("v.yaml", "a: no\nb: 010\n", "{type: object}", {"a": "no", "b": "010"}),
        ("v.csv", 'a,b\r\n1,"x\ny"\r\n', "{type: list}", [{"a": "1", "b": "x\ny"}]),
        ("v.jsonl", '1\n{"a": 2}\n\n', "{type: list}", [1, {"a": 2}]),
        ("v.txt", "a\nb\n", "{type: list}", ["a", "b"]),
        ("v.txt", "a\nb\n", "{type: string}", "a\nb\n"),
        ("v.txt", "12\n", "{type: integer}", 12),
        ("v.any", "text", "{type: string}", "text"),
        ("v.pem", "s3cret\n", "{secret: true}", "s3cret"),
    ],
)
def test_values_from_files(name: str, content: str, declared: str, value: object, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content.encode())
    assert one(declared, f"@{tmp_path / name}") == value


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("{")
    (tmp_path / "v.csv").write_text("a,b\n1\n")
    with pytest.raises(UsageError, match="is not JSON"):
        one("{type: object}", f"@{tmp_path / 'v.json'}")
    with pytest.raises(UsageError, match="line 2 has 1 fields, the header 2"):
        one("{type: list}", f"@{tmp_path / 'v.csv'}")


def test_variables_and_secrets() -> None:
    declared = flow("token: {secret: true}\n  n: {type: integer}")
    assert resolve(declared, {"token": "env:T", "n": "env:N"}, environ={"T": "abc", "N": "4"}) == {
        "token": "abc",
        "n": 4,
    }
    assert secrets(declared) == ("token",)
    with pytest.raises(UsageError, match="parameter 'token' is required: pass token=env:VAR or token=@FILE"):
        resolve(declared, {"n": "1"})


def test_a_wrong_secret_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        one("{secret: true, pattern: '^a'}", "env:T", {"T": "hunter2"})
    assert "hunter2" not in caught.value.message


def test_paths_given_are_the_current_folders_and_defaults_the_flows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    declared = flow("a: {type: path}\n  b: {type: path, default: in/x}")
    found = resolve(declared, {"a": "y"}, flow_dir="/flows")
    assert found == {"a": os.path.join(tmp_path, "y"), "b": "/flows/in/x"}


def test_a_params_file_yields_to_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: 1\nb: [2]\n")
    values = read_params(str(tmp_path / "p.yaml"))
    declared = flow("a: 0\n  b: {type: list}")
    assert resolve(declared, {"a": "5"}, values) == {"a": 5, "b": [2]}
    with pytest.raises(UsageError, match="must be a list"):
        resolve(declared, {}, {"b": 3})


def test_partial_returns_only_what_is_given() -> None:
    assert resolve(flow("a: {type: list}\n  b: 1"), {"b": "2"}, partial=True) == {"b": 2}


def test_assignments() -> None:
    assert assignments(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    for words in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(UsageError):
            assignments(words)
