"""Results files: which ones there are, what they contain, and what it means."""
