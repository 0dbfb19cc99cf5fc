from pytest_wincontainers import job_results

test_frontend = job_results("frontend")
