"""`python -m inspec_textfile` is `inspec-textfile`."""

from inspec_textfile.cli import main

main()
