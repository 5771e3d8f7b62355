"""The edges of the domain: AWS, Slack, and their twins in memory."""
