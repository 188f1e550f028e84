"""The Debian package: lintian, and its life on a fresh Debian 12 from installation to purge."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.bookworm import fresh_bookworm
from helpers.host import parse_series
from helpers.isolated_host import IsolatedHost, isolated_host
from helpers.needs import require
from helpers.paths import REPOSITORY
from helpers.servers import eventually

pytestmark = pytest.mark.long

SAMPLE = REPOSITORY / "tests" / "data" / "sample"
METRICS = "/var/lib/inspec-textfile"
TEXTFILES = "/var/lib/prometheus/node-exporter"
"""node_exporter's folder, where the package puts a link to the metrics."""
PAGES = "/usr/local/etc/inspec-reports"
RESULTS = "/usr/local/etc/inspec-results"
SETTINGS = "/etc/default/inspec-textfile"
TARGETS = ("sysinit", "basic", "network-online", "shutdown", "umount")
# Not the package's: what FIRST makes, and the backups of the files with the user, who stays (inspec-textfile.postrm says why).
AROUND = {f"/etc/systemd/system/{target}.target" for target in TARGETS} | {
    *("/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock")
}
# Of processes, the package manager, other packages, and these tests.
ELSEWHERE = "dev opt proc mnt root run srv sys tmp usr/share var/cache var/lib/apt var/lib/dpkg var/lib/systemd var/log var/tmp"

# The first process waits, then is systemd, with a network of its own. Of the units of Debian only those of this package run.
FIRST = f"""
until [ -e /run/boot ]; do sleep 0.2; done
for folder in /lib/systemd/system/*.wants /etc/systemd/system/sysinit.target.wants; do mount -t tmpfs tmpfs $folder; done
for target in {" ".join(TARGETS)}; do
    printf '[Unit]\\nDefaultDependencies=no\\n' >/etc/systemd/system/$target.target
done
mount -o bind,ro /proc/sys /proc/sys
export container=test
exec unshare --net /lib/systemd/systemd --unit=sysinit.target
"""
PREPARE = """
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo 'force-unsafe-io' >/etc/dpkg/dpkg.cfg.d/test
"""


# Before version 1.0.0: the converter wrote into node_exporter's folder.
OLD_STEP = f"""
if [ "$1" = configure ] || [ "$1" = triggered ]; then
    chgrp inspec-textfile {TEXTFILES}
    chmod g+w {TEXTFILES}
    chgrp inspec-textfile {SETTINGS}
fi
"""


def package_of(release: Path) -> Path:
    (package,) = release.glob("*.deb")
    return package


