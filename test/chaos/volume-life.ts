import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateSnapshotResponse, CreateVolumeResponse } from '../../src/csi/messages.ts'
import { type AccessType, type CreateOptions, madeVolume, type TestVolume } from '../support/volumes.ts'
import { callsFor, creation, type Place, snapshotCreation, snapshotDeletion } from './csi-calls.ts'
import type { UnrulyCaller } from './unruly-caller.ts'

const MIB = 1024 ** 2
const SIZE_BYTES = 16 * MIB

export interface Life {
  readonly name: string
  readonly access: AccessType
  /** A group that volumes share; left out = one of its own. */
  readonly volumeGroup?: string | undefined
}

/**
 * One volume from CreateVolume to DeleteVolume, with a snapshot, a restore and a clone on its way, all attached,
 * and its content compared wherever it should be the same.
 */
export async function live(caller: UnrulyCaller, place: Place, life: Life): Promise<void> {
  const { name, access, volumeGroup } = life
  const options = {
    access,
    sizeBytes: SIZE_BYTES,
    parameters: volumeGroup === undefined ? {} : { volumeGroup },
  }
  const make = (more: Partial<CreateOptions> & { name: string }) => create(caller, { ...options, ...more })

  const volume = await make({ name })
  await attach(caller, place, volume)
  writeMark(place, volume, name)
  const { snapshot } = await caller.call<CreateSnapshotResponse>(snapshotCreation(`${name}-snapshot`, volume))
  const snapshotId = (snapshot as NonNullable<typeof snapshot>).snapshotId
  if (access === 'block') await grow(caller, place, volume)
  const copies = [
    { name: `${name}-restored`, snapshotId },
    { name: `${name}-clone`, volumeId: volume.volumeId },
  ]
  const sizeBytes = access === 'block' ? 2 * SIZE_BYTES : SIZE_BYTES
  const copy = await make({ ...copies[Math.random() < 0.5 ? 0 : 1]!, sizeBytes })
  const deleteSnapshot = () => caller.call(snapshotDeletion(snapshotId))
  const deleteVolume = () => caller.call(callsFor(place, volume).deletion)

  if (Math.random() < 0.5) await deleteSnapshot()
  await detach(caller, place, volume)
  await attach(caller, place, copy)
  checkMark(place, copy, name)
  await detach(caller, place, copy)
  const endings = [deleteVolume, deleteSnapshot, () => caller.call(callsFor(place, copy).deletion)]
  for (const end of endings.toSorted(() => Math.random() - 0.5)) await end()
}

async function create(caller: UnrulyCaller, options: CreateOptions): Promise<TestVolume> {
  return madeVolume(options, await caller.call<CreateVolumeResponse>(creation(options)))
}

async function attach(caller: UnrulyCaller, place: Place, volume: TestVolume): Promise<void> {
  const { grant, stage, publish } = callsFor(place, volume)
  for (const call of [grant, stage, publish]) await caller.call(call)
}

async function detach(caller: UnrulyCaller, place: Place, volume: TestVolume): Promise<void> {
  const { unpublish, unstage, revoke } = callsFor(place, volume)
  for (const call of [unpublish, unstage, revoke]) await caller.call(call)
}

async function grow(caller: UnrulyCaller, place: Place, volume: TestVolume): Promise<void> {
  const { grow, growOnNode } = callsFor(place, volume)
  for (const call of [grow(2 * SIZE_BYTES), growOnNode(2 * SIZE_BYTES)]) await caller.call(call)
}

/** Durable when it returns. */
export function writeMark(place: Place, volume: TestVolume, mark: string): void {
  const file = openSync(
    markOf(place, volume),
    constants.O_RDWR | (volume.access === 'mount' ? constants.O_CREAT : 0),
  )
  writeSync(file, Buffer.from(mark.padEnd(MARK_BYTES)))
  fsyncSync(file)
  closeSync(file)
  if (volume.access === 'block') return
  const folder = openSync(callsFor(place, volume).targetPath, 'r')
  fsyncSync(folder)
  closeSync(folder)
}

export function checkMark(place: Place, volume: TestVolume, mark: string): void {
  const found = readMark(markOf(place, volume))
  if (found !== mark) throw new Error(`${volume.volumeId} (${volume.access}) holds "${found}", not "${mark}"`)
}

const MARK_BYTES = 4096

function readMark(path: string): string {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(MARK_BYTES)
  readSync(file, bytes)
  closeSync(file)
  return bytes.toString().trimEnd()
}

const markOf = (place: Place, volume: TestVolume): string => {
  const { targetPath } = callsFor(place, volume)
  return volume.access === 'block' ? targetPath : join(targetPath, 'mark')
}
