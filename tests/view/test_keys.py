"""The key table."""

from __future__ import annotations

import pytest
from textual.keys import _character_to_key

from tui_workflow.view.keys import ACTIONS, DEFAULT, DIALOGS, PANES, RESERVED, InvalidKeys, event_name, valid


def test_no_key_means_two_things_in_one_place() -> None:
    assert DEFAULT.clashes() == []


def test_names_are_unique_and_every_key_can_be_typed() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
    keys = [key for action in ACTIONS for key in action.keys]
    assert all(valid(key) for key in keys)
    assert not RESERVED & set(keys)
    assert all(any(not key.startswith("f") or len(key) == 1 for key in action.keys) for action in ACTIONS)


def test_keys_are_known_to_the_terminal_library_by_name() -> None:
    for action in ACTIONS:
        for key in action.keys:
            if len(key) == 1:
                assert event_name(key) == _character_to_key(key)
    assert event_name("esc") == "escape"
    assert event_name("ctrl+r") == "ctrl+r"
    assert event_name("+") == "plus"


def test_what_the_design_promises() -> None:
    promised = {
        "?": "help", ":": "palette", "q": "leave", "z": "zoom", "/": "filter", "r": "retry", "R": "retry_all",
        "C": "canary", "p": "pause", "x": "drain", "X": "stop", "<": "fewer_slots", ">": "more_slots", "e": "edit",
        "P": "plan", "y": "copy", "W": "write", "H": "history", "d": "definition", "A": "looks", "s": "skip",
    }  # fmt: skip
    found = {}
    for key in promised:
        action = DEFAULT.action_for(key, "steps")
        found[key] = action.name if action else None
    assert found | {"C": "canary"} == promised
    assert DEFAULT.action_for("C", "steps") is None
    elsewhere = DEFAULT.anywhere("C")
    assert elsewhere is not None
    assert elsewhere.name == "canary"


def test_a_dialog_owns_its_keys() -> None:
    for dialog in DIALOGS:
        names = {action.name for action in DEFAULT.here(dialog)}
        assert all(name.startswith(dialog) or name in ("help", "interrupt") for name in names)


@pytest.mark.parametrize("context", [*PANES, *DIALOGS])
def test_help_is_in_every_footer(context: str) -> None:
    assert "help" in {action.name for action in DEFAULT.footer(context)}  # type: ignore[arg-type]


def test_the_footer_begins_with_what_matters() -> None:
    assert [action.keys[0] for action in DEFAULT.footer("failures")][:4] == ["r", "R", "C", "e"]


def test_keys_of_ones_own() -> None:
    mapped = DEFAULT.remapped({"retry": ["m", "f5"], "zoom": "Z", "copy_more": []})
    assert mapped["retry"].keys == ("m", "f5")
    assert mapped["zoom"].keys == ("Z",)
    assert mapped.action_for("r", "steps") is None
    assert DEFAULT["retry"].keys == ("r",)


def test_a_swap_is_no_clash() -> None:
    mapped = DEFAULT.remapped({"retry": "R", "retry_all": "r"})
    action = mapped.action_for("R", "failures")
    assert action is not None
    assert action.name == "retry"


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"retri": "m"}, "retri: no such action"),
        ({"retry": 3}, "give a key or a list of keys"),
        ({"retry": ["ctrl+shift"]}, "no key this program can tell apart"),
        ({"retry": "\u115f"}, "no key this program can tell apart"),
        ({"retry": "\u0301"}, "no key this program can tell apart"),
        ({"retry": "ctrl+z"}, "belongs to the terminal"),
        ({"retry": "e"}, "e: both retry and edit"),
        ({"leave": []}, "leave: needs a key"),
        ({"interrupt": "ctrl+g"}, "ctrl\\+c stays"),
    ],
)
def test_a_map_that_cannot_be_used_says_why(wishes: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidKeys, match=says):
        DEFAULT.remapped(wishes)


def test_the_reference_page_names_every_action_and_key() -> None:
    page = DEFAULT.markdown()
    for action in ACTIONS:
        assert f"`{action.name}`" in page
        assert all(f"`{key}`" in page for key in action.keys)
        assert action.help in page
