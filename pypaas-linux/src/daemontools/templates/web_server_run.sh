#!/bin/sh
# Written by pypaas.
exec 2>&1
umask 077
cd WEB || exit 111

# After a power failure in the middle of a change, `pypaas apply` first takes the change back.
tries=0
while [ -e PENDING ] && [ ! -e START_NOW ] && [ $tries -lt 300 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
rm -f START_NOW

# What an nginx has left whose master or supervisor was killed is in the way, and would serve what was configured then. Its
# processes are those of its process group.
group=$(cat PID 2>/dev/null)
for stat in /proc/[0-9]*/stat; do
    [ -n "$group" ] && read -r line 2>/dev/null <"$stat" || continue
    set -- ${line##*) }
    [ "$3" = "$group" ] || continue
    process=${stat#/proc/}
    process=${process%/stat}
    case $(tr '\0' ' ' <"/proc/$process/cmdline") in
    'nginx: '*)
        kill "$process"
        tries=0
        while [ -d "/proc/$process" ] && [ $tries -lt 100 ]; do
            sleep 0.05
            tries=$((tries + 1))
        done
        ;;
    esac 2>/dev/null
done
CLEAR
exec /usr/bin/pgrphack PROGRAM
