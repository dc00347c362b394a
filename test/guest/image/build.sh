#!/usr/bin/env bash
# Builds the guests' root file system, kernel and initial ramdisk into the folder named by the first argument:
# rootfs.raw, vmlinuz, initrd. The second argument is a folder for downloaded packages, kept for the next build.
# Needs root, debootstrap and e2fsprogs; mounts nothing and leaves nothing behind when it fails.
set -euo pipefail
readonly out=$1 packages_cache=$2
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly suite=bookworm
readonly size=3G

mkdir -p "$(dirname "$out")" "$packages_cache"
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
readonly root=$work/root

# The mirror that this machine's own packages come from.
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' | awk -v s="$suite" '$2 == s { print $1; exit }')
debootstrap --variant=minbase --cache-dir="$(realpath "$packages_cache")" \
  --include="$(paste -sd, "$here/packages.txt")" "$suite" "$root" ${mirror:+"$mirror"}

# A small initial ramdisk: the disk's drivers and no others, so that it is unpacked quickly without hardware help.
cat >"$root/etc/initramfs-tools/conf.d/mooring" <<'CONF'
MODULES=list
COMPRESS=zstd
RESUME=none
CONF
printf 'virtio_pci\nvirtio_blk\n' >>"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u

# Nothing but what the tests use, and nothing that would make two guests the same machine.
rm -rf "$root"/usr/share/{doc,man,locale} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
rm -f "$root/etc/iscsi/initiatorname.iscsi"
: >"$root/etc/machine-id"
# The init of a guest comes with the tree under test, so that a change of it needs no new image.
cat >"$root/sbin/mooring-init" <<'INIT'
#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
for disk in /sys/block/vd*; do
  [ "$(cat "$disk/serial")" = mooring-tree ] && mount -o ro "/dev/${disk##*/}" /mooring
done
exec /mooring/test/guest/image/init
INIT
chmod 755 "$root/sbin/mooring-init"
mkdir -p "$root/mooring"

mkdir "$work/image"
cp "$root"/boot/vmlinuz-* "$work/image/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/image/initrd"
mkfs.ext4 -q -F -L root -d "$root" "$work/image/rootfs.raw" "$size"
rm -rf "$out"
mv "$work/image" "$out"
