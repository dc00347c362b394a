import { randomUUID } from 'node:crypto'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import { FS_TYPES, type FsType } from '../../../src/host/filesystems/filesystem.ts'
import { format } from '../../../src/host/filesystems/format.ts'
import { needsOwnUuid, setUuid } from '../../../src/host/filesystems/identity.ts'
import { mountFilesystem } from '../../../src/host/filesystems/mount-filesystem.ts'
import { probe } from '../../../src/host/filesystems/probe.ts'
import { unmount } from '../../../src/host/mounts.ts'
import { Bench, type LoopFile, MIB } from './support.ts'

const SIZE = 320 * MIB

/** A mounted file system with a file that was written and synced a moment ago. */
async function source(bench: Bench, fsType: FsType): Promise<LoopFile> {
  const device = await bench.device(SIZE)
  await format(fsType, { device: device.path, options: [], uuid: randomUUID(), overwrite: false })
  const target = await bench.directory()
  await mountFilesystem({ device: device.path, target, fsType, flags: [], readOnly: false })
  await writeFile(join(target, 'file'), 'old')
  await run({ file: 'sync', args: ['-f', target] })
  const file = await open(join(target, 'file'), 'r+')
  await file.write('new')
  await file.sync()
  await file.close()
  return device
}

test.each(FS_TYPES)('a clone of a mounted %s is mounted beside it, with what was synced', async (fsType) => {
  const bench = await Bench.create()
  const clone = await bench.device(SIZE, await source(bench, fsType))
  const target = await bench.directory()
  const spec = { device: clone.path, target, fsType, flags: [], readOnly: false }
  if (needsOwnUuid(fsType)) {
    const uuid = randomUUID()
    expect(await probe(clone.path)).toMatchObject({ logDirty: true })
    await mountFilesystem(spec)
    await unmount(target)
    expect(await probe(clone.path)).toMatchObject({ logDirty: false })
    await setUuid(fsType, clone.path, uuid)
    expect(await probe(clone.path)).toMatchObject({ uuid })
  }
  await mountFilesystem(spec)
  expect(await readFile(join(target, 'file'), 'utf8')).toBe('new')
})

test.each(['ext4', 'xfs'] as const)('the UUID of %s is never changed', async (fsType) => {
  await expect(setUuid(fsType, '/dev/null', randomUUID())).rejects.toMatchObject({ reason: 'UNSUPPORTED' })
})
