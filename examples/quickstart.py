"""Handlers of quickstart.yaml: plain functions. A handler gets the item first and the step's inputs by name."""

import gzip
import hashlib
import json
import random
import re
import time
from collections import Counter
from pathlib import Path

from tui_workflow import progress

FOLDER = Path("out/quickstart")  # relative paths start from the flow's folder
WORDS = ["batch", "step", "item", "slot", "queue", "retry", "worker", "result", "error", "limit", "record", "page",
         "index", "table", "field", "value", "source", "target", "harbour", "river", "lantern", "copper", "meadow",
         "signal", "winter", "orchard"]  # fmt: skip

CUT_SHORT = (17, 58, 93)  # as by a full disk
WITHOUT_TITLE = (29, 76)
WRONG_ENCODING = (41, 110)


def write_documents(count):
    """Write the documents and return their names. The same seed each time: the same documents each time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(1, count + 1):
        name = f"doc-{number:03}"
        (FOLDER / f"{name}.json.gz").write_bytes(_document(number))
        names.append(name)
        progress(number, count)
    print(f"wrote {count} documents to {FOLDER}")
    return names


def _document(number):
    dice = random.Random(number)
    pages = [" ".join(dice.choices(WORDS, k=dice.randint(150, 400))) for _ in range(dice.randint(6, 20))]
    document = {"title": f"{dice.choice(WORDS)} and {dice.choice(WORDS)}", "pages": pages}
    if number in WITHOUT_TITLE:
        del document["title"]
    text = json.dumps(document, ensure_ascii=False)
    encoding = "utf-8"
    if number in WRONG_ENCODING:
        text, encoding = text.replace("harbour", "Hafenämter"), "latin-1"
    packed = gzip.compress(text.encode(encoding), mtime=0)
    return packed[: len(packed) // 2] if number in CUT_SHORT else packed


def read_document(name, pace, attempt):
    """Read one document, page by page. `attempt` is filled in because the handler declares it."""
    if int(name[-3:]) % 8 == 3 and attempt == 1:
        raise TimeoutError("the shelf did not answer; it is busy now and then")
    document = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode("utf-8"))
    title, pages = document["title"], document["pages"]
    print(f"{name}: {title!r}, {len(pages)} pages")
    counted = Counter()
    digest = hashlib.sha256()
    size = packed = 0
    for number, page in enumerate(pages, start=1):
        counted.update(re.findall(r"\w+", page))
        digest.update(page.encode())
        size += len(page)
        packed += len(gzip.compress(page.encode()))
        time.sleep(pace)
        progress(number, len(pages))
    return {
        "title": title,
        "pages": len(pages),
        "words": sum(counted.values()),
        "top": counted.most_common(5),
        "size": size,
        "packed": packed,
        "sha256": digest.hexdigest(),
    }


def count_words(steps):
    """Fold the results of the documents that were read. The sequence is read from the run file piece by piece."""
    total = Counter()
    words = pages = size = packed = 0
    for record in steps["read_documents"]["completed_items"]:
        found = record["result"]
        words += found["words"]
        pages += found["pages"]
        size += found["size"]
        packed += found["packed"]
        total.update(dict(found["top"]))
    print(f"{words} words in {pages} pages")
    return {
        "words": words,
        "pages": pages,
        "packed_percent": round(100 * packed / size) if size else 0,
        "top": total.most_common(10),
    }
