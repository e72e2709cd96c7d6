"""T1 and T2: text that would speak to the terminal, or be markup, in every place where data is shown by the whole program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.crash.screen import Screen
from tests.end_to_end.bench import Folder

HOSTILE = [
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]9;notice\x07",
    "\x1bPdevice\x1b\\",
    "\x1b[6n\x1b[2J\x1b[31mred",
    "\x9b31mc1\x9d0;t\x9c",
    "back\b\b\b\rover\x07\x0e",
    "\u202eright to left\u2066",
    "zero\u200bwidth\u200d\ufeff",
    "tag\U000e0041\U000e007f",
    "[red]x[/red]",
    "item[/oops]",
    "[@click=app.quit]x[/]",
    "[unterminated",
    ":boom:",
    "{{ 7*7 }}",
    "two\nlines",
    "nul\x00nul",
    "\U0001f600 wide 世界",
]
HARMLESS = [f"harmless text number {number}" for number in range(len(HOSTILE))]
HANDLERS = """
import sys

def work(item):
    print("out", item)
    print("err", item, file=sys.stderr)
    if int(item[0]) % 2:
        raise ValueError(item[1])
    return item[1]
"""
FLOW = """
name: NAME
description: NAME
params:
  texts: {type: list}
  one: {type: string}
handlers: [handlers.py]
steps:
  work:
    type: python
    description: NAME
    for_each: "{{ params.texts }}"
    key: "{{ item[0] }} {{ item[1] }}"
    on_error: continue
    inputs: {operation: custom, handler: work}
  skipped:
    type: python
    if: "{{ params.one == 'no' }}"
    inputs: {code: "result = 1"}
  broken:
    type: shell
    inputs: {command: 'printf %s "{{ params.one }}"; printf %s "{{ params.one }}" >&2; exit 3'}
  raw:
    type: shell
    needs: []
    for_each: [1]
    on_error: continue
    inputs:
      command: |
        printf 'raw RAW\\n' | tee /dev/stderr
        exit 4
"""
RAW = r"\23331mred \2350;title\234 \220device\234 \033]52;c;cHduZWQ=\007 \377"
"""Bytes, as `printf` reads them, that are escapes to a terminal of one byte a letter."""
SURELY_BAD = re.compile(
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
ESCAPE = re.compile(
    r"\x1b(?:\[([<-?]?)([0-9;:]*)([ -/]*[@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^X][^\x1b]*\x1b\\|[ -/]*[0-~])"
)


def quoted(text: str) -> str:
    """A text as YAML writes it in double quotes, with every letter escaped that is not harmless."""
    return '"' + "".join(one if one.isalnum() and one.isascii() else f"\\U{ord(one):08x}" for one in text) + '"'


def prepare(folder: Folder, texts: list[str], name: str) -> str:
    """The flow with these texts everywhere; gives its file name, which is one of them too."""
    folder.write("handlers.py", HANDLERS)
    file = f"{name}.yaml"
    text = FLOW.replace("RAW", RAW if texts is HOSTILE else "harmless")
    folder.write(file, text.replace("NAME", quoted("".join(texts[:17]))))
    folder.write("texts.json", json.dumps([[str(number), one] for number, one in enumerate(texts)]))
    folder.write("one.json", json.dumps("".join(texts[:17])))
    return file


def kinds(raw: bytes) -> set[str]:
    """The kinds of escape sequences in a stream, colours and places of the cursor left out."""
    found = set()
    for sequence in ESCAPE.finditer(raw.decode("utf-8", "replace")):
        mark, arguments, final = sequence.groups()
        if final is None:
            found.add(sequence[0])
        elif final in ("m", "H", "J", "K", "A", "B", "C", "D", "G", "X", "f") and not mark:
            found.add(final + ("2" if final == "J" and arguments == "2" else ""))
        else:
            found.add(f"{mark}{arguments}{final}")
    return found


TOUR = (
    "2",
    "\r",
    "j",
    "\x1b",
    "3",
    "\r",
    "\r",
    "j",
    "\x1b",
    "4",
    "w",
    "t",
    "\x1b",
    "d",
    "\x1b",
    "H",
    "\x1b",
    "?",
    "\x1b",
    "/oops\r",
    "\x1b",
    "f",
    "z",
    "z",
    *("\x1b", "save raw", "d", "w", "w", "v", "v", "\x1b"),
    *("save refused", "d", "w", "G", "/x\r", "\x1b", "\x1b", "\x1b"),
    *("save planned", "P", "d", "jjjj", "G", "\x1b", "\x1b", "d", "G", "\x1b"),
    *("3", "\r", "\r", "s", "\x1b[200~PASTED\x1b[201~", "\r", "\x1b", "\x1b"),
    *(":", "\x1b[200~PASTED\x1b[201~", "\x1b", "世", "?", "G", "\x1b", "1"),
)
"""Keys, page by page, and saves of the flow that change what pages there are."""
PAGES = ("History", "Help", "Commands", "show r1, in use", "Reload plan", "Text diff", "Skip ", "1 skipped", "é [")
"""What stands on pages of the tour, so that none of them is missed."""
KEYS = {"definition": ["d", "世"], "history": ["H", "é", "["]}
"""Keys of a person's own, of one column and of two."""


