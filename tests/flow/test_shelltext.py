"""Values in commands: exact in every legal place, and a problem with words in every other."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_workflow.flow.shelltext import analyse

HOSTILE = [
    "; touch pwn",
    "$(touch pwn)",
    "`touch pwn`",
    "'",
    '"',
    "a'b\"c",
    "line\nbreak",
    "-rf",
    "*",
    "~",
    "a  b\tc",
    "\\",
    "\\n$HOME${HOME}",
    "EOF",
    "\nEOF\ntouch pwn\n",
    ")",
    "}",
    "x}y",
    "esac",
    "#c",
    "& touch pwn &",
    "| touch pwn",
    "> pwn",
    "é\x1b[31m",
    "{{ 7*7 }}",
    "%s%d",
    "",
    "x" * 3000,
]

# (command, text around the value in what is printed)
LEGAL = [
    ("printf %s {{ v }}", "{}"),
    ("printf %s a{{ v }}b", "a{}b"),
    ('printf %s "{{ v }}"', "{}"),
    ("printf %s \"a '{{ v }}' b\"", "a '{}' b"),
    ('printf %s "$(printf %s {{ v }}; printf .)"', "{}."),
    ('printf %s "$(printf %s "{{ v }}"; printf .)"', "{}."),
    ('printf %s "$(printf %s "$(printf %s "{{ v }}"; printf .)"; printf .)"', "{}.."),
    ("cat <<EOF\n{{ v }}.\nEOF", "{}.\n"),
    ("cat <<EOF\n\"{{ v }}\" '{{ v }}'\nEOF\n", "\"{0}\" '{0}'\n"),
    ("cat <<-EOF\n\ta {{ v }}.\n\tEOF\n", "a {}.\n"),
    ("cat <<A; cat <<B\n{{ v }}.\nA\n{{ v }}!\nB\n", "{0}.\n{0}!\n"),
    ('cat <<EOF\n$(printf %s "{{ v }}"; printf .)\nEOF\n', "{}.\n"),
    ('x={{ v }}; printf %s "$x"', "{}"),
    ('x="{{ v }}"\nprintf %s "${x}"', "{}"),
    ("# it's a comment with {{ v }}\nprintf %s {{ v }} # 'and another", "{}"),
    ("case x in x) printf %s {{ v }};; esac", "{}"),
    ('printf %s "$(case x in (y) : ;; x) printf %s "{{ v }}"; printf . ;; esac)"', "{}."),
    ('printf %s "$(if :; then case a in a) printf %s "{{ v }}";; esac; fi; printf .)"', "{}."),
    ("case {{ v }} in {{ v }}) printf %s {{ v }};; esac", "{}"),
    ("printf %s \\'{{ v }}\\'", "'{}'"),
    ('printf %s "\\"{{ v }}\\""', '"{}"'),
    ("printf %s 'it''s '{{ v }}", "its {}"),
    ('f() { printf %s "$1"; }; f {{ v }}', "{}"),
    ("(printf %s {{ v }})", "{}"),
    ("{ printf %s {{ v }}; }", "{}"),
    ("true && printf %s {{ v }} || false", "{}"),
    ("printf %s {{ v }} | cat", "{}"),
    ("printf %s $((1 + 2)){{ v }}", "3{}"),
    ('y=q; printf %s ${y:-z}"{{ v }}"', "q{}"),
    ('printf %s "${y:-"z"}{{ v }}"', "z{}"),
    ('printf %s $#"{{ v }}"', "0{}"),
    ("printf %s \\\n  {{ v }}", "{}"),
    ("printf %s `echo a`{{ v }}", "a{}"),
    ("printf %s {{ 'a}}b' }}", "{}"),
]


def run(command: str, value: str, folder: Path) -> str:
    script, expressions, problems = analyse(command)
    assert not problems
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
    environment |= {f"_wf{number}": value for number in range(1, len(expressions) + 1)}
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", script], env=environment, cwd=folder, capture_output=True, check=True, timeout=20
    )
    return done.stdout.decode()


@pytest.mark.parametrize(("command", "around"), LEGAL)
def test_a_value_arrives_unchanged(command: str, around: str, tmp_path: Path) -> None:
    for value in HOSTILE:
        assert run(command, value, tmp_path) == around.replace("{0}", "{}").replace("{}", value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.text(st.sampled_from("ab'\"`$(){}[]*?~!#&;|<>\\\n\t -EOF=%é"), max_size=30)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    case=st.sampled_from(LEGAL),
)
def test_any_value_arrives_unchanged(value: str, case: tuple[str, str], tmp_path: Path) -> None:
    command, around = case
    assert run(command, value, tmp_path) == around.replace("{0}", "{}").replace("{}", value)
    assert list(tmp_path.iterdir()) == []


ILLEGAL = [
    ("echo '{{ v }}'", 6, "inside single quotes"),
    ("echo 'a\nb {{ v }}'", 10, "inside single quotes"),
    ("echo `echo {{ v }}`", 11, "inside backticks"),
    ('echo "`echo {{ v }}`"', 12, "inside backticks"),
    ("cat <<'EOF'\n{{ v }}\nEOF", 12, "here-document with a quoted delimiter"),
    ("cat <<\\EOF\n{{ v }}\nEOF", 11, "here-document with a quoted delimiter"),
    ('cat <<"E"\n$(echo {{ v }})\nE', 17, "here-document with a quoted delimiter"),
    ("echo $(({{ v }} + 1))", 8, "inside $((…))"),
    ('echo "$(( {{ v }} ))"', 10, "inside $((…))"),
    ("echo $(( $(echo {{ v }}) ))", 16, "inside $((…))"),
    ("echo ${x:-{{ v }}}", 10, "inside ${…}"),
    ('echo "${x:-"{{ v }}"}"', 12, "inside ${…}"),
    ("echo ${x:-$(echo {{ v }})}", 17, "inside ${…}"),
    ("echo $(echo '{{ v }}')", 13, "inside single quotes"),
    ("(( {{ v }} ))", 3, "inside $((…))"),
    ("echo ${{ v }}", 5, "'$' before a template"),
    ("echo \\{{ v }}", 5, "a backslash before a template"),
    ('echo "\\{{ v }}"', 6, "a backslash before a template"),
    ("cat <<EOF\n\\{{ v }}\nEOF", 10, "a backslash before a template"),
    ("cat <<{{ v }}\nx\n", 6, "delimiter of a here-document"),
    ("echo $'{{ v }}'", 5, "$'…'"),
    ("echo {{ v", 5, "without its end"),
    ("echo 'a", 5, "not closed"),
    ('echo "a', 5, "not closed"),
    ("echo $(a", 5, "not closed"),
    ("echo ${a", 5, "not closed"),
    ("echo `a", 5, "not closed"),
]


@pytest.mark.parametrize(("command", "offset", "words"), ILLEGAL)
def test_a_template_where_the_shell_would_read_it_is_a_problem(command: str, offset: int, words: str) -> None:
    _, _, problems = analyse(command)
    assert problems[0][0] == offset
    assert words in problems[0][1]


@pytest.mark.parametrize("command", [command for command, _, words in ILLEGAL if "closed" not in words])
def test_the_problem_says_how_to_write_it(command: str) -> None:
    assert analyse(command)[2][0][2]


def test_a_single_quote_inside_a_template_does_not_end_the_quotes() -> None:
    _, _, problems = analyse("echo '{{ item['a'] }}' \"{{ v }}\"")
    assert [offset for offset, _, _ in problems] == [6]


def test_templates_are_numbered_in_order() -> None:
    script, expressions, problems = analyse('cp {{ item.a }} "{{ item.b }}/x"')
    assert script == 'cp "${_wf1}" "${_wf2}/x"'
    assert expressions == [" item.a ", " item.b "]
    assert problems == []


def test_an_escaped_backslash_before_a_template_is_fine() -> None:
    assert analyse('printf %s "\\\\{{ v }}"')[0] == 'printf %s "\\\\${_wf1}"'


def test_a_command_without_templates_is_left_as_it_is() -> None:
    command = "awk '{print $1}' <<'EOF' | sort # it's\nx y\nEOF\nfor i in a b; do echo ${i%%b}; done"
    assert analyse(command) == (command, [], [])


@given(st.text(st.sampled_from("a {}'\"`$(){{}}<<EOF\n\\#;|&case in esac)"), max_size=60))
def test_any_text_gives_a_script_or_problems(command: str) -> None:
    script, expressions, problems = analyse(command)
    assert problems or not expressions or "_wf1" in script
    if "{{" not in command and not problems:
        assert script == command
