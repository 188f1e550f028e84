#!/bin/bash
#
# Runs InSpec once for each line of a small file (inspec-textfile.conf) and puts the reports where inspec-textfile looks for them.
# A report is replaced in one step, and only by a complete one. Silent when all is well, so that cron mails only trouble.
# The outcome of each run of InSpec goes into inspec_exec.prom, for Prometheus: only this script knows which reports should exist.
#
#   run_inspec.sh [--settings FILE] [CONFIG]
#
# --settings /etc/default/inspec-textfile is for runs by hand: cron and systemd pass the settings in the environment.
#
# Exit status: 0  every report is new, whatever it found: failing controls are data
#              1  at least one report could not be made; its last good one stays, the other reports are new.
#                 Or a setting is unknown; all reports are made
#              2  the set-up is wrong, nothing ran
#              75 the last run is still going on, nothing ran
#
# bash and not sh: the arguments of a line must stay whole without an eval, and that takes arrays. (4.4 or newer: RHEL 8, Debian 9.)

set -uo pipefail # not -e: a report that fails must not stop the others

say() { printf 'run_inspec.sh: %s\n' "$*" >&2; }

die() {
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# Prints who else may write to a file or folder, or nothing. Root may, anywhere.
others_who_may_write() {
    local owner name mode
    read -r owner name mode < <(stat -L -c '%u %U %a' -- "$1")
    if ((owner != 0 && owner != EUID)); then
        echo "its owner, $name"
    elif ((0$mode & 022)); then
        echo "its group or everyone (mode $mode)"
    fi
}

usage="usage: run_inspec.sh [--settings FILE] [CONFIG]"
if [[ ${1:-} == --settings ]]; then
    (($# >= 2)) || die 2 "$usage"
    [[ -r $2 && ! -d $2 ]] || die 2 "$2 can't be read; it holds the settings, see inspec-textfile.default"
    others=$(others_who_may_write "$2")
    [[ -z $others ]] || die 2 "$2 can be written to by $others, who could have any command run: chmod go-w"
    set -a
    # shellcheck disable=SC1090
    . "$(realpath -- "$2")" # in full: a name without a slash would be looked for in PATH
    set +a
    shift 2
fi
[[ $# -le 1 && ${1:-} != -* ]] || die 2 "$usage"

# Settings, from the environment (/etc/default/inspec-textfile), else these defaults.
config=${1:-${RUN_INSPEC_CONFIG:-/etc/inspec-textfile.conf}}
results=${INSPEC_TEXTFILE_RESULTS_DIR:-/usr/local/etc/inspec-results}
logs=${RUN_INSPEC_LOGS:-/var/log/inspec}
shared=${RUN_INSPEC_SHARED_RESULTS:-no} # yes: others may write to the results folder
limit=${RUN_INSPEC_TIMEOUT:-30m}       # for each report, as timeout(1) writes it
kill_after=${RUN_INSPEC_KILL_AFTER:-30s} # SIGTERM first, SIGKILL after this time
inspec=${RUN_INSPEC_PROGRAM:-}         # empty: inspec, else cinc-auditor

# cron's PATH is /usr/bin:/bin. What InSpec runs (sysctl, iptables) is elsewhere, and so is InSpec without its links in /usr/bin.
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/inspec/bin:/opt/cinc-auditor/bin"
# Neither cron nor systemd sets a locale, and Ruby then takes a profile with one accented letter for broken US-ASCII.
[[ -n ${LC_ALL:-}${LANG:-} ]] || export LANG=C.UTF-8
# Reports show the weaknesses of this host: only root and the group of the results folder (see README.md) may read them.
umask 027

here=/proc/self/fd/7 # see enter
log_bytes=262144     # limit of a log; each report keeps the logs of the last run and the one before
trouble=0
child=

# A misspelt setting would do nothing, and nobody would notice.
for name in "${!RUN_INSPEC_@}"; do
    case ${name#RUN_INSPEC_} in
        CONFIG | LOGS | SHARED_RESULTS | TIMEOUT | KILL_AFTER | PROGRAM | METRICS) ;;
        *)
            say "$name: there is no such setting; inspec-textfile.default has all of them"
            trouble=1
            ;;
    esac
done

# The metrics. A start without an end after it: InSpec still runs, or this script was killed. A label is written as in the file: {report="NAME"}; a series is a metric's name and a label.
started=inspec_exec_last_start_timestamp_seconds
ended=inspec_exec_last_end_timestamp_seconds
exited=inspec_exec_last_exit_status
succeeded=inspec_exec_success
labels=() # of the reports in the config, in its order
declare -A value

# A signal also stops InSpec, and leaves nothing half done.
# shellcheck disable=SC2317  # reached by trap
stopped() {
    if [[ -n $child ]]; then
        kill -TERM "$child" 2>/dev/null
        wait "$child"
        value[$ended$label]=$(date +%s) # label: make_report's
        value[$succeeded$label]=0
        write_metrics
    fi
    remove_partials
    die "$1" "stopped by a signal; reports not yet made keep their last good state"
}

# Partial files are hidden, and no .json: inspec-textfile does not see them.
remove_partials() { find "$results" -name '.run_inspec.*' -type f -delete; }

# enter TOP FOLDER: opens a folder below TOP, made if missing, as descriptor 7. What is done in it goes by $here, whatever
# becomes of its name. If it can't be used, sets why.
enter() {
    local part parts others path=$1
    IFS=/ read -ra parts <<<"$2"
    why="$path can't be entered"
    exec 7<"$path/." || return
    for part in "${parts[@]}"; do
        path+=/$part
        why="$path can't be made"
        [[ -d $here/$part ]] || mkdir -- "$here/$part" || return
        why="$path can't be entered"
        exec 7<"$here/$part/." || return
        why="$path is a link"
        [[ $(readlink -- "$here") == "$path" ]] || return
        others=$(others_who_may_write "$here")
        why="$path can be written to by $others"
        [[ -z $others || ($1 == "$results" && $shared == yes) ]] || return
    done
    why=
}

# Splits $1 into the array words. xargs knows '...', "..." and backslashes, and nothing else: a line is data, never code.
# The last word is the exit status: `wait` is not reliable here, because bash may have forgotten the process.
split() {
    local ok
    mapfile -d '' -t words < <(printf '%s\n' "$1" | xargs -r printf '%s\0' 2>/dev/null; printf '%s\0' "$?")
    ok=${words[-1]}
    unset 'words[-1]'
    ((ok == 0))
}

# Prints why a report can't have this name, or nothing.
objection_to_name() {
    case /$1/ in
        *//* | */.* | *[[:cntrl:]]*) echo "'$1' can't name a report: no folder above, no leading dot, no empty part"; return ;;
        *.json/) echo "'$1': the name of a report goes without .json"; return ;;
    esac
    # One label that is not UTF-8 makes node_exporter drop the whole file.
    if ! iconv -f UTF-8 -t UTF-8 <<<"$1" >/dev/null 2>&1; then echo "'$1' is not UTF-8"; return; fi
    [[ -z ${seen[$1]:-} ]] || echo "'$1' is in line ${seen[$1]} already, the second would overwrite the first"
}

# Prints why InSpec can't be given these arguments, or nothing.
objection_to_arguments() {
    local word
    if (($# == 0)); then echo "the name is not followed by a profile"; return; fi
    for word in "$@"; do
        case $word in --reporter | --reporter=*) echo "leave out --reporter, it is set here"; return ;; esac
    done
}

# Prints why InSpec's output is not a report, or nothing. $1: its exit status, $2: what it printed.
objection_to_output() {
    case $1 in
        # 100: a control failed, 101: some were skipped, 102: a profile did not load (its status is in the report).
        # 1 is either no report or, with --no-distinct-exit, a failed control: the document decides.
        0 | 1 | 100 | 101 | 102)
            if [[ ! -s $2 ]]; then
                echo "it printed no report (exit status $1)"
            elif ! LC_ALL=C grep -q '"statistics"' "$2" || ! ends_like_json "$2"; then
                echo "its output is not a report, or only half of one (exit status $1)"
            fi ;;
        124) echo "it took longer than $limit and was ended" ;;
        126 | 127) echo "$inspec could not be started (exit status $1)" ;;
        137) echo "it was killed: it did not end when the time was up ($limit), or memory ran out" ;;
        *) echo "exit status $1$(meaning_of "$1")" ;;
    esac
}

