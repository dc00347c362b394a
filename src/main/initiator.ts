import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { NodeSettings } from '../config/config.ts'
import { chooseInitiator, type InitiatorChoice } from '../initiators/choose-initiator.ts'
import { Host, type HostAccess } from '../initiators/open-iscsi/host-access.ts'
import { Kernel } from '../initiators/open-iscsi/kernel.ts'
import { createOpenIscsiInitiator } from '../initiators/open-iscsi/open-iscsi-initiator.ts'
import { preflight } from '../initiators/open-iscsi/preflight.ts'
import { createUserspaceInitiator } from '../initiators/userspace/userspace-initiator.ts'
import type { InitiatorPlug } from '../volumegroups/index.ts'

/** Where the keeper of a node lives; it outlives the node's process. */
export const keeperDir = (stateDir: string): string => join(stateDir, 'userspace')

/** The initiator that this node uses; which and why is logged, and kept in `initiator.json` in the state directory. */
export async function openInitiator(config: NodeSettings, log: Logger): Promise<InitiatorPlug> {
  const { stateDir, initiatorName, initiator: configured } = config
  const host = new Host(accessOf(config.openIscsi))
  const userspace = createUserspaceInitiator({
    stateDir: keeperDir(stateDir),
    spawnKeeper: config.keeper.startedBy === 'node',
    maxDisks: config.maxVolumes,
    configFile: config.file,
  })
  const openIscsi = await createOpenIscsiInitiator({
    stateDir: join(stateDir, 'open-iscsi'),
    initiatorName,
    host,
    database: config.openIscsi.database,
  })
  const attached = {
    'open-iscsi': (await openIscsi.list()).length,
    userspace: (await userspace.list()).length,
  }
  const faults =
    configured === 'userspace' ? [] : await preflight({ host, kernel: new Kernel(), initiatorName })
  const choice = chooseInitiator({ configured, attached, faults })
  log.info({ initiator: choice.kind, configured, why: choice.why, faults }, 'initiator chosen')
  await writeStatus(stateDir, { ...choice, configured, faults })
  return choice.kind === 'open-iscsi' ? openIscsi : userspace
}

function accessOf({ namespace, hostRoot }: NodeSettings['openIscsi']): HostAccess {
  if (namespace !== undefined) return { kind: 'nsenter', namespace }
  return hostRoot === undefined ? { kind: 'direct' } : { kind: 'chroot', root: hostRoot }
}

interface Status extends InitiatorChoice {
  readonly configured: string
  readonly faults: readonly string[]
}

/** For people who look why a node uses what it uses. */
async function writeStatus(stateDir: string, { kind, ...status }: Status): Promise<void> {
  const file = join(stateDir, 'initiator.json')
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const text = JSON.stringify({ initiator: kind, ...status, since: new Date() }, undefined, 2)
  await writeFile(`${file}.new`, `${text}\n`)
  await rename(`${file}.new`, file)
}