def edits(file: Path, texts: list[str]) -> dict[str, tuple[str, str]]:
    """By name a text to save as the flow, and what the dashboard says of it."""
    good, one = file.read_text("utf-8"), " ".join(texts)
    may_stand = SURELY_BAD.sub(lambda found: found[0] if found[0] >= "\xa0" else "", one)
    line = may_stand.replace("\x1b", "").replace("\n", " ").replace("'", "") + "e" + "\u0301" * 200 + "y" * 10_000
    planned = good.replace("on_error: continue", "on_error: continue\n    timeout: 5", 1)
    planned = planned.replace("  raw:\n", "  other:\n    type: shell\n    inputs: {command: 'true'}\n  raw:\n")
    return {
        "raw": (f"{good}# {one}\n  'x': 1\n", "not taken up"),
        "refused": (f"{good}# {line}\r\n  '{line}': 1\r\n", "not taken up"),
        "planned": (f"{planned}# {line}\n", "edit waits"),
    }


def toured(folder: Folder, file: str, texts: list[str]) -> bytes:
    """What the dashboard writes to its terminal while every page is looked at, and when the run is asked about again."""
    config = folder.path / "config" / "wf-tui"
    config.mkdir(parents=True)
    (config / "keys.yaml").write_text(json.dumps(KEYS, ensure_ascii=False), "utf-8")
    words = (file, "texts=@texts.json", "one=@one.json")
    saves = edits(folder.path / file, texts)
    pasted = "".join(texts[8:16])
    pages: list[str] = []
    with Screen(folder.path, *words, XDG_CONFIG_HOME=str(config.parent)) as screen:
        screen.see("FAILED", seconds=40)
        for keys in TOUR:
            if keys.startswith("save "):
                text, said = saves[keys.removeprefix("save ")]
                if keys == "save planned":
                    folder.write("handlers.py", f"# {texts!a}\n# \u202e\u200b{texts[8]}\n{HANDLERS}")
                (folder.path / file).write_bytes(text.encode())
                screen.see(said)
            else:
                screen.press(keys.replace("PASTED", pasted))
            screen.read(0.15)
            pages.append(screen.text)
        assert [page for page in PAGES if page not in "\n".join(pages)] == []
        screen.press("1")
        screen.see("work", "broken")
        screen.press("q")
        assert screen.wait() == 1
    with Screen(folder.path, *words, XDG_CONFIG_HOME=str(config.parent)) as again:
        again.see("is unfinished", "begin anew")
        again.press("\x1b")
        assert again.wait() == 130
    return screen.raw + again.raw


@pytest.mark.slow
def test_no_escape_of_data_reaches_the_terminal(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "harmless")
    plain = kinds(toured(other, prepare(other, HARMLESS, "flow"), HARMLESS))
    file = prepare(folder, HOSTILE, "f\x1b]0;x\x07\u202el[red]ow")
    raw = toured(folder, file, HOSTILE)
    assert rb"\x1b]52" in raw.replace(b"\x1b[", b""), "it is there, written out"
    assert kinds(raw) <= plain, sorted(kinds(raw) - plain)
    text = ESCAPE.sub("", raw.decode("utf-8")).replace("\r", "")
    found = SURELY_BAD.search(text.replace("\x1b", "\x00"))
    assert found is None, repr(text[max(0, found.start() - 60) : found.end() + 20])


@pytest.mark.parametrize(
    "words",
    [["show"], ["failed"], ["failed", "--group"], ["failed", "--json"], ["failed", "--jsonl"], ["logs"], ["logs", "work"], ["runs"], ["runs", "--json"], ["show", "--json"], ["result", "work"], ["result", "broken"]],
    ids=" ".join,
)  # fmt: skip
def test_commands_write_it_out(ran: tuple[Folder, str], words: list[str]) -> None:
    done = ran[0].wf(*words)
    assert done.returncode == 0, done.stderr
    found = SURELY_BAD.search(done.stdout.replace("\x1b", "\x00"))
    assert found is None, repr(done.stdout[max(0, found.start() - 60) : found.end() + 20])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, str]:
    """A headless run of the hostile flow, with its output."""
    folder = Folder(tmp_path_factory.mktemp("hostile"))
    file = prepare(folder, HOSTILE, "f\x1b]0;x\x07\u202el[red]ow")
    done = folder.run(file, "texts=@texts.json", "one=@one.json", code=1)
    return folder, done.stdout + done.stderr


def test_a_headless_run_writes_it_out(ran: tuple[Folder, str]) -> None:
    folder, output = ran
    assert SURELY_BAD.search(output.replace("\x1b", "\x00")) is None
    (file,) = folder.path.glob("*.yaml")
    for words in (["check", file.name], ["plan", file.name], [file.name, "--headless", "--resume"]):
        done = folder.wf(*words)
        shown = done.stdout + done.stderr
        found = SURELY_BAD.search(shown.replace("\x1b", "\x00"))
        assert found is None, (words, repr(shown[max(0, found.start() - 60) : found.end() + 20]))


def test_an_excerpt_of_the_flow_is_written_out(folder: Folder) -> None:
    bad = "steps:\n  work: {type: nonsense}  # \u202e \u200b \U000e0041 [red]\n  'x\u009b31m': 1\n"
    folder.write("flow.yaml", bad)
    done = folder.wf("check", "flow.yaml")
    assert done.returncode == 65
    shown = done.stdout + done.stderr
    assert SURELY_BAD.search(shown.replace("\x1b", "\x00")) is None


def test_bytes_that_are_no_text_are_written_out_too(ran: tuple[Folder, str]) -> None:
    """A raw 0x9b is what `ESC [` is to some terminals."""
    shown = ran[0].ok("logs", "raw")
    assert r"raw \x9b31mred \x9d0;title\x9c" in shown
    assert ran[0].ok("result", "raw") == "null\n"


def test_what_is_stored_is_what_was_given(ran: tuple[Folder, str]) -> None:
    folder, _ = ran
    given = json.loads((folder.path / "texts.json").read_text())
    assert folder.results("work", "latest") == [text if int(number) % 2 == 0 else None for number, text in given]
