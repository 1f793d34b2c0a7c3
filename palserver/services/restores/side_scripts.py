"""What is done to a stopped server's volumes from a container beside it, in the shell that every image has.

A restore works in `Saved/.palserver-restore-<job>`:

    units     a line for each thing that is exchanged as a whole: a world's folder, a settings file
    new/      what the backup has of them
    old/      what was put aside
    none/     a mark for each of which there was nothing

Each unit is renamed into `old` (or marked in `none`), then the new one is renamed out of `new`. All is on one
file system, so that each step is done or not done. When the new world has proven itself the folder is renamed
to `.palserver-done-<job>`. So there is one rule, which looks only at what is there:

- `.palserver-restore-*`: the old world is the truth. What is in `old` goes back under its name, what is
  marked in `none` goes away, and then the folder. However often that is interrupted, it can be begun again.
- `.palserver-done-*`: the new world is the truth, and the folder goes. The game's own copies of the world
  (`backup` inside of it), which no backup has, move over to the new one if it is the same world.

Words come as arguments and in `units`; nothing is ever put into the text of a script.
"""

from __future__ import annotations

WORK_PREFIX = ".palserver-restore-"
DONE_PREFIX = ".palserver-done-"

# $1: the save folder. Says its real path, its owner's line of `ls`, and what `df` knows of its disk.
# A folder that is a link may lead to another file system, where a rename becomes a copy; so does one on which
# the host has mounted something, of which the engine knows nothing.
LOOK = """
cd "$1"
device() { stat -c %d "$1" 2>/dev/null || :; }
for folder in SaveGames SaveGames/* SaveGames/*/* Config Config/*; do
    if [ -L "$folder" ] && [ -d "$folder" ]; then
        case "$folder" in */*/*) ;; *) echo link; exit 0 ;; esac
    elif [ -d "$folder" ] && [ "$(device "$folder")" != "$(device .)" ]; then
        echo link; exit 0
    fi
done
[ -w . ] || { echo read-only; exit 0; }
pwd -P
if [ -d SaveGames ]; then ls -nd SaveGames; else ls -nd .; fi
df -Pk . | tail -n 1
"""

# $1: the save folder, $2: the work's folder in it, $3: the owner of a folder that has to be made.
SWAP = """
cd "$1"
owner=$3
make() {
    [ -d "$1" ] || { make "$(dirname "$1")"; mkdir "$1"; chown "$owner" "$1"; }
}
sync
while IFS= read -r unit; do
    folder=${unit%/*}
    mkdir -p "$2/old/$folder" "$2/none/$folder"
    if [ -e "$unit" ] || [ -L "$unit" ]; then mv "$unit" "$2/old/$unit"; else : >"$2/none/$unit"; fi
    if [ -e "$2/new/$unit" ]; then make "$folder"; mv "$2/new/$unit" "$unit"; fi
done <"$2/units"
"""

# $1: the save folder, $2 and $3: the work's folder and its name from now on. It may have been done already.
COMMIT = """
cd "$1"
if [ -d "$2" ]; then mv "$2" "$3"; fi
[ -d "$3" ]
"""

# $1: the save folder. Goes by the rule above, and says which world is the truth wherever it found something.
TIDY = """
cd "$1"
for work in .palserver-restore-*; do
    [ -d "$work" ] || continue
    if [ -f "$work/units" ]; then
        while IFS= read -r unit; do
            if [ -e "$work/old/$unit" ] || [ -L "$work/old/$unit" ]; then
                rm -rf "./$unit"
                mv "$work/old/$unit" "$unit"
            elif [ -e "$work/none/$unit" ]; then
                rm -rf "./$unit" "$work/none/$unit"
            fi
        done <"$work/units"
    fi
    sync
    rm -rf "$work"
    echo old
done
for work in .palserver-done-*; do
    [ -d "$work" ] || continue
    if [ -f "$work/units" ]; then
        while IFS= read -r unit; do
            copies="$work/old/$unit/backup"
            [ -d "$copies" ] && [ -d "$unit" ] && [ ! -e "$unit/backup" ] || continue
            mv "$copies" "$unit/backup"
        done <"$work/units"
    fi
    rm -rf "$work"
    echo new
done
"""

# $2: a folder. What is in it goes, whoever it belongs to; the folder stays, since something is mounted there.
EMPTY = """
cd "$2"
find . -mindepth 1 -delete 2>/dev/null || rm -rf ./* ./.[!.]* ./..?*
"""
