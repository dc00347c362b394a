import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { callTgtd } from '../../src/host/targets/tgt/ipc.ts'
import { showConnections, showTargets } from '../../src/host/targets/tgt/requests.ts'
import { parseConnections, parseTargets } from '../../src/host/targets/tgt/show.ts'
import { keeperSocket } from '../../src/initiators/userspace/keeper/keeper.ts'
import { askKeeper, KeeperAbsentError } from '../../src/initiators/userspace/keeper/keeper-client.ts'
import type { Deployment } from './deployment.ts'
import { leftoversOf } from './leftovers.ts'

/** How many of each thing a running deployment holds. With no volume in it, all are zero. */
export type Census = Readonly<Record<string, number>>

/** Counts what there is in every place where a volume leaves something. Looks past the API, at the things themselves. */
export async function censusOf(deployment: Deployment): Promise<Census> {
  return {
    ...rowsOf(deployment),
    ...poolOf(deployment),
    ...(await targetOf(deployment)),
    ...(await nodeOf(deployment)),
  }
}

/** What of it is not zero. */
export const remainsOf = (census: Census): Census =>
  Object.fromEntries(Object.entries(census).filter(([, count]) => count !== 0))

const QUERIES = {
  'disk rows': 'select count(*) as n from disks',
  'attachment rows': 'select count(*) as n from attachments',
  'recovery point rows': 'select count(*) as n from recovery_points',
  'recovery point disk rows': 'select count(*) as n from recovery_point_disks',
  'implicit group rows': 'select count(*) as n from volume_groups where implicit = 1',
  'group rows': 'select count(*) as n from volume_groups',
  'open operations': "select count(*) as n from operations where state in ('running', 'undoing')",
  'faulted operations': "select count(*) as n from operations where state = 'faulted'",
}

function rowsOf({ folder }: Deployment): Census {
  const database = new DatabaseSync(join(folder, 'element/element.db'), { readOnly: true })
  try {
    const count = (sql: string): number => Number((database.prepare(sql).get() as { n: number }).n)
    return Object.fromEntries(Object.entries(QUERIES).map(([name, sql]) => [name, count(sql)]))
  } finally {
    database.close()
  }
}

function poolOf({ poolPath }: Deployment): Census {
  const groups = filesIn(join(poolPath, 'vg'))
  const within = (part: string): string[] =>
    groups.flatMap((group) => filesIn(join(poolPath, 'vg', group, part)))
  const all = [...groups, ...within('active'), ...within('rp')]
  return {
    'group subvolumes': groups.length,
    'disk files': within('active').filter((name) => name.endsWith('.img')).length,
    'recovery point subvolumes': within('rp').length,
    'staged remains in the pool': all.filter((name) => name.endsWith('.staged')).length,
  }
}

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

async function targetOf({ targetSocket }: Deployment): Promise<Census> {
  const targets = parseTargets(await callTgtd(targetSocket, showTargets))
  const shown = await Promise.all(targets.map(({ tid }) => callTgtd(targetSocket, showConnections(tid))))
  return {
    targets: targets.length,
    LUNs: targets.flatMap(({ luns }) => luns).length,
    connections: shown.flatMap(parseConnections).length,
  }
}

async function nodeOf(deployment: Deployment): Promise<Census> {
  const { folder, poolPath } = deployment
  const left = await leftoversOf(folder)
  return {
    'keeper disks': await keeperDisks(folder),
    'loop devices': left.loops.filter(({ file }) => file.startsWith(join(folder, 'node'))).length,
    mounts: left.mounts.filter((target) => target !== poolPath).length,
    'node records': filesIn(join(folder, 'node/volumes')).length,
    'disk files of the keeper': filesIn(join(folder, 'node/userspace/disks')).length,
    'published targets': filesIn(join(folder, 'kubelet/pods')).length,
  }
}

async function keeperDisks(folder: string): Promise<number> {
  try {
    return (await askKeeper(keeperSocket(join(folder, 'node/userspace')), { op: 'list' }, 10_000)).length
  } catch (error) {
    if (error instanceof KeeperAbsentError) return 0
    throw error
  }
}
