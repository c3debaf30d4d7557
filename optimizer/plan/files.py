"""The files of a run folder: what each holds, written with stable bytes, and read back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.data.files import digest
from optimizer.failpoints import reach
from optimizer.plan.audit.report import AuditReport
from optimizer.plan.audit.shortfalls import Shortfalls
from optimizer.plan.insight import Insight
from optimizer.plan.places import write_places
from optimizer.plan.plan import Plan, Termination
from optimizer.rules.books import Line
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 122_880
INSIGHTS = ("rows", "marginal", "fates", "kinds")
"""Tables of :class:`Insight`, each a Parquet file of its name."""


def write_files(plan: Plan, folder: Path) -> None:
    """Write every file of the run folder; the summary, which tells how long that took, last."""
    began = time.monotonic()
    reach("write contacts.parquet")
    with ThreadPoolExecutor(1) as beside:
        contacts = beside.submit(_parquet, plan.table, folder / "contacts.parquet", row_group_size=ROW_GROUP)
        _write_accounts(plan, folder)
        contacts.result()
    timings = _with_writing(plan.summary["timings"], time.monotonic() - began)
    _text(folder / "log.jsonl", "".join(json.dumps({"stage": k, "seconds": v}) + "\n" for k, v in timings.items()))
    _json(folder / "summary.json", {**plan.summary, "timings": timings})
    _json(
        folder / "manifest.json",
        {
            "run_id": plan.summary["run_id"],
            "seed": plan.summary["seed"],
            "versions": plan.summary["versions"],
            "scenario_folder": str(Path(plan.scenario.base).absolute()),
            "funnel": plan.funnel.to_dict("records"),
            "sentences": list(plan.sentences),
            "termination": {"detail": plan.termination.detail},
            "inputs": [dict(one) for one in plan.inputs],
            "files": {p.name: digest(p) for p in sorted(folder.iterdir())},
        },
    )


def _write_accounts(plan: Plan, folder: Path) -> None:
    """Write what is told of the contacts: its tables, its page and how they came about."""
    from optimizer.report import render

    for frame in ("constraints", "policies", "breakdown"):
        reach(f"write {frame}.csv")
        getattr(plan, frame).to_csv(folder / f"{frame}.csv", index=False, lineterminator="\n")
    _json(folder / "prices.json", dict(plan.prices))
    for name in INSIGHTS if plan.insight is not None else ():
        reach(f"write {name}.parquet")
        _parquet(getattr(plan.insight, name), folder / f"{name}.parquet")
    reach("write places.parquet")
    write_places(plan, folder)
    _json(folder / "audit.json", plan.audit.to_dict())
    _json(folder / "scores.json", dict(plan.scores))
    if plan.since is not None:
        _json(folder / "since.json", dict(plan.since))
    _text(folder / "scenario.yaml", plan.scenario.to_yaml())
    _text(folder / "report.html", render(plan))


def read_files(folder: Path) -> Plan:
    """Read a run folder back into a plan."""
    import pandas as pd
    import pyarrow.parquet as pq

    summary = _load(folder / "summary.json")
    manifest = _load(folder / "manifest.json")
    for name, wanted in manifest["files"].items():
        if name != "report.html" and digest(folder / name) != wanted:
            raise ValueError(f"{name} is not what the run wrote")
    text = (folder / "scenario.yaml").read_text(encoding="utf-8")
    return Plan(
        scenario=Scenario.parse(text, base=Path(manifest["scenario_folder"])),
        termination=Termination(summary["termination"], summary["limit"], manifest["termination"]["detail"]),
        table=pq.read_table(folder / "contacts.parquet"),
        constraints=pd.read_csv(folder / "constraints.csv", dtype={"name": str, "group": str, "sense": str}),
        policies=pd.read_csv(folder / "policies.csv", dtype={"name": str, "value_lost": float}),
        funnel=pd.DataFrame(manifest["funnel"], columns=["reason", "alone", "in_order"]),
        breakdown=pd.read_csv(folder / "breakdown.csv", dtype={"group": str, "contacts": int}),
        audit=_audit(_load(folder / "audit.json")),
        summary=summary,
        prices=_load(folder / "prices.json"),
        sentences=tuple(manifest["sentences"]),
        inputs=tuple(manifest["inputs"]),
        insight=read_insight(folder),
        scores=_load(folder / "scores.json"),
        since=_load(folder / "since.json") if (folder / "since.json").is_file() else None,
    )


def read_insight(folder: Path) -> Insight | None:
    """Return what a run left to explain it by, None where it left nothing."""
    import pyarrow.parquet as pq

    if not all((folder / f"{name}.parquet").is_file() for name in INSIGHTS):
        return None
    # Not read_table: it imports pandas, for longer than a question to a run takes otherwise.
    return Insight(*(pq.ParquetFile(folder / f"{name}.parquet").read() for name in INSIGHTS))


def _audit(found: dict[str, Any]) -> AuditReport:
    def line(row: dict[str, Any], broken: bool) -> Line:
        return Line(
            row["rule"],
            json.loads(row["group"]),
            row["sense"],
            Decimal(repr(row["limit"])),
            None if row["used"] is None else Decimal(repr(row["used"])),
            Decimal(repr(row["excess"])),
            broken=broken,
            report_only=row.get("report_only", False),
        )

    lines = [line(r, False) for r in found["constraints"]] + [line(r, True) for r in found["violations"]]
    return AuditReport(
        lines=tuple(lines),
        rules=tuple(found["rules"]),
        contacts=found["contacts"],
        value=Decimal(repr(found["value"])),
        penalties=Decimal(repr(found["penalties"])),
        objective=Decimal(repr(found["objective"])),
        bound=found["bound"],
        left_on_the_table=found["left_on_the_table"],
        shortfalls=Shortfalls.of_dict(told) if (told := found.get("shortfalls")) else None,
        notes=found["notes"],
    )


def _with_writing(timings: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Return the timings of the stages, the writing among them."""
    found = {name: spent for name, spent in timings.items() if name not in ("write", "total")}
    total = timings["total"] - timings.get("write", 0.0)
    return {**found, "write": round(seconds, 3), "total": round(total + seconds, 3)}


def _json(path: Path, content: dict[str, Any]) -> None:
    _text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _parquet(table: pa.Table, path: Path, **options: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd", **options)


def _text(path: Path, text: str) -> None:
    reach(f"write {path.name}")
    path.write_text(text, encoding="utf-8", newline="\n")


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
