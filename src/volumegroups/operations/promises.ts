import { decodeExactly } from '../../lib/exact-json.ts'
import type { Transactor } from '../database.ts'

interface Sized {
  readonly sizeBytes: bigint
}

type Promised = (intent: never) => bigint

/** How much an operation, by its intent, promises beyond what stands in the database. */
const PROMISED: Readonly<Record<string, Promised>> = {
  createDisk: ({ disk }: { disk: Sized }) => disk.sizeBytes,
  restoreGroup: ({ disks }: { disks: readonly Sized[] }) => sumOf(disks),
  growDisk: ({ moreBytes }: { moreBytes: bigint }) => moreBytes,
}

/** What the operations that are under way have promised and not committed yet; also those that are being undone. */
export async function bytesInTheMaking(tx: Pick<Transactor, 'openOperations'>): Promise<bigint> {
  let bytes = 0n
  for (const { kind, committed, intent } of await tx.openOperations()) {
    const promised = committed ? undefined : PROMISED[kind]
    if (promised) bytes += promised(decodeExactly(intent) as never)
  }
  return bytes
}

export const sumOf = (disks: readonly Sized[]): bigint =>
  disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)
