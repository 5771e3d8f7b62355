"""policy-monitor: what a third party may do in your account, and what changed."""
