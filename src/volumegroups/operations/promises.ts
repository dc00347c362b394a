import { decodeExactly } from '../../lib/exact-json.ts'
import type { Transactor } from '../database.ts'
import type { DiskId } from '../ids.ts'

interface Sized {
  readonly sizeBytes: bigint
}

type Promised = (tx: Transactor, intent: never) => Promise<bigint>

/** How much an operation, by its intent, promises beyond what stands in the database. */
const PROMISED: Readonly<Record<string, Promised>> = {
  createDisk: async (_, { disk }: { disk: Sized }) => disk.sizeBytes,
  restoreGroup: async (_, { disks }: { disks: readonly Sized[] }) => sumOf(disks),
  growDisk: async (tx, { id, sizeBytes }: Sized & { id: DiskId }) => {
    const disk = await tx.disk(id)
    return disk !== undefined && sizeBytes > disk.sizeBytes ? sizeBytes - disk.sizeBytes : 0n
  },
}

/** What the operations that are under way have promised and not committed yet; also those that are being undone. */
export async function bytesInTheMaking(tx: Transactor): Promise<bigint> {
  let bytes = 0n
  for (const { kind, committed, intent } of await tx.openOperations()) {
    const promised = committed ? undefined : PROMISED[kind]
    if (promised) bytes += await promised(tx, decodeExactly(intent) as never)
  }
  return bytes
}

export const sumOf = (disks: readonly Sized[]): bigint =>
  disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)
