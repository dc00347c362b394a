import type { Export, Portal } from '../../../volumegroups/index.ts'
import {
  acl,
  backstore,
  GROUP_TAG,
  group,
  lunFolder,
  lunLink,
  MAPPING,
  mapping,
  portalName,
  target,
} from './layout.ts'
import { listInitiators, ownerFile } from './served.ts'
import type { ConfigTree } from './tree.ts'

/** Nobody gets in whose name and credentials are not in the list; what is mapped can be written only when we say so. */
const ATTRIBUTES = {
  generate_node_acls: '0',
  cache_dynamic_acls: '0',
  demo_mode_write_protect: '1',
  demo_mode_discovery: '0',
  prod_mode_write_protect: '1',
} as const

/** The kernel's own are small and slow (RFC 7143 §13). Who lost its connection may come back at once. */
const PARAMETERS = {
  InitialR2T: 'No',
  ImmediateData: 'Yes',
  FirstBurstLength: '262144',
  MaxBurstLength: '1048576',
  MaxRecvDataSegmentLength: '262144',
  MaxXmitDataSegmentLength: '262144',
  MaxOutstandingR2T: '1',
  ErrorRecoveryLevel: '0',
  DefaultTime2Wait: '0',
  DefaultTime2Retain: '0',
} as const

/** The kernel's word for no credentials. */
const NO_CREDENTIAL = 'NULL'

/** Makes a target that is not open, with its initiator, or what lacks of it; marked, so that a half one is found. */
export async function makeTarget(
  tree: ConfigTree,
  name: string,
  { initiatorName, owner }: { readonly initiatorName: string; readonly owner: string },
): Promise<void> {
  await tree.makeFolder(target(name))
  await tree.makeFolder(group(name))
  await tree.makeFolder(acl(name, initiatorName))
  await tree.write(ownerFile(name, initiatorName), owner)
}

/** For sessions to come. */
export async function setParameters(tree: ConfigTree, name: string): Promise<void> {
  for (const [key, value] of Object.entries(ATTRIBUTES))
    await tree.write(`${group(name)}/attrib/${key}`, value)
  for (const [key, value] of Object.entries(PARAMETERS))
    await tree.write(`${group(name)}/param/${key}`, value)
}

export async function openPortal(
  tree: ConfigTree,
  name: string,
  { address, port }: Omit<Portal, 'groupTag'>,
): Promise<void> {
  await tree.makeFolder(`${group(name)}/np/${portalName(address, port)}`)
}

/** The initiator gets in with these alone. They are asked for from before they change until after. */
export async function setCredentials(
  tree: ConfigTree,
  name: string,
  { initiatorName, chap }: Pick<Export, 'initiatorName' | 'chap'>,
): Promise<void> {
  const fields = {
    userid: chap?.user,
    password: chap?.secret,
    userid_mutual: chap?.mutual?.user,
    password_mutual: chap?.mutual?.secret,
  }
  const folder = `${acl(name, initiatorName)}/auth`
  const asked = `${group(name)}/attrib/authentication`
  const wanted = Object.entries(fields).map(
    ([key, value]) => [`${folder}/${key}`, value ?? NO_CREDENTIAL] as const,
  )
  const present = await Promise.all(wanted.map(([path]) => tree.read(path)))
  const isSame = wanted.every(([, value], index) => present[index] === value)
  if (!isSame) {
    await tree.write(asked, '1')
    for (const [path, value] of wanted) await tree.write(path, value)
  }
  await tree.write(asked, chap === undefined ? '0' : '1')
}

/** Shows a backstore to the target's initiator. It can't be written before it is known whether it may. */
export async function mapLun(tree: ConfigTree, one: Export, backstoreName: string): Promise<void> {
  const { targetName: name, lun, initiatorName, readOnly } = one
  await tree.makeFolder(lunFolder(name, lun))
  await tree.link(lunLink(name, lun), backstore(backstoreName))
  const shown = mapping(name, initiatorName, lun)
  await tree.makeFolder(shown)
  await tree.link(`${shown}/${readOnly ? MAPPING.readOnly : MAPPING.readWrite}`, lunFolder(name, lun))
  await allowWrites(tree, one)
}

/** Gives the initiator what was granted, after a `protect`. */
export async function allowWrites(
  tree: ConfigTree,
  { targetName, initiatorName, lun, readOnly }: Export,
): Promise<void> {
  await refuseWrites(tree, mapping(targetName, initiatorName, lun), readOnly)
}

export async function refuseWrites(tree: ConfigTree, shown: string, refused: boolean): Promise<void> {
  await tree.write(`${shown}/write_protect`, refused ? '1' : '0')
}

/** No command for the LUN is taken any more; those that were are another matter. */
export async function hideLun(tree: ConfigTree, name: string, lun: number): Promise<void> {
  for (const initiatorName of await listInitiators(tree, name)) {
    const shown = mapping(name, initiatorName, lun)
    for (const link of Object.values(MAPPING)) await tree.unlink(`${shown}/${link}`)
    await tree.removeFolder(shown)
  }
}

/** Takes the LUN out of the target once no command for it is under way: false when that takes longer. */
export async function drainLun(
  tree: ConfigTree,
  name: string,
  lun: number,
  timeoutMs: number,
): Promise<boolean> {
  return await tree.unlinkWithin(lunLink(name, lun), timeoutMs)
}

/** What remains of a drained LUN. */
export async function removeLun(tree: ConfigTree, name: string, lun: number): Promise<void> {
  await tree.removeFolder(lunFolder(name, lun))
}

export const isOpen = async (tree: ConfigTree, name: string): Promise<boolean> =>
  (await tree.read(`${group(name)}/enable`)) === '1'

/** The initiator can log in. */
export async function open(tree: ConfigTree, name: string): Promise<void> {
  if (!(await isOpen(tree, name))) await tree.write(`${group(name)}/enable`, '1')
}

/** Nobody can log in and nobody is logged in, and no command is under way: false when that takes longer. */
export async function shut(tree: ConfigTree, name: string, timeoutMs: number): Promise<boolean> {
  if (!(await isOpen(tree, name))) return true
  return await tree.writeWithin(`${group(name)}/enable`, '0', timeoutMs)
}

/** Takes away a target that is shut and has no LUN. */
export async function removeTarget(tree: ConfigTree, name: string): Promise<void> {
  for (const portal of await tree.list(`${group(name)}/np`)) {
    await tree.removeFolder(`${group(name)}/np/${portal}`)
  }
  for (const initiatorName of await listInitiators(tree, name)) {
    await tree.removeFolder(acl(name, initiatorName)) // and the mark with it
  }
  await tree.removeFolder(group(name))
  await tree.removeFolder(target(name))
}

export const portalsOf = ({ address, port }: Omit<Portal, 'groupTag'>): readonly Portal[] => [
  { address, port, groupTag: GROUP_TAG },
]
