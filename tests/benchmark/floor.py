"""The least that a program in Python can do: import the packages, parse every input, write as many bytes.

floor.py FOLDER BYTES_OF_FILE... -- INPUT...: with more than one file to write, pages are among them, which needs Markdown.
"""

import json
import sys

import click  # noqa: F401  # importing it is what is measured
import prometheus_client  # noqa: F401

_, folder, *words = sys.argv
sizes, inputs = words[: words.index("--")], words[words.index("--") + 1 :]
if len(sizes) > 1:
    import markdown_it  # noqa: F401

for path in inputs:
    with open(path, "rb") as file:
        json.loads(file.read())
for number, size in enumerate(map(int, sizes)):
    with open(f"{folder}/{number}", "wb") as file:
        file.write(b"x" * size)
