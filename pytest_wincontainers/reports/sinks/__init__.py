"""Where the evidence of a failing test is shown. Each sink takes `FailureEvidence` and knows one kind of report."""
