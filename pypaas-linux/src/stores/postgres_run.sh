#!/bin/sh
# Written by pypaas.
exec 2>&1
umask 077
cd / || exit 111
export LC_ALL=C.UTF-8

# A server whose supervisor was killed is in the way. One that was killed itself has left its number, which may be another
# process's by now: Postgres would not start for fear of that.
if read -r old 2>/dev/null <DATA/postmaster.pid; then
    case $(tr '\0' ' ' <"/proc/$old/cmdline") in
    *DATA*)
        kill -INT "$old"
        while [ -d "/proc/$old" ]; do sleep 0.1; done
        ;;
    *) rm -f DATA/postmaster.pid ;;
    esac 2>/dev/null
fi
rm -f SOCKETS/.s.PGSQL.5432.lock

# On SIGTERM it would wait for its clients to go.
PROGRAM -D DATA &
server=$!
trap 'kill -INT $server' TERM INT
while kill -0 $server 2>/dev/null; do wait $server; done
