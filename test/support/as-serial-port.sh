#!/bin/sh
# as-serial-port.sh PTY COMMAND…: runs a command to which a pseudo-terminal is the serial port
# /dev/ttyV0, for tools that open nothing but what the system lists as a serial port. Needs a mount
# namespace of its own (`unshare --map-root-user --mount`), outside of which nothing of it is seen.
set -e
pty=$1
shift
mount -t tmpfs none /sys
mkdir -p /sys/devices /sys/class/tty/ttyV0/device /sys/class/tty/pnp
ln -s ../../pnp /sys/class/tty/ttyV0/device/subsystem
for name in null urandom; do
  touch "/sys/devices/$name"
  mount --bind "/dev/$name" "/sys/devices/$name"
done
touch /sys/devices/ttyV0
mount --bind "$pty" /sys/devices/ttyV0
mount --rbind /sys/devices /dev
exec "$@"
