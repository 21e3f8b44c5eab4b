"""Reports (统计报表): figures of a period, analysis, satisfaction, reports by e-mail."""
