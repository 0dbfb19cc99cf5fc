"""What users see of a run: logs, their excerpts in test reports, screenshots, live status and summary."""
