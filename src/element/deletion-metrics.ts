import { Gauge, type Registry } from 'prom-client'
import type { DeletedSum } from '../volumegroups/index.ts'

/** Tells how much was deleted and can be had again: read at each look. */
export function measureDeletions(registry: Registry, read: () => Promise<readonly DeletedSum[]>): void {
  const registers = [registry]
  new Gauge({
    name: 'mooring_deleted_restorable',
    help: 'Deleted disks and volume groups that can be had again.',
    labelNames: ['kind'],
    registers,
    async collect() {
      const sums = await read()
      for (const kind of ['disk', 'volumeGroup'] as const) {
        this.set({ kind }, sums.find((sum) => sum.kind === kind)?.count ?? 0)
      }
    },
  })
  new Gauge({
    name: 'mooring_deleted_restorable_bytes',
    help: 'The sizes of the deleted disks that can be had again; they are promised still.',
    registers,
    async collect() {
      this.set(Number((await read()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)))
    },
  })
}
