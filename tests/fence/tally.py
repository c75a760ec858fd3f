"""What a check tried, printed where `-s` or `-rP` shows it: its seed, how many operations, how many violations."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """One line at the end, "T03 sockets, seed 7: 0 of 1000". Fails on any violation, and when nothing was tried."""

    check: str
    seed: int | None = None
    tried: int = 0
    about: dict[str, int] = field(default_factory=dict)  # what else is worth a number
    violations: list[str] = field(default_factory=list)

    def that(self, held: bool, told: str) -> None:
        """One more operation; `told` says what was violated if it did not hold."""
        self.tried += 1
        if not held:
            self.violations.append(told)

    def count(self, name: str, more: int = 1) -> None:
        self.about[name] = self.about.get(name, 0) + more

    def __enter__(self) -> Tally:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self.close()

    def close(self, at_least: int = 1) -> None:
        seed = "" if self.seed is None else f", seed {self.seed}"
        more = "".join(f", {value} {name}" for name, value in self.about.items())
        print(f"{self.check}{seed}: {len(self.violations)} of {self.tried}{more}")  # noqa: T201
        assert not self.violations, "\n".join(self.violations[:20])
        assert self.tried >= at_least, "nothing was tried"