def done(host: IsolatedHost, command: str, seconds: float = 300) -> str:
    """Run a shell command that must succeed, and return what it said."""
    run = host.run("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "sh", "-c", command, seconds=seconds)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return run.stdout + run.stderr


def files(host: IsolatedHost) -> set[str]:
    """Return all files and folders that a package may leave behind."""
    prune = " -o ".join(f"-path /{folder}" for folder in ELSEWHERE.split())
    return set(done(host, rf"find / \( {prune} \) -prune -o -print").splitlines())


@pytest.fixture(scope="module")
def packages(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, and with the same as an older version."""
    folder = tmp_path_factory.mktemp("packages")
    content = folder / "content"
    subprocess.run(["dpkg-deb", "--raw-extract", package_of(release), content], check=True)
    control = content / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 0~"))
    make_old(content)
    # An older one that lacks a setting and has a file that is gone since.
    (content / "etc" / "default" / "inspec-textfile").write_text("# older\n")
    (content / "usr" / "lib" / "python3" / "dist-packages" / "inspec_textfile" / "gone.py").write_text("")
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", content, folder / "older.deb"], check=True, capture_output=True
    )
    (folder / "newer.deb").write_bytes(package_of(release).read_bytes())
    (folder / "newer.deb").chmod(0o644)
    return folder


def make_old(content: Path) -> None:
    """Take away what makes the converter's own folder."""
    postinst = content / "DEBIAN" / "postinst"
    text, found, _ = postinst.read_text().partition("# node_exporter's folder is root's")
    assert found
    postinst.write_text(text + OLD_STEP)
    folders = content / "usr" / "lib" / "tmpfiles.d" / "inspec-textfile.conf"
    lines = [line for line in folders.read_text().splitlines() if METRICS not in line]
    folders.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def bookworm(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedHost]:
    """A fresh Debian 12, with the network of this machine until it boots: apt fetches what the package depends on."""
    binds = {"packages": packages, "sample": SAMPLE}
    folder = tmp_path_factory.mktemp("bookworm")
    with isolated_host(folder, ["sh", "-c", FIRST], PREPARE, own_network=False, root=fresh_bookworm(), binds=binds) as made:
        done(made, "apt-get -qq update")
        # Not what is tried here, and apt would fetch a great deal with it.
        done(made, "apt-get -qq install --no-install-recommends prometheus-node-exporter")
        yield made


@pytest.fixture(scope="module")
def before(bookworm: IsolatedHost) -> set[str]:
    """The files there are without the package but with what it depends on."""
    dependencies = "systemd python3-click python3-markdown-it python3-prometheus-client"
    done(bookworm, f"apt-get -qq install --no-install-recommends {dependencies}")
    return files(bookworm)


@pytest.fixture(scope="module")
def older(bookworm: IsolatedHost, before: set[str]) -> IsolatedHost:
    """The host with an older version of the package, as apt installs it with nothing but what it depends on."""
    assert before
    done(bookworm, "apt-get -qq install --no-install-recommends /opt/inspec-textfile/packages/older.deb")
    return bookworm


@pytest.fixture(scope="module")
def upgraded(older: IsolatedHost) -> IsolatedHost:
    """The host with the package, which an administrator has set up before."""
    done(older, "echo 'linux /opt/profile' >>/etc/inspec-textfile.conf; systemctl enable inspec.timer")
    done(older, f"install -m 640 -g inspec-textfile /opt/inspec-textfile/sample/ssh-baseline.json {RESULTS}")
    done(older, f"runuser -u inspec-textfile -- inspec-textfile && ln -s /etc/passwd {TEXTFILES}/.inspec.prom.old")
    done(older, "apt-get -qq install --no-install-recommends /opt/inspec-textfile/packages/newer.deb")
    return older


def test_lintian_has_nothing_to_say(release: Path) -> None:
    """But for what contrib/debian/inspec-textfile.lintian-overrides gives a reason for."""
    # Without systemd there is examples/cron. Newer lintians do not have this tag, so an override would be wrong there.
    unwanted = "--suppress-tags=package-supports-alternative-init-but-no-init.d-script"
    command = ["lintian", "--allow-root", "--pedantic", "--display-info", unwanted]
    require("lintian", "lintian")

    run = subprocess.run([*command, package_of(release)], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout) == (0, ""), run.stderr


def test_installation_makes_user_and_folders(older: IsolatedHost) -> None:
    listed = done(older, f"stat -c '%n %a %U %G' {RESULTS} {PAGES} {SETTINGS} /etc/inspec-textfile.conf").splitlines()

    assert listed == [
        f"{RESULTS} 2750 root inspec-textfile",
        f"{PAGES} 2750 inspec-textfile inspec-textfile",
        f"{SETTINGS} 640 root inspec-textfile",
        "/etc/inspec-textfile.conf 640 root root",
    ]


def test_installation_enables_nothing(older: IsolatedHost) -> None:
    run = older.run("systemctl", "is-enabled", "inspec.timer", "inspec.service", "inspec-textfile.service")

    assert run.stdout.split() == ["disabled", "static", "static"]
    assert not older.path("/etc/cron.d/inspec-textfile").exists()


def test_the_units_are_valid(older: IsolatedHost) -> None:
    done(older, "systemd-analyze verify --man=no /usr/lib/systemd/system/inspec*.service /usr/lib/systemd/system/inspec.timer")


def test_the_installed_program_runs(older: IsolatedHost) -> None:
    said = done(older, "cd /mnt && inspec-textfile -o a.prom --reports-dir pages /opt/inspec-textfile/sample")

    assert said == ""
    assert "inspec_controls{" in older.path("/mnt/a.prom").read_text()
    assert older.path("/mnt/pages/index.html").exists()


def test_its_user_can_run_it_by_hand_with_the_settings(upgraded: IsolatedHost) -> None:
    run = upgraded.run("runuser", "-u", "inspec-textfile", "--", "inspec-textfile", "--settings", SETTINGS, "--check")

    assert f"ok       pages: {PAGES}" in run.stdout
    assert f"ok       metrics: {METRICS}" in run.stdout
    assert run.stderr == ""


@pytest.mark.parametrize(
    "path",
    [
        "/usr/share/bash-completion/completions/inspec-textfile",
        "/usr/share/zsh/vendor-completions/_inspec-textfile",
        "/usr/share/fish/vendor_completions.d/inspec-textfile.fish",
        "/usr/share/man/man1/inspec-textfile.1.gz",
        "/usr/share/man/man8/run_inspec.sh.8.gz",
    ],
)
def test_completion_and_manual_pages_are_there(older: IsolatedHost, path: str) -> None:
    assert path in done(older, "dpkg -L inspec-textfile").splitlines()


def test_bash_completes_options(older: IsolatedHost) -> None:
    script = """
    . /usr/share/bash-completion/completions/inspec-textfile
    COMP_WORDS=(inspec-textfile --report) COMP_CWORD=1
    _inspec_textfile_completion inspec-textfile
    printf '%s\\n' "${COMPREPLY[@]}"
    """

    run = older.run("bash", "-c", script)

    assert run.stdout.split() == ["--reports-dir", "--report-name"], run.stderr


def test_an_upgrade_keeps_what_the_administrator_and_the_program_wrote(upgraded: IsolatedHost) -> None:
    assert "linux /opt/profile" in upgraded.path("/etc/inspec-textfile.conf").read_text()
    assert "# older" not in upgraded.path(SETTINGS).read_text(), "a setting that nobody changed is replaced"
    assert upgraded.run("systemctl", "is-enabled", "inspec.timer").stdout.split() == ["enabled"]
    assert upgraded.path(f"{METRICS}/.inspec.prom.state").exists()
    assert "inspec_controls{" in done(upgraded, f"cat {TEXTFILES}/inspec.prom")
    assert not upgraded.path("/usr/lib/python3/dist-packages/inspec_textfile/gone.py").exists()
    assert done(upgraded, "dpkg --audit") == ""
    assert done(upgraded, "dpkg --verify inspec-textfile | grep -v ' c /etc/inspec-textfile.conf$' || true") == ""


def test_an_upgrade_takes_node_exporters_folder_back_from_the_converter(upgraded: IsolatedHost) -> None:
    paths = f"{METRICS} {METRICS}/inspec.prom {TEXTFILES} {TEXTFILES}/inspec.prom /etc/passwd"

    assert done(upgraded, f"stat -c '%a %U %G %N' {paths}").splitlines() == [
        f"755 inspec-textfile inspec-textfile '{METRICS}'",
        f"644 inspec-textfile inspec-textfile '{METRICS}/inspec.prom'",
        f"755 root root '{TEXTFILES}'",
        f"777 root root '{TEXTFILES}/inspec.prom' -> '{METRICS}/inspec.prom'",
        "644 root root '/etc/passwd'",
    ]
    assert upgraded.run("runuser", "-u", "inspec-textfile", "--", "touch", f"{TEXTFILES}/apt.prom").returncode != 0


def test_what_stands_in_the_place_of_node_exporters_folder_is_left_alone(upgraded: IsolatedHost) -> None:
    """The folder above belongs to the user prometheus, who may put a link there."""
    done(upgraded, f"mv {TEXTFILES} /var/tmp/aside && install -d -m 775 -g inspec-textfile /srv/precious")
    done(upgraded, f"ln -s /srv/precious {TEXTFILES} && dpkg-reconfigure inspec-textfile")
    found = done(upgraded, "stat -c '%a %U %G' /srv/precious; ls -A /srv/precious")
    done(upgraded, f"rm -r {TEXTFILES} /srv/precious && mv /var/tmp/aside {TEXTFILES}")

    assert found.splitlines() == ["775 root inspec-textfile"]


@pytest.fixture(scope="module")
def booted(upgraded: IsolatedHost) -> IsolatedHost:
    """The host under systemd, with a program in InSpec's place that prints a genuine report."""
    done(upgraded, "mkdir /srv/bin && cp /opt/inspec-textfile/sample/waivers.json /srv/waivers.json")
    done(upgraded, "printf '#!/bin/sh\\ncat /srv/waivers.json\\nexit 100\\n' >/srv/bin/inspec && chmod 755 /srv/bin/inspec")
    done(upgraded, f"echo RUN_INSPEC_PROGRAM=/srv/bin/inspec >>{SETTINGS}")
    done(upgraded, f"rm -f {METRICS}/inspec.prom /usr/sbin/policy-rc.d; touch /run/boot")
    eventually(
        lambda: upgraded.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), 60, "systemd is up"
    )
    return upgraded


def test_the_service_makes_metrics_and_pages(booted: IsolatedHost) -> None:
    done(booted, "systemctl start inspec.service")
    eventually(lambda: booted.path(f"{METRICS}/inspec.prom").exists(), 60, "the converter followed InSpec")

    series = parse_series(booted.path(f"{METRICS}/inspec.prom").read_text())
    assert series['inspec_report_readable{report="linux"}'] == 1
    assert done(booted, f"stat -c %U {METRICS}/inspec.prom {PAGES}/inspec-linux.json.html").split() == ["inspec-textfile"] * 2


def test_removal_stops_the_timer_and_keeps_what_was_written(booted: IsolatedHost) -> None:
    done(booted, "systemctl start inspec.timer")

    done(booted, "apt-get -qq remove inspec-textfile")

    assert booted.run("systemctl", "is-active", "inspec.timer").stdout.strip() == "inactive"
    assert not booted.path("/usr/bin/inspec-textfile").exists()
    for path in (f"{METRICS}/inspec.prom", f"{PAGES}/inspec-linux.json.html", SETTINGS, "/etc/inspec-textfile.conf"):
        assert booted.path(path).exists(), path


def test_purge_leaves_the_results_and_nothing_else(booted: IsolatedHost, before: set[str]) -> None:
    done(booted, "apt-get -qq purge inspec-textfile")

    assert files(booted) - before - AROUND == {RESULTS, f"{RESULTS}/linux.json", f"{RESULTS}/ssh-baseline.json"}
    assert not booted.path("/var/log/inspec").exists()
    assert done(booted, f"stat -c '%a %U %G' {TEXTFILES}").split() == ["755", "root", "root"]


def test_it_can_be_installed_again_and_purged_without_results(booted: IsolatedHost) -> None:
    done(booted, "dpkg --install /opt/inspec-textfile/packages/newer.deb")
    done(booted, f"rm -f {RESULTS}/*.json; dpkg --purge inspec-textfile")

    assert not booted.path(RESULTS).exists()
    assert not booted.path(PAGES).exists()
