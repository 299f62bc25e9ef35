#!/bin/sh
# Runs dockerd by itself: its own mounts, network, processes and cgroups. Whatever it did is gone when it ends, and it
# ends when the pipe on descriptor 3 does: also when the test that holds the other end is killed.
# Usage: dockerd.sh PROGRAMS FOLDER      PROGRAMS: where npm run programs unpacked it; FOLDER: for all its files
set -u
programs=$1 folder=$2
cgroup=$(basename "$folder")
libraries=$(find "$programs" -name 'lib*.so.*' -exec dirname {} + | sort -u | tr '\n' :)

inside='
  "$1/bin/busybox" ip link set lo up
  exec dockerd --host="unix://$2/docker.sock" --data-root="$2/data" --exec-root="$2/exec" --pidfile="$2/pid" \
    --cgroup-parent="/$3" --storage-driver=vfs --iptables=false --ip6tables=false --log-level=warn'

# The first process of a process namespace takes all others with it.
PATH=$programs/usr/bin:$programs/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin LD_LIBRARY_PATH=$libraries \
  setpriv --pdeathsig KILL unshare --mount --net --ipc --uts --pid --fork --mount-proc --kill-child \
  sh -c "$inside" sh "$programs" "$folder" "$cgroup" 3<&- &
engine=$!
# When the test was killed nobody reads what is printed from here on.
trap '' PIPE HUP INT TERM
{ read -r _ <&3; kill -KILL "$engine"; } 2>/dev/null &
watcher=$!
wait "$engine"
kill "$watcher" 2>/dev/null

# The kernel needs a moment to let go of what the processes held.
for _ in $(seq 300); do
  # A paused container is frozen, and hears of its death only once it has thawed.
  for state in $(find /sys/fs/cgroup -path "*/$cgroup*" -name freezer.state); do echo THAWED >"$state"; done
  find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null
  rm -rf "$folder" 2>/dev/null
  [ ! -e "$folder" ] && [ -z "$(find /sys/fs/cgroup -type d -name "$cgroup*")" ] && exit 0
  sleep 0.2
done
echo "dockerd.sh: something of $cgroup is left" >&2
exit 1
