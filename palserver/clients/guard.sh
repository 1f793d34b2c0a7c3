#!/bin/bash
# guard.sh PROGRAM [WORD...]: runs a program, and ends its whole process group when the panel has died.
#
# Standard input is a pipe whose other end only the panel holds. Nothing is ever written to it: that a read
# returns means that the panel is gone, however it went. The program gets /dev/null instead. Complaints of
# the guard itself go to its own standard error, those of the program to its standard output.

# Told to end together with the group, the guard stays to hand through how the program ended.
trap : TERM

(
    trap '' TERM
    read -r
    kill -TERM 0
    sleep 2
    kill -KILL 0
) <&0 >/dev/null &
watch=$!

"$@" </dev/null 2>&1
code=$?

# The panel is gone and the watch is at its work: without it, a child that ignores TERM would live on.
if read -r -t 0; then
    wait "$watch"
fi
kill -KILL "$watch"
wait "$watch"
exit "$code"
