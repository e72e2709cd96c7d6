"""What a run file says of its run as a whole, fixed when the run starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_workflow import values


@dataclass(frozen=True, slots=True)
class RunMeta:
    """`path` is the real path of the flow file; `params` are encoded values by name, without the secret ones.

    `secrets` are the names of secret parameters, whose values are stored nowhere. `options` are JSON values that a resume must
    know, such as `limit`.
    """

    run: str
    flow: str
    path: str
    params: Mapping[str, bytes] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, bytes]]:
        """The rows of the table `run`."""
        params = {name: json.loads(value) for name, value in self.params.items()}
        record = {
            "run": self.run,
            "flow": self.flow,
            "path": self.path,
            "params": params,
            "secrets": self.secrets,
            "options": self.options,
        }
        return [(name, _dumps(value)) for name, value in record.items()]

    @classmethod
    def read(cls, rows: Mapping[str, bytes]) -> RunMeta:
        """The inverse of `rows`. Raises ValueError or KeyError for what is none."""
        record = {name: json.loads(rows[name]) for name in ("run", "flow", "path", "params", "secrets", "options")}
        params = {name: _dumps(value) for name, value in record["params"].items()}
        return cls(record["run"], record["flow"], record["path"], params, tuple(record["secrets"]), record["options"])

    def values(self) -> dict[str, Any]:
        """The parameters as Python values, secret ones left out."""
        return {name: values.decode(value) for name, value in self.params.items()}


def _dumps(value: Any) -> bytes:
    # Numbers keep their text both ways: the values codec tags what JSON would change.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
