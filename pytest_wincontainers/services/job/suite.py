"""What stands in a test file for the tests of a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JobResults:
    """See `job_results`."""

    job: str


def job_results(job: str) -> JobResults:
    """The tests in the result files of a job, each as a test of its own.

    In a test file, `test_frontend = job_results("frontend")` runs the job called `frontend` and reports each of its
    tests under the name that the other tool gave it.
    """
    return JobResults(job)
