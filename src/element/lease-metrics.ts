import { Gauge, type Registry } from 'prom-client'
import type { LeaseTerms } from '../volumegroups/index.ts'

/** Tells how long a disk of a silent node may have to wait. */
export function measureLeases(registry: Registry, { boundMs, durationMs }: LeaseTerms): void {
  const registers = [registry]
  new Gauge({
    name: 'mooring_element_takeover_bound_seconds',
    help: 'The longest from the last renewal of a silent node to its disk being granted to another.',
    registers,
  }).set(boundMs / 1000)
  new Gauge({
    name: 'mooring_element_lease_seconds',
    help: 'How long a node counts as alive after each renewal of its lease.',
    registers,
  }).set(durationMs / 1000)
}
