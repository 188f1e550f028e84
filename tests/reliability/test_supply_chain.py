"""What the base program never does: talk to a network, start a program, run data as code, load code from where it is started.

Proved twice: by Python's audit hook, which sees what the interpreter does, and by strace, which sees what the process does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from helpers.host import Host
from helpers.marks import long
from helpers.tracing import traced

AUDIT = r"""
import json, os, sys
NEVER = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pickle.", "ctypes.", "urllib.",
         "http.", "ftplib.", "smtplib.", "ssl.", "webbrowser.", "os.putenv", "os.chown", "os.link", "os.symlink", "shutil.",
         "tempfile.")
# Texts of their own, of which these make functions and classes.
MAKERS = ("/dataclasses.py", "/collections/__init__.py", "/typing.py", "/prometheus_client/decorator.py")
OURS = (".inspec-textfile-", ".inspec-textfile.lock")
seen = []
here = os.getcwd()

def is_our_own_data(event, arguments):
    # What a forked process of ours hands back, in memory that nobody else can write: classes of ours, and Counter.
    module, name = arguments[:2] if event == "pickle.find_class" else ("", "")
    return module.startswith("inspec_textfile.") or (module, name) == ("collections", "Counter")

def keeps_the_memory(event, arguments):
    # The memory of the run before is the old file under another name.
    return event == "os.link" and str(arguments[0]).startswith(".inspec.prom.state")

def hook(event, arguments):
    if event.startswith(NEVER) and not is_our_own_data(event, arguments) and not keeps_the_memory(event, arguments):
        seen.append([event, repr(arguments)])
    elif event in ("compile", "exec"):
        maker = sys._getframe(1).f_code.co_filename
        if not maker.startswith("<frozen ") and not maker.endswith(MAKERS):
            seen.append([event, maker, repr(arguments)[:200]])
    elif event == "open":
        path, _, flags = arguments
        name = os.fsdecode(path) if isinstance(path, (str, bytes)) else ""
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and name and not name.startswith(OURS):
            seen.append(["written", name])
        if name and os.path.abspath(name).startswith(here) and os.path.exists(name):  # else it is below a folder's descriptor
            seen.append(["read from the working directory", name])
    elif event == "import" and arguments[1] and os.path.abspath(arguments[1]).startswith(here):
        seen.append([event, arguments[0], arguments[1]])

from inspec_textfile.__main__ import main
sys.addaudithook(hook)
sys.dont_write_bytecode = True
try:
    main()
finally:
    found = list(seen)
    with open(int(os.environ["ANSWER"]), "w") as answer:
        json.dump(found, answer)
