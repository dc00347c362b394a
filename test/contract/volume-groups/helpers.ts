import { expect } from 'vitest'
import type {
  Attachment,
  Disk,
  DiskId,
  DiskSpec,
  Initiator,
  InitiatorId,
  Page,
  Reason,
  VolumeGroups,
} from '../../../src/volumegroups/index.ts'

export const MiB = 1024n * 1024n

/** One VolumeGroups under test. */
export interface Made extends AsyncDisposable {
  readonly groups: VolumeGroups
}

export type Make = () => Promise<Made>

export function diskSpec(name: string, more: Partial<DiskSpec> = {}): DiskSpec {
  const size = { requiredBytes: 16n * MiB, limitBytes: undefined }
  return { name, project: '/', group: { kind: 'own' }, size, attributes: {}, ...more }
}

export const addDisk = (groups: VolumeGroups, name: string, more?: Partial<DiskSpec>): Promise<Disk> =>
  groups.createDisk(diskSpec(name, more))

export const initiatorId = (name: string): InitiatorId => name as InitiatorId

export const addInitiator = (groups: VolumeGroups, name: string, maxAttachments = 0): Promise<Initiator> =>
  groups.registerInitiator({ id: initiatorId(name), name: `iqn.2026-01.test:${name}`, maxAttachments })

/** Grants the disk for exclusive writing, unless told otherwise. */
export function attach(
  groups: VolumeGroups,
  diskId: DiskId,
  node: string,
  rights: { readOnly?: boolean; shared?: boolean } = {},
): Promise<Attachment> {
  const { readOnly = false, shared = false } = rights
  return groups.grant({ diskId, initiatorId: initiatorId(node), readOnly, shared })
}

/** The call fails for exactly this reason, with a message for people. */
export async function refused(call: Promise<unknown>, reason: Reason, more: object = {}): Promise<void> {
  const message = expect.stringMatching(/\S/)
  await expect(call).rejects.toMatchObject({ name: 'StorageError', reason, message, ...more })
}

/** Every item of a list, read in pages of this many. */
export async function readAll<Item>(
  list: (query: { limit: number; token: string | undefined }) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = []
  let token: string | undefined
  do {
    const page = await list({ limit, token })
    expect(page.items.length).toBeLessThanOrEqual(limit)
    items.push(...page.items)
    token = page.nextToken
  } while (token !== undefined)
  return items
}
