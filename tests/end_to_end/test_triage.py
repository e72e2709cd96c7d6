"""A batch of which half fails, for three causes: they are three rows, and mending one costs exactly its items."""

from __future__ import annotations

from collections import Counter

from tests.end_to_end.bench import EFFECT, Folder, wait_for
from tests.end_to_end.terminal import Terminal

HANDLERS = (
    EFFECT
    + '''
import uuid

class Throttled(Exception):
    """The service wants fewer requests."""

def price(item):
    effect(item["id"])
    if item["id"] % 4 == 1:
        return round(float(item["amount"]), 2)
    if item["id"] % 20 in (0, 4, 8, 12):
        raise Throttled(f"429 for https://api.example.org/v2/{item['id']}?request={uuid.uuid4()} after {item['id'] % 7} s")
    if item["id"] % 20 == 2:
        return {"EUR": 1.0}[item["currency"]]
    return item["id"]
'''
)
FLOW = """
handlers: [handlers.py]
steps:
  price:
    type: python
    for_each: {file: orders.jsonl}
    key: "o{{ item.id }}"
    parallel: 2
    on_error: continue
    inputs: {operation: custom, handler: price}
"""
COMMAS, THROTTLED, CURRENCIES = 250, 200, 50


def orders(folder: Folder, number: int) -> None:
    folder.write(
        "orders.jsonl", "".join(f'{{"id": {n}, "amount": "{n},50", "currency": "X{n % 90}"}}\n' for n in range(number))
    )


def effects(folder: Folder) -> Counter[int]:
    return Counter(int(line.split()[0]) for line in (folder.path / "effects.log").read_text().splitlines())


def test_of_500_failures_in_three_groups_one_is_mended_and_only_its_items_run_again(folder: Folder) -> None:
    orders(folder, 1000)
    handlers = folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)
    with Terminal(folder.path, "flow.yaml") as terminal:
        terminal.see("DONE, 500 FAILED", "500 in 3 groups")
        terminal.press("f")
        screen = terminal.see("250  50 %  ValueError", "200  40 %  Throttled", " 50  10 %  KeyError")
        assert "https://api.example.org/v2/…?request=… after … s" in screen
        before = effects(folder)
        assert before == Counter(range(1000))
        handlers.write_text(HANDLERS.replace('float(item["amount"])', 'float(item["amount"].replace(",", "."))'))
        terminal.see("handlers.py was edited")
        terminal.press("gr")
        terminal.see(f"Retry {COMMAS} items of price with ValueError?")
        terminal.press("\r")
        terminal.see(
            f"{COMMAS} tried again: all succeeded", f"DONE, {THROTTLED + CURRENCIES} FAILED", "250 in 2 groups"
        )
        again = effects(folder) - before
        assert again == Counter({n: 1 for n in range(1000) if n % 4 == 1}), "the items of the group, each once"
        terminal.press("q")
        assert terminal.wait() == 0
    shown = folder.show()["steps"][0]
    assert (shown["succeeded"], shown["failed"], shown["attempts"]) == (750, 250, 1250)


def test_two_thousand_failures_that_differ_in_numbers_and_ids_are_three_rows(folder: Folder) -> None:
    orders(folder, 4000)
    folder.write("handlers.py", HANDLERS)
    folder.write("flow.yaml", FLOW)
    folder.run()
    rows = folder.ok("failed", "--group").splitlines()[1:]
    assert [int(row.split()[0]) for row in rows] == [4 * COMMAS, 4 * THROTTLED, 4 * CURRENCIES]
    with Terminal(folder.path, "open", size=(80, 24)) as terminal:
        terminal.press("f")
        terminal.see("2 000 in 3 groups", "1 000  50 %  ValueError", "  800  40 %  Throttled", "  200  10 %  KeyError")
        terminal.press("q")
        assert terminal.wait() == 0
    wait_for(lambda: sum(effects(folder).values()) == 4000, "opening runs nothing")
