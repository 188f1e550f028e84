"""The program: `inspec-textfile`, and `python -m inspec_textfile`."""

import atexit
import gc
import signal
import sys

if sys.version_info < (3, 9):  # noqa: UP036  # the single file may be run by any Python
    sys.exit("inspec-textfile: needs Python 3.9 or newer, and this is {}.{}".format(*sys.version_info))

# Until the work begins, Ctrl-C ends the program at once and without a word, as other signals do. A traceback from the middle
# of an import would tell nobody anything.
if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# The program creates almost no reference cycles. Looking for them takes 15 % of a run: as it imports and works, and once more
# as it exits, unless there is nothing left to look at.
gc.disable()
atexit.register(gc.freeze)

from inspec_textfile.cli import main  # noqa: E402  # imports are a part of it

if __name__ == "__main__":
    main()
