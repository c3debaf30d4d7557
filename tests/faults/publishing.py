"""The failpoint loop over publishing and over whole nights: run as a process, so that nothing else has threads in it.

``python -m tests.faults.publishing STEP EVERY TWICE`` prints what broke its promise, as JSON: an empty list.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import optimizer
from optimizer import failpoints
from optimizer.plan.deliver import deliver
from optimizer.plan.folder import point_latest, publish
from optimizer.plan.plan import Plan
from optimizer.scenario import Scenario
from tests.faults.turns import BROKEN, DIED, DONE, FAILED, at, beside, in_child, places

OWN = {"summary.json", "log.jsonl", "manifest.json"}
"""Files that say when and how fast."""
WEEK = """\
version: 1
name: night
as_of: 2026-11-22T18:00:00+00:00
horizon: {{start: 2026-11-23, days: 2}}
data: {{candidates: candidates.csv}}
objective: {{maximize: propensity}}
contact_policies: [{{name: one, at_most: {most}, within: 7 days}}]
constraints: [{{name: budget, total: cost, at_most: 9}}]
solve: {{engine: greedy}}
"""
CANDIDATES = """\
customer,offer,channel,slot,propensity,cost
C1,card,email,2026-11-23,0.5,1.5
C1,loan,email,2026-11-24,0.4,2
C2,card,email,2026-11-24,0.3,1
C3,loan,sms,2026-11-24,0.2,1
"""


def scenario(folder: Path, most: int) -> Scenario:
    """Return a night with one or two contacts for each."""
    (folder / "candidates.csv").write_text(CANDIDATES)
    return Scenario.parse(WEEK.format(most=most), base=folder, file="night.yaml")


def whole(folder: Path) -> str:
    """Return the hash of a published folder, and refuse one that is not as its manifest says."""
    manifest = json.loads((folder / "manifest.json").read_text())
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert {**manifest["files"], "manifest.json": found["manifest.json"]} == found, f"{folder} is not whole"
    return sha256(json.dumps({n: h for n, h in found.items() if n not in OWN}, sort_keys=True).encode()).hexdigest()


def delivered(folder: Path) -> str:
    """Return the hash of a delivery, and refuse one that is not as its index says."""
    index = json.loads((folder / "deliveries.json").read_text())
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert {f["file"]: f["sha256"] for f in index["files"]} == {
        n: h for n, h in found.items() if n != "deliveries.json"
    }
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


class World:
    """A folder in which an earlier run stands, made anew for every turn."""

    def __init__(self, root: Path, before: Callable[[Path], Any], state: Callable[[Path], str]) -> None:
        self.model, self.here, self.state = root / "model", root / "here", state
        self.model.mkdir()
        before(self.model)
        self.old = state(self.model)

    def again(self) -> Path:
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(self.model, self.here, symlinks=True)
        return self.here


@dataclass(frozen=True)
class Effort:
    """How much is tried: each ``every``-th failpoint, and after a kill there, a second one at ``twice`` places."""

    every: int = 1
    twice: int = 0


def loop(world: World, work: Callable[[], Any], effort: Effort, *, only: str = "") -> Iterator[str]:
    """Yield what broke its promise, at failpoints that begin with ``only``, with both faults."""
    world.again()
    names = places(work)
    new = world.state(world.here)
    assert new != world.old
    clean = beside(world.here)
    for number, place in enumerate(names, start=1):
        if number % effort.every or not place.startswith(only):
            continue
        for fault in ("fails", "dies"):
            world.again()
            ending, said = in_child(work, at(number, fault))  # type: ignore[arg-type]
            turn = f"{place} ({number} of {len(names)}) {fault}"
            if ending == BROKEN or ending == (FAILED if fault == "dies" else DIED):
                yield f"{turn}: ended as {ending}: {said}"
                continue
            yield from _promise(world, turn, {world.old, new} if ending != DONE else {new})
            if ending == FAILED and "still stands" in said and world.state(world.here) != world.old:
                yield f"{turn}: said that the old one stands, and it does not"
            seconds = range(1, len(names) + 1, max(1, len(names) // effort.twice)) if effort.twice else ()
            for second in seconds if fault == "dies" else ():
                in_child(work, at(second, "dies"))
                yield from _promise(world, f"{turn}, then {names[second - 1]} dies", {world.old, new})
            ending, said = in_child(work)
            if ending != DONE or beside(world.here) != clean:
                yield f"{turn}: the next run ended as {ending}: {said}; beside it: {beside(world.here)}"
            yield from _promise(world, f"{turn}, then all well", {new})
    ending, _ = in_child(work, at(len(names) + 1, "dies"))
    if ending != DONE:
        yield "there is one failpoint more than was counted"


def _promise(world: World, turn: str, allowed: set[str]) -> Iterator[str]:
    try:
        found = world.state(world.here)
    except (AssertionError, OSError, ValueError) as error:
        yield f"{turn}: {error}"
        return
    if found not in allowed:
        yield f"{turn}: it is neither the old one nor the new one"


def publishing(root: Path, effort: Effort) -> Iterator[str]:
    """A run folder is replaced."""
    plan = optimizer.solve(scenario(root, 2))
    earlier = optimizer.solve(scenario(root, 1))
    world = World(root, lambda here: publish(earlier, here / "plan"), lambda here: whole(here / "plan"))
    yield from loop(world, lambda: str(publish(plan, world.here / "plan")), effort)


def a_new_folder(root: Path, effort: Effort) -> Iterator[str]:
    """A run folder is made beside earlier ones, and ``latest`` points to it."""
    plan = optimizer.solve(scenario(root, 2))
    earlier = optimizer.solve(scenario(root, 1))

    def run(here: Path, one: Plan, name: str) -> None:
        publish(one, here / name)
        point_latest(here / name)

    world = World(root, lambda here: run(here, earlier, "one"), lambda here: whole(here / "latest"))
    yield from loop(world, lambda: run(world.here, plan, "two"), effort)


def delivering(root: Path, effort: Effort) -> Iterator[str]:
    """Hand-over lists are replaced."""
    plan = optimizer.solve(scenario(root, 2))
    earlier = optimizer.solve(scenario(root, 1))
    world = World(root, lambda here: deliver(earlier, here / "lists"), lambda here: delivered(here / "lists"))
    yield from loop(world, lambda: len(deliver(plan, world.here / "lists")), effort)


def nights(root: Path, effort: Effort) -> Iterator[str]:
    """A whole run, disturbed at each border between its stages."""
    earlier, tonight = scenario(root, 1), scenario(root, 2)
    world = World(root, lambda here: optimizer.solve(earlier).save(here / "plan"), lambda here: whole(here / "plan"))
    for border in ("begin", "end"):
        yield from loop(world, lambda: str(optimizer.solve(tonight).save(world.here / "plan")), effort, only=border)


def staying_close(root: Path, effort: Effort) -> Iterator[str]:
    """A night that stays close to the newest earlier run of a folder, in which it is published itself."""
    last = scenario(root, 1).replace({"as_of": "2026-11-21T18:00:00+00:00"})

    def tonight(here: Path) -> str:
        close = scenario(root, 2).replace({"stability": {"previous": str(here), "keep": 1}})
        publish(optimizer.solve(close), here / "tonight")
        point_latest(here / "tonight")
        return str(here)

    def before(here: Path) -> None:
        publish(optimizer.solve(last), here / "last")
        point_latest(here / "last")

    world = World(root, before, lambda here: whole(here / "latest"))
    yield from loop(world, lambda: tonight(world.here), effort)


def careless(root: Path, effort: Effort) -> Iterator[str]:
    """Two files are written in place: not a way to publish, and the loop must say so."""

    def write(here: Path, text: str) -> None:
        for name in ("one", "two"):
            failpoints.reach(f"write {name}")
            (here / name).write_text(text)

    world = World(
        root, lambda here: write(here, "old"), lambda here: "".join(p.read_text() for p in sorted(here.iterdir()))
    )
    yield from loop(world, lambda: write(world.here, "new"), effort)


STEPS = {step.__name__: step for step in (publishing, a_new_folder, delivering, nights, staying_close, careless)}


def main(steps: Mapping[str, Callable[[Path, Effort], Iterator[str]]]) -> None:
    """Print what a step finds: ``STEP EVERY TWICE``."""
    step, every, twice = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(list(steps[step](Path(folder), Effort(int(every), int(twice))))))


if __name__ == "__main__":
    main(STEPS)