"""


@pytest.fixture
def ready(host: Host) -> Host:
    """Results of every kind, more than a megabyte of them, so that several processes work; and a trap to be started in."""
    for case in ("7.1.16/overlay", "7.1.16/docs-markdown", "7.1.16/waivers", "1.51.21/linux-files", "7.1.16/noisy"):
        for number in range(40):
            host.add(case, f"{case.replace('/', '-')}-{number}.json")
    (host.results / "broken.json").write_text("__import__('os').system('touch /tmp/oops')")
    trap = host.root / "trap"
    trap.mkdir()
    for name in (
        "json",
        "click",
        "prometheus_client",
        "markdown_it",
        "inspec_textfile",
        "sitecustomize",
        "resource",
        "hashlib",
    ):
        (trap / f"{name}.py").write_text(f"open({str(host.root / 'sprung')!r}, 'w')\n")
    return host


def audited(host: Host, program: str) -> list[list[str]]:
    answer = host.root / "answer"
    with answer.open("w+") as file:
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, *host.options(), "--control-series", "all"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=host.root / "trap",
            env={"ANSWER": str(file.fileno())},
            pass_fds=[file.fileno()],
        )
    assert done.returncode == 1, done.stderr
    assert "broken.json: is not JSON" in done.stderr
    assert not (host.root / "sprung").exists()
    found: list[list[str]] = json.loads(answer.read_text())
    return found


@pytest.mark.parametrize("history", ["a report that broke", *map(long, ("first run", "same again"))])
def test_the_interpreter_does_nothing_of_the_kind(ready: Host, history: str) -> None:
    if history != "first run":
        ready.run("--control-series", "all")
    if history == "a report that broke":
        (ready.results / "7.1.16-overlay-0.json").write_text("{")

    assert audited(ready, AUDIT) == []


@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.socket()",
        "open('json.py')",
        long("import subprocess; subprocess.run(['true'])"),
        long("eval('1 + 1')"),
        long("exec(compile('1', 'x', 'exec'))"),
        long("import pickle; pickle.loads(pickle.dumps(print))"),
        long("open('/tmp/inspec-textfile-audit', 'a')"),
        long("sys.path.append(here); import only_here"),
    ],
)
def test_the_audit_sees_it(ready: Host, deed: str) -> None:
    """The proof that the test above can fail."""
    (ready.root / "trap" / "only_here.py").write_text("")
    program = AUDIT.replace("try:\n", f"try:\n    {deed}\n", 1)

    assert audited(ready, program)


def test_the_process_does_nothing_of_the_kind(ready: Host) -> None:
    done = traced(ready, "-e", "trace=%network,execve,execveat,ptrace,setuid,setgid,chown,fchown,linkat,symlinkat")

    assert done.returncode == 1
    # The memory of the run before is the old file under another name.
    others = [line for line in (ready.root / "trace").read_text().splitlines() if '".inspec.prom.state"' not in line]
    calls = re.findall(r"^\d+\s+(\w+)\(", "\n".join(others), re.MULTILINE)
    assert calls == ["execve"]


@pytest.mark.parametrize(
    "name",
    [
        *("PROMETHEUS_MULTIPROC_DIR", "PYTHONPATH", "LC_ALL"),
        *map(long, ("PYTHONSTARTUP", "HOME", "TMPDIR", "PYTHONIOENCODING", "TZ")),
    ],
)
def test_the_environment_steers_nothing_but_our_own_options(host: Host, name: str) -> None:
    """Run isolated, as the units do; what has the name of an option is one, and is documented."""
    host.add("7.1.16/ssh-baseline")
    files = []
    for value in (None, str(host.root / "none")):
        host.prom.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-I", "-m", "inspec_textfile", *host.options()],
            env={name: value} if value else {},
            cwd=host.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        files.append(
            [line for line in host.prom.read_text().splitlines() if "_textfile_" not in line and "# inspec" not in line]
        )
    assert files[0] == files[1]
    assert not (host.root / "none").exists()


LICENCES = {"click": "BSD", "prometheus_client": "Apache", "markdown-it-py": "MIT", "mdurl": "MIT"}
"""What the packages that are installed with this one come under; mdurl is markdown-it-py's own."""


@pytest.mark.parametrize("package", LICENCES)
def test_licences_of_what_is_installed_along(package: str) -> None:
    metadata = distribution(package).metadata
    said = [part for key in ("License-Expression", "License", "Classifier") for part in metadata.get_all(key) or []]
    stated = " ".join(part[:200] for part in said)

    assert LICENCES[package] in stated


def test_nothing_else_is_installed_along() -> None:
    needed: set[str] = set()
    waiting = ["inspec-textfile"]
    while waiting:
        for line in distribution(waiting.pop()).requires or []:
            name = re.split(r"[^\w.-]", line)[0].lower().replace("_", "-")
            if "extra ==" not in line and "platform_system" not in line and name not in needed:
                needed.add(name)
                waiting.append(name)

    assert needed == {name.replace("_", "-") for name in LICENCES}


def test_the_test_is_run_on_the_installed_package() -> None:
    assert (Path(sys.executable).parent / "inspec-textfile").exists()
