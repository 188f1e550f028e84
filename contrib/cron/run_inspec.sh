#!/bin/bash
#
# Runs InSpec once for each line of a small file (inspec-textfile.conf) and puts the reports where inspec-textfile looks for them.
# A report is replaced in one step, and only by a whole one. Silent when all is well, so that cron mails only trouble.
#
#   run_inspec.sh [CONFIG]
#
# Exit status: 0  every report is new, whatever it found: failing controls are data
#              1  at least one report could not be made; its last good one stays, the other reports are new
#              2  the set-up is wrong, nothing ran
#              75 the last run still goes on, nothing ran
#
# bash and not sh: the arguments of a line must stay whole without an eval, and that takes arrays. (4.4 or newer: RHEL 8, Debian 9.)

set -uo pipefail # not -e: a report that fails must not stop the others

# Settings, from the environment (/etc/default/inspec-textfile) or as here.
config=${1:-${RUN_INSPEC_CONFIG:-/etc/inspec-textfile.conf}}
results=${INSPEC_TEXTFILE_RESULTS_DIR:-/usr/local/etc/inspec-results}
logs=${RUN_INSPEC_LOGS:-/var/log/inspec}
limit=${RUN_INSPEC_TIMEOUT:-30m}       # for each report, as timeout(1) writes it
kill_after=${RUN_INSPEC_KILL_AFTER:-30s} # what ignores the polite signal gets the other one
inspec=${RUN_INSPEC_PROGRAM:-}         # empty: inspec, or else cinc-auditor

# cron gives /usr/bin:/bin, and what InSpec runs (sysctl, iptables) is elsewhere; so is InSpec, without its links in /usr/bin.
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/inspec/bin:/opt/cinc-auditor/bin"
# Neither cron nor systemd sets a locale, and Ruby then takes a profile with one accented letter for broken US-ASCII.
[[ -n ${LC_ALL:-}${LANG:-} ]] || export LANG=C.UTF-8
# Reports tell what is weak on this host: for root, and for the group of the results folder (see README.md), not for everyone.
umask 027

lock=$results/.run_inspec.lock
partial_name=.run_inspec.partial # hidden, and no .json: inspec-textfile does not see it
log_bytes=262144                 # what is kept of the messages of a run; of each report the last run and the one before
trouble=0
child=

say() { printf 'run_inspec.sh: %s\n' "$*" >&2; }

die() {
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# A signal ends InSpec too, and leaves nothing half done.
# shellcheck disable=SC2317  # reached by trap
stopped() {
    if [[ -n $child ]]; then
        kill -TERM "$child" 2>/dev/null
        wait "$child"
    fi
    remove_partials
    die "$1" "stopped by a signal; reports not yet made keep their last good state"
}

remove_partials() { find "$results" -name "$partial_name" -type f -delete; }

# Splits $1 into the array words. xargs knows '...', "..." and backslashes, and nothing else: a line is data, never code.
split() {
    mapfile -d '' -t words < <(printf '%s\n' "$1" | xargs -r printf '%s\0' 2>/dev/null)
    wait "$!"
}

# Prints why a line can't be run, or nothing.
objection_to_line() {
    local name=${1:-} word
    case /$name/ in
        *//* | */.* | *[[:cntrl:]]*) echo "'$name' can't name a report: no folder above, no leading dot, no empty part"; return ;;
        *.json/) echo "'$name': the name of a report goes without .json"; return ;;
    esac
    if [[ -n ${seen[$name]:-} ]]; then echo "'$name' is there twice, the second would overwrite the first"; return; fi
    if (($# < 2)); then echo "'$name' is not followed by a profile"; return; fi
    for word in "${@:2}"; do
        case $word in --reporter | --reporter=*) echo "'$name': leave out --reporter, it is set here"; return ;; esac
    done
}

# Prints why what InSpec left is no report, or nothing. $1: its exit status, $2: what it printed.
objection_to_output() {
    case $1 in
        # 100: a control failed, 101: some were skipped, 102: a profile did not load (its status is in the report).
        # 1 is either no report or, with --no-distinct-exit, a failed control: the document decides.
        0 | 1 | 100 | 101 | 102)
            if [[ ! -s $2 ]]; then
                echo "it printed no report (exit status $1)"
            elif ! LC_ALL=C grep -q '"statistics"' "$2" || ! ends_like_json "$2"; then
                echo "what it printed is no report, or half of one (exit status $1)"
            fi ;;
        124) echo "it took longer than $limit and was ended" ;;
        126 | 127) echo "$inspec could not be started (exit status $1)" ;;
        137) echo "it was killed: it did not end when the time was up ($limit), or memory ran out" ;;
        172) echo "Chef's licence is not accepted: set CHEF_LICENSE (exit status 172)" ;;
        *) echo "exit status $1" ;;
    esac
}

