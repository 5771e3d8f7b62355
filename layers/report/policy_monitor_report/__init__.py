"""The report: one page that shows what a ledger holds."""
