import type { AuthorityStatus, ElementStatus, PoolCapacity } from '../../volumegroups/index.ts'
import type { Format, View } from '../output/view.ts'
import { encode } from '../output/wire.ts'

/** An element that does not work yet does not say what it holds. */
export type Status = ElementStatus & { readonly capacity?: PoolCapacity | undefined }

export const STATUS: View<Status> = {
  plural: 'elements',
  toWire: {
    one: onWire,
    page: ({ items }) => Promise.all(items.map(onWire)),
  },
  columns: [
    { title: 'element', cell: ({ name }) => name },
    { title: 'site', cell: ({ site }) => site },
    { title: 'state', cell: ({ state }) => state },
    { title: 'authority', cell: ({ authority }, format) => authorityOf(authority, format) },
    {
      title: 'bound',
      cell: ({ authority: { boundMs } }) => (boundMs === undefined ? '' : `${boundMs / 1000} s`),
    },
    { title: 'takeover', cell: ({ lease }) => `within ${lease.boundMs / 1000} s of the last renewal` },
    { title: 'serving', cell: ({ authority }) => (authority.serving ? 'yes' : 'no') },
    { title: 'version', cell: ({ version }) => version },
    { title: 'started', cell: ({ startedAt }, { time }) => time(startedAt) },
    { title: 'id', cell: ({ elementId }) => elementId },
    { title: 'pool', cell: ({ capacity }) => capacity?.state ?? '' },
    { title: 'total', cell: ({ capacity }, format) => sizeOf(capacity?.totalBytes, format) },
    { title: 'available', cell: ({ capacity }, format) => sizeOf(capacity?.availableBytes, format) },
    { title: 'largest disk', cell: ({ capacity }, format) => sizeOf(capacity?.maximumDiskBytes, format) },
  ],
}

const sizeOf = (sizeBytes: bigint | undefined, { size }: Format): string =>
  sizeBytes === undefined ? '' : size(sizeBytes)

const authorityOf = ({ state, since, why }: AuthorityStatus, { time }: Format): string =>
  [`${state} since ${time(since)}`, ...(why === undefined ? [] : [why])].join(': ')

async function onWire({ capacity, ...status }: Status): Promise<unknown> {
  const held = capacity && { capacity: await encode('capacity', capacity) }
  return { ...((await encode('status', status)) as object), ...held }
}
