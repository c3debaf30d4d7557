"""Each row of the contract on bad inputs and faults, and what tests it: a case of the table, or a test by its name."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.bad_inputs.kit import Bad, row
from tests.bad_inputs.test_bad_inputs import ALL
from tests.nights import Call

ROOT = Path(__file__).parents[2]
NAMES = {bad.name for bad in ALL}

ROWS: dict[str, str] = {
    # Scores, values, costs
    "NaN": "a score that is NaN; a score that is NaN, in Parquet",
    "null": "a score that is missing; a missing number of an offer; a missing number of a rule",
    "±inf": "a score that is infinite; a score that is minus infinity",
    "propensity below 0 or above 1": "a propensity below 0; a propensity in per cent",
    "negative value": "data/test_contracts.py::test_negative_values_are_legal; "
    "bad_inputs/test_every_row.py::test_a_negative_value_is_never_chosen_unless_needed",
    "negative cost": "a negative cost; an expected range that is not kept",
    "1e300, or 1e-12 beside 1e9": "1e300; 1e-12 beside 1e9",
    "all scores equal": "all scores equal",
    "text in a number column": "text in a number column; a decimal comma",
    "money with too many decimals": "plan/test_exact_sums.py::test_money_adds_up_to_the_last_cent; "
    "compile/test_quanta.py::test_decimals_as_written_are_kept_exactly",
    # Rules
    "minimum above maximum": "a minimum above its maximum; a minimum above the maximum of another rule",
    "minimum above what is eligible": "a minimum above what is eligible; a minimum that no customer can reach",
    "minimums that clash only together": "minimums that clash only together; pins that a rule forbids",
    "rule on an unknown offer, channel, column": "an unknown offer; an unknown channel; an unknown column; "
    "an unknown column of a condition; an unknown column of for_each; an unknown column of per",
    "rule that matches nothing": "a rule that matches nothing",
    "shares above 100 %": "a share above 100 %; a share in per cent; shares that sum above 100 %",
    "ratio with a zero denominator": "a ratio whose denominator is always zero; a ratio over a negative amount",
    "duplicate rule names": "duplicate rule names",
    "budget 0, negative, NaN": "bad_inputs/test_every_row.py::test_a_budget_of_0_is_legal_and_buys_nothing; "
    "a negative budget; a budget that is no number",
    "window of 0 days or longer than history": "a window of 0 days; a window longer than history",
    "cycle of prerequisites": "a cycle of prerequisites",
    "same rule twice": "the same rule twice",
    "limits table with a missing or repeated key": "a limits table with a missing key; "
    "a limits table with a repeated key; a limits table without its column",
    "at_most misspelt": "a misspelt key",
    # Keys, customers, time
    "null or empty customer id": "a customer id that is missing; a customer id that is empty text",
    '"007" against 7': "007 against 7; ids as text against numbers",
    "ids as floats beyond 2^53": "ids as floats beyond 2^53",
    "history keys that match nobody, or fewer than half": "history that matches nobody; "
    "history of which less than half matches",
    "duplicate candidate with other values": "a duplicate candidate with other values; an identical duplicate",
    "one customer with a million candidates": (
        "bad_inputs/test_every_row.py::test_one_customer_may_have_most_candidates"
    ),
    "customer missing from the customers table": "a customer missing from its table; an offer missing from its table",
    "a customer in two households": "a customer in two households",
    "slot not in the slots table": "a slot missing from its table; a slot that is no time",
    "slot in the past": "every slot outside the horizon; "
    "decide/test_decider.py::test_a_slot_outside_the_horizon_and_a_slot_of_the_past_are_refused",
    "naive timestamps beside aware ones": "naive timestamps beside aware ones",
    "slot in the hour that DST skips or repeats": "a slot in the hour that the clocks skip; "
    "a slot in the hour that the clocks repeat",
    "history in the future": "bad_inputs/test_bad_inputs.py::test_history_in_the_future_counts_as_committed; "
    "ledger/test_commit.py::test_future_commitments_count_in_windows_that_reach_back",
    "history older than allowed": "history older than allowed; "
    "cli/test_production.py::test_a_history_that_is_too_old_is_refused",
    # Files and databases
    "empty file, header only": "an empty file; a file of blank lines; a header alone; Parquet without rows",
    "missing column": "a missing column",
    "BOM, CRLF, Latin-1, UTF-16, ragged rows, quoted newlines": "Latin-1; UTF-16 without its mark; "
    "a row that is too short; a row that is too long; a NUL byte; a limits table with a row that is too short; "
    "data/test_csv_files.py::test_encodings_line_ends_and_delimiters_read_the_same; "
    "data/test_csv_files.py::test_quoted_newlines_delimiters_and_quotes_are_values",
    "truncated Parquet, bad page": "truncated Parquet; Parquet with a bad page; Parquet with a bad footer",
    "one bad file of 400": "one bad file of many; one file of many with other columns",
    "file changed while read": "faults/test_fault_table.py::test_an_input_that_changes_while_it_is_read_stops_the_run",
    "output folder equals an input": "an output folder that is the folder of the inputs; "
    "an earlier run that is an input and would be replaced; a ledger in the folder that would be replaced",
    "no permission": "data/test_sources.py::test_a_file_without_permission_is_the_machines_fault; "
    "plan/test_folder.py::test_a_place_without_permission_is_told_before_any_work",
    "read-only disk": "faults/test_fault_table.py::test_a_disk_that_is_read_only_is_found_before_the_solve",
    "database gone, in mid-read": "a database that is not set; "
    "data/test_databases.py::test_a_database_that_goes_away_in_mid_read_gives_no_half_of_a_table; "
    "data/test_databases.py::test_all_tables_of_an_address_are_read_in_one_snapshot",
    "wrong password": "data/test_databases.py::test_a_database_that_cannot_be_reached_is_told_without_its_password",
    "path that leaves the scenario's folder": "a name that leaves the folder; a limits table outside the folder",
    # Hostile content
    "YAML tags and alias bombs": "a YAML tag; a YAML bomb; YAML nested without end",
    "an expression with a sub-query, a file function, pragma, ; or 10⁵ brackets": "a sub-query; a file function; "
    "a pragma; a second statement; a hundred thousand nested brackets",
    "offer named =HYPERLINK(…)": (
        "security/test_names_that_run.py::test_no_table_for_people_begins_a_cell_with_a_formula; "
        "plan/test_deliver.py::test_no_cell_begins_like_a_formula_and_ids_stay_as_they_are"
    ),
    "<script> in any name": "security/test_names_that_run.py::test_a_script_in_a_name_stays_text_on_every_page",
    "pickle or executable": "a pickle; a pickle named CSV; a Python file as a table",
    "customer ids and secrets never in logs": "security/test_canary.py::test_no_error_names_a_customer; "
    "security/test_canary.py::test_no_output_of_a_good_night_names_a_customer_or_a_secret",
    # Faults
    "kill -9 at any moment, twice": "faults/test_failpoints.py::test_two_kills_in_a_row_leave_it_whole; "
    "faults/test_failpoints.py::test_what_is_published_or_recorded_is_whole_after_any_failure; "
    "plan/test_folder.py::test_a_kill_leaves_one_run_whole_and_the_next_run_clears_up",
    "disk full, write or fsync fails": (
        "plan/test_folder.py::test_every_failing_write_leaves_the_old_run_or_the_new_one; "
        "faults/test_fault_table.py::test_a_disk_that_fills_up_while_the_folder_is_written_keeps_the_old_one; "
        "faults/test_fault_table.py::test_a_limit_on_the_size_of_files_is_a_full_disk"
    ),
    "memory limit": "faults/test_fault_table.py::test_a_memory_limit_that_is_too_small_is_told_with_the_need",
    "time limit": "engines/test_exact.py::test_a_time_limit_returns_the_best_plan_and_a_valid_bound; "
    "test_time_limit.py::test_a_large_run_of_equal_scores_ends_within_two_seconds_of_its_limit_with_a_plan; "
    "engines/decomposition/test_cut_back.py::test_a_limit_that_has_passed_leaves_a_plan_and_a_true_bound; "
    "engines/decomposition/test_cold.py::"
    "test_a_limit_before_the_kernels_are_compiled_returns_the_greedy_plan_in_time_and_says_why; "
    "faults/test_lying_engines.py::test_an_engine_that_hangs_is_left_behind_and_usual_practice_takes_its_place; "
    "faults/test_lying_engines.py::test_an_engine_that_hangs_where_usual_practice_has_no_plan_ends_the_run_with_nothing",
    "Ctrl-C, SIGTERM": "cli/test_run.py::test_an_interrupted_run_stops_within_two_seconds; "
    "faults/test_fault_table.py::test_a_termination_before_the_solve_is_heard_and_nothing_is_left; "
    "faults/test_lying_engines.py::test_an_engine_that_hangs_does_not_keep_anybody_from_stopping_the_run",
    "two runs at once": "faults/test_fault_table.py::"
    "test_of_two_runs_on_one_folder_the_second_is_refused_and_the_first_is_whole; "
    "ledger/test_store.py::test_commits_at_the_same_time_do_not_mix",
    "a solver that lies": "faults/test_lying_engines.py::test_a_lie_is_found_out_and_nothing_is_published; "
    "faults/test_lying_engines.py::"
    "test_an_engine_that_fails_when_asked_for_by_name_gives_way_to_usual_practice_and_that_is_said",
    "row order, partitions, threads": "properties/test_same_bytes.py::test_no_order_changes_a_byte; "
    "properties/test_same_bytes.py::test_the_number_of_threads_changes_no_byte",
}


@cache
def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("said", ROWS)
def test_each_row_of_the_contract_has_tests_that_are_there(said: str) -> None:
    for one in ROWS[said].split("; "):
        file, _, name = one.partition("::")
        if file.endswith(".py"):
            assert (ROOT / "tests" / file).is_file(), one
            assert not name or name in names_in(ROOT / "tests" / file), one
        else:
            assert one in NAMES, one


def test_a_negative_value_is_never_chosen_unless_needed(night: Path, contactopt: Call) -> None:
    files = {"candidates.csv": row(2, value="-20")}
    for code, rule, chosen in ((5, "", ["C1", "C3"]), (5, "at_least: 3, ", ["C1", "C2", "C3"])):
        change = (("total: cost, at_most: 100", f"total: contacts, {rule}at_most: 100"),)
        Bad("", code, (), change=change, files=files).write(night)
        assert contactopt("run", "scenario.yaml", "--out", "plan").code == code
        assert sorted(pq.read_table("plan/contacts.parquet")["customer"].to_pylist()) == chosen


def test_a_budget_of_0_is_legal_and_buys_nothing(night: Path, contactopt: Call) -> None:
    free = row(2, cost="0")
    Bad("", 0, (), change=(("at_most: 100", "at_most: 0"),), files={"candidates.csv": free}).write(night)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 5
    assert pq.read_table("plan/contacts.parquet")["customer"].to_pylist() == ["C2"]


def test_one_customer_may_have_most_candidates(night: Path) -> None:
    """One of sixty thousand candidates beside small ones; a million of one customer took 1.6 GB, within its limit."""
    duckdb.sql(
        "SELECT CASE WHEN i < 60000 THEN 'C1' ELSE 'D' || i END AS customer, 'o' || (i % 5000) AS offer, "
        "DATE '2026-11-23' + CAST(i // 5000 % 7 AS INTEGER) AS slot, 'c' || (i // 35000) AS channel, "
        "0.5 AS propensity, 1.0 + i % 97 AS value, 1.0 AS cost FROM range(60100) t(i)"
    ).write_parquet(str(night / "candidates.parquet"))
    Bad("", 5, (), change=(("candidates.csv", "candidates.parquet"), ("at_most: 100", "at_most: 9"))).write(night)
    command = [sys.executable, str(ROOT / "cli.py"), "run", "scenario.yaml", "--json", "--memory-limit", "1 GB"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["candidates"], summary["contacts"]) == (60_100, 9)
    assert summary["peak_memory"] < 10**9
