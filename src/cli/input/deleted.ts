import type { Command } from 'commander'
import {
  type DeletedThing,
  type DiskId,
  diskIds,
  type Page,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { parseGrace } from './parse.ts'

/** What is deleted has no name any more: only its id tells which it is. */
export function diskIdFrom(text: string): DiskId {
  if (diskIds.is(text)) return text
  throw new UsageError(`${text} is no id of a disk; mooring disk list --deleted shows them`)
}

export function vgIdFrom(text: string): VolumeGroupId {
  if (volumeGroupIds.is(text)) return text
  throw new UsageError(`${text} is no id of a volume group; mooring vg list --deleted shows them`)
}

export interface GraceOptions {
  readonly grace?: number
}

export const keeping = (command: Command): Command =>
  command.option('--grace <time>', 'how long it can be had again, such as 24h; 0: gone at once', parseGrace)

/** What was deleted is listed instead. */
export const orDeleted = (command: Command): Command =>
  command.option('--deleted', 'those that were deleted and can be had again')

/** The items of a page that are called so, or are there. */
export const matching = (
  { name, project }: { readonly name: string | undefined; readonly project: string | undefined },
  page: Page<DeletedThing>,
): Page<DeletedThing> => ({
  ...page,
  items: page.items.filter(
    (one) => (name ?? one.name) === one.name && (project ?? one.project) === one.project,
  ),
})
