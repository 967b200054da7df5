"""In a process of its own, whose libraries have not been told how many threads to use."""

import os
import subprocess
import sys

PROGRAM = """
import numpy
from threadpoolctl import threadpool_info, threadpool_limits
from foretaste.domain.thread_limits import one_thread_products

def threads():
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

threadpool_limits(2, user_api="blas")
before = threads()
with one_thread_products():
    within = threads()
print(within, threads() == before)
"""


def test_products_of_a_list_are_computed_in_one_thread_and_others_as_before() -> None:
    variables = {name: value for name, value in os.environ.items() if "_THREADS" not in name}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["1", "True"]
