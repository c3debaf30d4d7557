"""A night in Airflow: run, then commit; a task that is run again has the same as_of, and so the same plan."""

import datetime as dt

from airflow import DAG
from airflow.operators.bash import BashOperator

RUN = """
code=0
contactopt run scenario.yaml --production --set as_of={{ data_interval_end.isoformat() }} || code=$?
[ $code -eq 0 ] || [ $code -eq 5 ]
"""
COMMIT = "contactopt commit {{ ti.xcom_pull(task_ids='run') }}"

with DAG(
    "contactopt",
    schedule="0 18 * * *",
    start_date=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
) as dag:
    # The last line of stdout, the run folder, is handed over; stderr must not follow it.
    run = BashOperator(task_id="run", bash_command=f"({RUN}) 2>> nightly.jsonl", cwd="/srv/contactopt")
    commit = BashOperator(task_id="commit", bash_command=COMMIT, cwd="/srv/contactopt")
    run >> commit
