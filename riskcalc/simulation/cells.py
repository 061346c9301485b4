"""One cell of an experiment: its name, its seeds, and a trial of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from riskcalc.arguments import FloatArray
from riskcalc.model import Model, importable_name
from riskcalc.simulation.measures import Measures
from riskcalc.simulation.procedures import procedure

ALGORITHM = 1  # raise it when the draws change, so that a store never mixes the old and the new


@dataclass(frozen=True)
class Cell:
    """Data without noise level, estimator without the path of its ridge, a size; how labels are treated and judged."""

    data: Model
    estimator: Model
    n_samples: int
    label_noise: str = "averaged"
    measures: Measures = field(default_factory=dict)
    test_data: Model | None = None
    route: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        for name, measure in self.measures.items():
            importable_name(measure, name)
        return self.__dict__

    @property
    def key(self) -> str:
        """SHA-256 that names the cell in a store and seeds its trials, in hexadecimal."""
        words = [
            f"riskcalc {ALGORITHM}",
            ",".join(self.fields),
            self.data.digest().hex(),
            self.estimator.digest().hex(),
            str(self.n_samples),
        ]
        words += [str(self.n_samples), self.label_noise] + [
            f"{name}={importable_name(f, name)}" for name, f in sorted(self.measures.items())
        ]
        words += [self.test_data.digest().hex()] if self.test_data else []
        words += [f"route {self.route}"] if self.route else []
        return hashlib.sha256("\n".join(words).encode()).hexdigest()

    @property
    def description(self) -> str:
        """What the cell is, as JSON for people who query a store."""
        words = {"data": repr(self.data), "estimator": repr(self.estimator), "n_samples": self.n_samples}
        words |= {"test_data": repr(self.test_data)} if self.test_data else {}
        words |= {"route": self.route} if self.route else {}
        return json.dumps(words | {"label_noise": self.label_noise, "fields": self.fields})

    @property
    def seed_words(self) -> tuple[int, ...]:
        """The draws depend on data, estimator, size and route alone: averaged and drawn noise see the same features."""
        text = f"{ALGORITHM}{self.data.digest().hex()}{self.estimator.digest().hex()}{self.n_samples}{self.route or ''}"
        digest = hashlib.sha256(text.encode()).digest()
        return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4))

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what a trial measures."""
        return (*procedure(self.data, self.estimator, self.route).fields, *self.measures)

    def run(self, entropy: int, trial: int, points: FloatArray) -> FloatArray:
        """Values of shape (fields, points) of one trial; each point is a pair (value along the path, noise)."""
        seed = np.random.SeedSequence(entropy, spawn_key=(*self.seed_words, trial))
        return procedure(self.data, self.estimator, self.route).trial(self, np.random.default_rng(seed), points)
