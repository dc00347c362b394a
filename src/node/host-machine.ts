import { deviceNumberOf, devicePathOf } from '../host/block-devices.ts'
import { format } from '../host/filesystems/format.ts'
import { growMounted, growUnmounted } from '../host/filesystems/grow.ts'
import { setUuid } from '../host/filesystems/identity.ts'
import { mountFilesystem } from '../host/filesystems/mount-filesystem.ts'
import { probe } from '../host/filesystems/probe.ts'
import { UsageReader } from '../host/filesystems/usage.ts'
import {
  closeLuks,
  findLuks,
  formatLuks,
  openLuks,
  resizeLuks,
  setLuksLabel,
  setLuksUuid,
} from '../host/luks.ts'
import { makeMountPoint, removeMountPoint } from '../host/mount-points.ts'
import { bindMount, findMount, type Mount, unmount } from '../host/mounts.ts'
import type { Machine, MountPoint } from './machine.ts'

/** The machine that this process runs on. */
export function createHostMachine(): Machine {
  const usage = new UsageReader()
  return {
    mountAt,
    mountFilesystem,
    bind: bindMount,
    unmount,
    makeTarget: makeMountPoint,
    removeTarget: removeMountPoint,
    probe,
    format,
    setUuid,
    growMounted,
    growUnmounted,
    luks: {
      format: formatLuks,
      open: openLuks,
      find: findLuks,
      resize: resizeLuks,
      setLabel: setLuksLabel,
      setUuid: setLuksUuid,
      close: closeLuks,
    },
    usage: (path) => usage.read(path),
  }
}

/** Where device nodes live: looking at a node there can not hang. */
const DEVICE_FILESYSTEMS = ['devtmpfs', 'tmpfs']

async function mountAt(path: string): Promise<MountPoint | undefined> {
  const found = await findMount(path)
  if (found === undefined) return undefined
  const { root } = found
  const readOnly = found.options.includes('ro')
  const number = DEVICE_FILESYSTEMS.includes(found.fsType) ? await deviceNumberOf(path) : undefined
  if (number !== undefined) return { kind: 'device', device: await devicePathOf(number), root, readOnly }
  return { kind: 'filesystem', device: await deviceBehind(found), root, readOnly }
}

/** btrfs has an anonymous device number, so there only the source says which device it is. */
const deviceBehind = async (found: Mount): Promise<string | undefined> =>
  found.device.startsWith('0:') ? found.source : devicePathOf(found.device)