# Every report of InSpec 1 to 7 ends in "} or ]}, and one cut in the middle of "statistics", near its end, in neither.
ends_like_json() {
    local end
    end=$(tail -c 64 -- "$1" | tr -d '[:space:]')
    [[ $end == *[]\"]\} ]]
}

# make_report NAME ARGUMENT...: one run of InSpec.
make_report() {
    local name=$1 report=$results/$1.json log=$logs/$1.log partial status why
    partial=${report%/*}/$partial_name
    shift

    if ! mkdir -p -- "${report%/*}" "${log%/*}" || ! : >>"$log"; then
        why="no folder or log could be made for it"
    else
        [[ ! -s $log ]] || mv -fT -- "$log" "$log.1"
        # timeout keeps the lock (9) as long as InSpec runs, even when this script is killed; what a control may leave behind
        # in the background (an agent, a tunnel) does not get it. In the background itself, so that a signal is heard at once.
        # shellcheck disable=SC2016  # "$@" is for the inner shell
        timeout --kill-after="$kill_after" "$limit" \
            sh -c 'exec "$@" 9>&-' sh "$inspec" exec "$@" --reporter json </dev/null >"$partial" 2>"$log" &
        child=$!
        wait "$child"
        status=$?
        child=
        why=$(objection_to_output "$status" "$partial")
        if [[ -z $why ]]; then
            # The rename is atomic, in one folder; on the disk before it, so that a power cut can't leave an empty report either.
            sync -- "$partial" && mv -fT -- "$partial" "$report" || why="it could not be put in place"
        elif [[ -s $partial ]]; then
            # InSpec asks for licences and complains of options on standard output.
            { echo "--- standard output began with:"; head -c 300 -- "$partial"; echo; } >>"$log"
        fi
        rm -f -- "$partial"
        shorten "$log"
    fi

    if [[ -n $why ]]; then
        trouble=1
        say "report '$name': $why. The last good report stays."
        if [[ -s $log ]]; then
            say "the end of $log:"
            # Control characters (colours) are for terminals, not for mail.
            tail -n 20 -- "$log" | tail -c 4000 | tr -d '\000-\010\013-\037' | sed 's/^/    /' >&2
        fi
    fi
}

# Keeps the end of a log.
shorten() {
    local end
    (($(stat -c %s -- "$1") > log_bytes)) || return 0
    end=$(tail -c "$log_bytes" -- "$1" | tr -d '\000') && printf '%s\n' "$end" >"$1"
}

[[ $# -le 1 && ${1:-} != -* ]] || die 2 "usage: run_inspec.sh [CONFIG]"
[[ -r $config && ! -d $config ]] || die 2 "$config can't be read; it says what to run, see inspec-textfile.conf"
[[ -d $results ]] || die 2 "$results does not exist; create it: install -d -m 2750 $results"
if [[ -z $inspec ]]; then
    inspec=$(command -v inspec || command -v cinc-auditor) || die 2 "neither inspec nor cinc-auditor in $PATH"
fi
command -v -- "$inspec" >/dev/null || die 2 "$inspec does not exist or is not executable"

{ : >>"$lock"; } 2>/dev/null || die 2 "$results can't be written to"
exec 9>>"$lock"
flock -n 9 || die 75 "the run that started $(date -r "$lock" '+%F %T') still goes on; nothing was started"
touch "$lock" # when this run started

trap 'stopped 129' HUP
trap 'stopped 130' INT
trap 'stopped 143' TERM
remove_partials # of a run that was killed

mapfile -t lines <"$config"
declare -A seen
reports=0
for line in "${lines[@]}"; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    reports=$((reports + 1))
    if split "$line"; then why=$(objection_to_line "${words[@]}"); else why="a quote is not closed"; fi
    if [[ -n $why ]]; then
        trouble=1
        say "$config: $why"
        continue
    fi
    seen[${words[0]}]=1
    make_report "${words[@]}"
done
((reports > 0)) || die 2 "$config names no report"
exit "$trouble"