# Prints what an exit status means to InSpec (its lib/inspec/ui.rb), or nothing.
meaning_of() {
    case $1 in
        2) echo " (a plug-in of InSpec failed)" ;;
        3) echo " (the profile uses what this InSpec no longer has)" ;;
        4 | 201) echo " (a gem that the profile needs is missing or cannot be loaded)" ;;
        5) echo " (the profile's signature is wrong)" ;;
        6) echo " (the profile has no signature, and signatures are required)" ;;
        172) echo " (Chef's licence is not accepted: set CHEF_LICENSE=accept-silent)" ;;
        173) echo " (Chef's licence key does not allow InSpec: set another CHEF_LICENSE_KEY)" ;;
        174) echo " (there is no licence key: set CHEF_LICENSE_KEY)" ;;
    esac
}

# Every report of InSpec 1 to 7 ends in "} or ]}. A report cut off within "statistics", near its end, does not.
ends_like_json() {
    local end
    end=$(tail -c 64 -- "$1" | tr -d '[:space:]')
    [[ $end == *[]\"]\} ]]
}

# Sets label for a report's name.
label_of() {
    label=${1//\\/\\\\} # backslashes first: those that escape quotes come after
    label="{report=\"${label//\"/\\\"}\"}"
}

# Prints the path of the metrics file, which is in a folder that node_exporter reads. Nothing if none is written, as with --output -.
metrics_file() {
    local folder=${RUN_INSPEC_METRICS:-} output=${INSPEC_TEXTFILE_OUTPUT:-} file=inspec_exec.prom
    # Each config given as an argument has its own file. Otherwise each run would remove the series of the other configs.
    if (($# > 0)); then
        file=${1##*/}
        file=inspec_exec-${file%.conf}.prom
    fi
    case ${folder:-$output} in
        -) return ;;
        '') for folder in /var/lib/prometheus/node-exporter /var/lib/node_exporter/textfile_collector /var/lib/node_exporter; do
                [[ ! -d $folder ]] || break
            done ;;
        *) [[ -n $folder ]] || folder=$(dirname -- "$output") ;;
    esac
    printf '%s/%s' "$folder" "$file"
}

# Reads what the last run wrote. Only numbers: other users may write to that folder. timeout: they may put a FIFO there.
recall() {
    local line
    [[ -f $metrics ]] || return 0
    while IFS= read -r line; do
        [[ $line =~ ^([a-z_]+\{.*\})\ ([0-9]{1,10})$ ]] && value[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done < <(timeout 10 head -c 10000000 -- "$metrics" 2>/dev/null)
}

# print_family NAME HELP: one metric, for the reports in the config only.
print_family() {
    local label
    printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
    for label in "${labels[@]}"; do
        [[ -z ${value[$1$label]:-} ]] || printf '%s%s %s\n' "$1" "$label" "${value[$1$label]}"
    done
}

print_metrics() {
    print_family "$started" "When InSpec was last started for the report."
    print_family "$ended" "When InSpec last ended for the report; before its last start: it still runs, or its end was not seen. 0: never."
    print_family "$exited" "Exit status of InSpec when it last ended; 124 or 137: it took too long and was ended."
    print_family "$succeeded" "1 if the last run wrote the report, whatever the controls say, else 0."
}

# Replaces the metrics in one step. dd creates the file, only if nothing is there (excl), and syncs it before the
# rename: in a folder that inspec-textfile's user may write to, root must not follow a link that somebody put there.
write_metrics() {
    local partial=${metrics%/*}/.${metrics##*/}.partial
    [[ -n $metrics ]] || return 0
    # 022: node_exporter, another user, reads it.
    if ! rm -f -- "$partial" ||
        ! (umask 022 && print_metrics | dd of="$partial" conv=excl,fsync status=none) || ! mv -fT -- "$partial" "$metrics"; then
        rm -f -- "$partial"
        trouble=1
        say "$metrics can't be written; set RUN_INSPEC_METRICS to node_exporter's folder, or to - for no metrics"
        metrics= # said once
    fi
}

# If nothing can run, there are no reports: the metrics say so.
none_can_run() {
    local label
    recall
    for label in "${labels[@]}"; do value[$succeeded$label]=0; done
    write_metrics
    die 2 "$@"
}

# make_report NAME ARGUMENT...: one run of InSpec.
make_report() {
    local name=$1 folder="" label partial="" status why
    local base=${name##*/} log=$logs/$name.log
    shift
    [[ $name != */* ]] || folder=${name%/*}
    label_of "$name"

    if open_log && open_partial; then
        value[$started$label]=$(date +%s)
        : "${value[$ended$label]:=0}"
        write_metrics
        # timeout holds the lock (9) as long as InSpec runs, even if this script is killed. What a control leaves running
        # (an agent, a tunnel) does not hold it. timeout runs in the background so that this script handles signals at once.
        # shellcheck disable=SC2016  # "$@" is for the inner shell
        timeout --kill-after="$kill_after" "$limit" \
            sh -c 'exec "$@" 6>&- 7>&- 8>&- 9>&-' sh "$inspec" exec "$@" --reporter json </dev/null >&8 2>&6 &
        child=$!
        wait "$child"
        status=$?
        child=
        value[$ended$label]=$(date +%s)
        value[$exited$label]=$status
        why=$(objection_to_output "$status" /dev/fd/8)
        if [[ -z $why ]]; then
            # A rename within a folder is atomic. sync first, so that a power cut can't leave an empty report.
            sync -- /dev/fd/8 && mv -fT -- "$partial" "$here/$base.json" || why="it could not be put in place"
        elif [[ -s /dev/fd/8 ]]; then
            # InSpec asks for licences and complains about options on standard output.
            { echo "--- standard output began with:"; head -c 300 -- /dev/fd/8; echo; } >&6
        fi
        rm -f -- "$partial"
        shorten "$log"
    fi

    value[$succeeded$label]=$([[ -n $why ]] && echo 0 || echo 1)
    write_metrics
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

# Opens the log of a report as descriptor 6, after it has put the last one aside. If that fails, sets why.
open_log() {
    enter "$logs" "$folder" || return
    why="$log can't be written"
    [[ ! -s $log ]] || mv -fT -- "$log" "$log.1" || return
    rm -f -- "$log" && exec 6>"$log" || return
    why=
}

# Opens a new file beside the report as descriptor 8: with a name that nobody can guess, and noclobber, bash opens neither
# what is there nor a link.
open_partial() {
    enter "$results" "$folder" || return
    why="no file can be made beside it"
    partial=$here/$(mktemp --dry-run .run_inspec.XXXXXXXXXXXXXXXX)
    set -o noclobber
    exec 8>"$partial" && why=
    set +o noclobber
    [[ -z $why ]]
}

# Keeps the end of a log.
shorten() {
    local end
    (($(stat -c %s -- "$1") > log_bytes)) || return 0
    end=$(tail -c "$log_bytes" -- "$1" | tr -d '\000') && printf '%s\n' "$end" >"$1"
}

# Reads the config: what can be run, and what can't. Both have a label if the name is valid.
read_config() {
    local i line why label open_quote
    mapfile -t lines <"$config"
    for i in "${!lines[@]}"; do
        line=${lines[i]%$'\r'}
        [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
        count=$((count + 1))
        open_quote=
        if ! split "$line"; then
            open_quote="a quote is not closed"
            read -ra words <<<"$line"
        fi
        why=$(objection_to_name "${words[0]:-}")
        [[ -z $open_quote || ${words[0]} != *[\'\"]* ]] || why=$open_quote # in the name itself
        if [[ -z $why ]]; then
            label_of "${words[0]}"
            labels+=("$label")
            seen[${words[0]}]=$((i + 1))
            why=${open_quote:-$(objection_to_arguments "${words[@]:1}")}
            [[ -z $why ]] && to_run+=("$line") || refused+=("$label")
        fi
        if [[ -n $why ]]; then
            trouble=1
            say "$config:$((i + 1)): $why"
        fi
    done
}

[[ -r $config && ! -d $config ]] || die 2 "$config can't be read; it says what to run, see inspec-textfile.conf"
declare -A seen # name -> its line
to_run=()
refused=()
count=0
read_config
((count > 0)) || die 2 "$config names no report"
metrics=$(metrics_file "$@")

[[ -d $results ]] || none_can_run "$results does not exist; create it: install -d -m 2750 $results"
results=$(realpath -- "$results")
others=$(others_who_may_write "$results")
[[ -z $others || $shared == yes ]] ||
    none_can_run "$results can be written to by $others, who could put links there for $(id -un) to follow: chown, chmod go-w," \
        "or RUN_INSPEC_SHARED_RESULTS=yes; docs/operations.md says how reports of others come in"
if [[ -z $inspec ]]; then
    inspec=$(command -v inspec || command -v cinc-auditor) || none_can_run "neither inspec nor cinc-auditor in $PATH"
fi
command -v -- "$inspec" >/dev/null || none_can_run "$inspec does not exist or is not executable"
[[ -w $results ]] || none_can_run "$results can't be written to"
{ mkdir -p -- "$logs" && logs=$(realpath -- "$logs") && [[ -w $logs && -x $logs ]]; } 2>/dev/null ||
    none_can_run "$logs can't be made or written to; logs go there"
others=$(others_who_may_write "$logs")
[[ -z $others ]] || none_can_run "$logs can be written to by $others; the folder of logs must be this user's own: chmod go-w"
# Not in the results folder, which its group may read: whoever may open a lock may hold it.
lock=$logs/.run_inspec${results//\//-}.lock
{ (umask 077 && : >>"$lock") && exec 9>>"$lock"; } 2>/dev/null || none_can_run "$lock can't be opened"
flock -n 9 || die 75 "the run that started $(date -r "$lock" '+%F %T') still goes on; nothing was started"
touch "$lock" # when this run started

trap 'stopped 129' HUP
trap 'stopped 130' INT
trap 'stopped 143' TERM
remove_partials # of a run that was killed

recall
for label in "${refused[@]}"; do value[$succeeded$label]=0; done
for line in "${to_run[@]}"; do
    split "$line"
    make_report "${words[@]}"
done
write_metrics # if all lines were refused, nothing else has
exit "$trouble"
