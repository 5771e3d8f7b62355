"""The command policy-monitor."""
