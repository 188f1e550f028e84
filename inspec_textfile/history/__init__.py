"""What earlier runs of a report were, and what that makes of its newest one. docs/history.md explains the rules to users."""
