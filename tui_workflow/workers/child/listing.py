"""The items of a step, read and sent a page at a time as the engine asks for more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from time import monotonic
from typing import Any

from tui_workflow import values
from tui_workflow.facts.record import identity
from tui_workflow.facts.seen import SeenKeys
from tui_workflow.facts.work import ListedPage, Listing
from tui_workflow.workers import protocol
from tui_workflow.workers.child.office import Office
from tui_workflow.workers.child.reading import NOTHING_YET, SourceError
from tui_workflow.workers.child.sources import elements, whole_number
from tui_workflow.workers.child.step import Step, truth

_ROWS = 500
"""Elements of one page, at most."""
_BYTES = 256 * 1024
"""Bytes of payload after which a page is full."""
_FULL = 0.05
"""Seconds after which a page is sent as it is."""
_ALIVE = 1.0
"""Seconds without a page after which an empty one says that work goes on."""


class ListingRun:
    """One listing under way; `refuse` is told what ends it early."""

    def __init__(self, office: Office, step: Step, listing: Listing, refuse: Callable[[BaseException], None]) -> None:
        self._office = office
        self._step = step
        self._refuse = refuse
        self._explicit = listing.key is not None
        self._seen = SeenKeys()
        self._rows: Iterator[tuple[str, bytes] | None] | None = self._read(listing)

    def send_some(self) -> None:
        """Send one page, or the end, or why there is none."""
        rows = self._rows
        if rows is None:
            return
        keys: list[str] = []
        payloads: list[bytes] = []
        size, began = 0, monotonic()
        told = began
        try:
            for row in rows:
                now = monotonic()
                if row is not None:
                    keys.append(row[0])
                    payloads.append(row[1])
                    size += len(row[1])
                    if len(keys) == _ROWS or size > _BYTES or now - began > _FULL:
                        self._send_page(keys, payloads)
                        return
                elif keys and now - began > _FULL:
                    self._send_page(keys, payloads)
                    return
                elif now - told > _ALIVE:
                    told = now
                    self._send_page([], [])
        except BaseException as error:
            self._rows = None
            self._refuse(error)
            return
        self._rows = None
        if keys:
            self._send_page(keys, payloads)
        self._office.outbox.send(protocol.LIST_END)

    def _send_page(self, keys: list[str], payloads: list[bytes]) -> None:
        page = ListedPage(keys, payloads, self._explicit, self._seen.add_all(keys))
        self._office.outbox.send(protocol.LISTED, protocol.pack_listed(page))

    def _read(self, listing: Listing) -> Iterator[tuple[str, bytes] | None]:
        """(key, payload) of each item; None for an element that is none, so that the caller sees time pass."""
        step = self._step
        key = _key(listing.key)
        names = dict(step.names)
        index = 0
        for item in _chunked(_wanted(listing, step), whole_number(listing.chunk, step.names, "chunk", 1)):
            if item is NOTHING_YET:
                yield None
                continue
            payload = values.encode(item)
            if step.secrets:
                step.check_secret(payload, "an item")
            if key is None:
                # Without dicts and sets the stored bytes are the canonical ones.
                source = payload if b"{" not in payload else values.canonical(identity(item))
                yield blake2b(source, digest_size=8).hexdigest(), payload
            else:
                names["item"], names["index"] = item, index
                found = key(names)
                step.check_secret(found.encode("utf-8", "backslashreplace"), "the key of an item")
                yield found, payload
            index += 1


def _key(text: str | None) -> Callable[[dict[str, Any]], str] | None:
    if text is None:
        return None
    from tui_workflow.flow.template import compile_value

    render = compile_value(text).render

    def key(names: dict[str, Any]) -> str:
        value = render(names)
        if value is None or isinstance(value, dict | list):
            raise SourceError(f"the key of item {names['index'] + 1} is {type(value).__name__}, not text or a number")
        found = str(value)
        if not found:
            raise SourceError(f"the key of item {names['index'] + 1} is empty")
        return found

    return key


def _wanted(listing: Listing, step: Step) -> Iterator[Any]:
    """Elements that `where` lets through, `limit` of them at most; `NOTHING_YET` for those it does not."""
    source = elements(listing, step.names, step.program.flow_dir)
    limit = whole_number(listing.limit, step.names, "limit", 0)
    holds = _holds(listing.where)
    return source if limit is None and holds is None else _kept(source, limit, holds, step)


def _kept(
    source: Iterator[Any], limit: int | None, holds: Callable[[dict[str, Any]], Any] | None, step: Step
) -> Iterator[Any]:
    names = dict(step.names)
    index = taken = 0
    for item in source if limit != 0 else ():
        if item is NOTHING_YET:
            yield item
            continue
        names["item"], names["index"] = item, index
        index += 1
        if holds is None or truth(holds(names)):
            yield item
            taken += 1
            if taken == limit:
                return
        else:
            yield NOTHING_YET


def _holds(where: str | None) -> Callable[[dict[str, Any]], Any] | None:
    if where is None:
        return None
    from tui_workflow.flow.template import compile_expression

    return compile_expression(where).render


def _chunked(items: Iterator[Any], size: int | None) -> Iterator[Any]:
    return items if size is None else _chunks(items, size)


def _chunks(items: Iterator[Any], size: int) -> Iterator[Any]:
    chunk: list[Any] = []
    for item in items:
        if item is NOTHING_YET:
            yield item
            continue
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
