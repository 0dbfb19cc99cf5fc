"""What people see of a run: logs, parts of them in test reports, screenshots, live status and summary."""
