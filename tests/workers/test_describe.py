"""The record of a failure, made where it happened."""

from __future__ import annotations

from pathlib import Path

from tui_workflow.facts.outcome import ErrorInfo
from tui_workflow.workers.child.failure import describe
from tui_workflow.workers.child.usercode import UserCode


def failed(folder: Path, item: dict[str, str]) -> ErrorInfo:
    try:
        raise ValueError(f"order {item['id']}: the country of {item['customer']} is empty")
    except ValueError as error:
        return describe(error, UserCode(str(folder)), lambda text: text.replace("hunter2", "***"), item=item)


def test_names_from_the_item_do_not_split_a_cause_and_stay_in_its_words(tmp_path: Path) -> None:
    found = [
        failed(tmp_path, {"id": "A10034", "customer": "Elm & Sons 34"}),
        failed(tmp_path, {"id": "A10044", "customer": "Jones Ltd"}),
        failed(tmp_path, {"id": "A10047", "customer": "The Very Last Bookshop"}),
    ]
    assert len({each.fingerprint for each in found}) == 1
    assert found[0].message == "order A10034: the country of Elm & Sons 34 is empty"
    assert found[0].fingerprint != failed(tmp_path, {"id": "A1", "customer": "ELM"}).fingerprint


def test_a_secret_in_the_item_is_hidden_as_ever(tmp_path: Path) -> None:
    found = failed(tmp_path, {"id": "A1", "customer": "key hunter2 of Elm"})
    assert found.message == "order A1: the country of key *** of Elm is empty"


def lookup(item: dict[str, str]) -> str:
    rate = {"DE": 0.19}[item["country"]]
    return f"{rate} for {item['customer']}"


def test_two_lookups_in_one_function_are_two_causes(tmp_path: Path) -> None:
    def broken(item: dict[str, str]) -> ErrorInfo:
        try:
            lookup(item)
        except KeyError as error:
            return describe(error, UserCode(str(Path(__file__).parent)))
        raise AssertionError

    no_rate, other, no_customer = broken({"country": "UK"}), broken({"country": "XK"}), broken({"country": "DE"})
    assert no_rate.fingerprint == other.fingerprint != no_customer.fingerprint
    assert no_customer.message == "key 'customer' is missing"
