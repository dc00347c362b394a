import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import type { CreateVolumeResponse, ProbeResponse } from '../../../src/csi/messages.ts'
import { type Daemon, startDaemon } from '../../../src/host/exec.ts'
import type { CsiClient } from '../../fakes/csi-client.ts'
import { Deployment } from '../../support/deployment.ts'
import { type AccessType, capabilityOf } from '../../support/volumes.ts'
import { bootGuest, type Guest, type Migration } from './guest.ts'
import { createGuestBridge, type GuestBridge } from './network.ts'

/** A volume as its caller knows it, and where the guest has it. */
export interface GuestVolume {
  readonly volumeId: string
  readonly volumeContext: Readonly<Record<string, string>>
  readonly access: AccessType
  readonly staging: string
  readonly target: string
}

/** Where the guest's node plugin answers on the bridge. */
export const CSI_PORT = 10_000
const NUMBER = 11
const FOLDER = '/root/node'
const NODE = '/mooring/node_modules/.bin/node'
const RELAY = 'test/guest/support/relay-program.ts'
const START_LIMIT_MS = 180_000
/** kubelet's own limit for a CSI call. */
const CALL_TIMEOUT_MS = 120_000
const MIB = 1024 ** 2
/** Without hardware help, a busy guest may need longer for a request than a node elsewhere may be silent. */
const LEASE = { durationMs: 60_000, renewMs: 10_000 }
/** It would undo what a test does to the target. */
const RECONCILER = { everyMs: 3_600_000 }

/**
 * A machine's element and controller as processes, and a guest whose node plugin attaches their disks by its kernel's
 * own initiator. They know nothing of each other but an address on a bridge. CSI calls come from outside the guest.
 */
export class GuestSite implements AsyncDisposable {
  readonly bridge: GuestBridge
  readonly deployment: Deployment
  readonly guest: Guest
  readonly controller: CsiClient
  readonly node: CsiClient
  /** The guest's node plugin, as this machine's network reaches it. */
  readonly address: string
  readonly #stack: AsyncDisposableStack

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.bridge = parts.bridge
    this.deployment = parts.deployment
    this.guest = parts.guest
    this.address = parts.address
    this.controller = this.deployment.csi('controller')
    this.node = this.deployment.csi('node')
    this.#stack = stack
  }

  /** `node`: what the node's configuration has beside the usual. */
  static async start(name: string, node: object = {}): Promise<GuestSite> {
    await using stack = new AsyncDisposableStack()
    const bridge = stack.use(await createGuestBridge())
    const deployment = await Deployment.start({
      ...{ name: 'mooring-guest', attach: 'node', guests: bridge, lease: LEASE, reconciler: RECONCILER },
    })
    stack.use(deployment)
    const network = await bridge.port(NUMBER)
    const guest = stack.use(await bootGuest({ name, memoryMiB: 1024, cpus: 1, network }))
    const address = `${network.address.split('/')[0]}:${CSI_PORT}`
    const relay = await startRelay(bridge, deployment.nodeSocket, address)
    stack.defer(() => relay.stop('SIGKILL', 0))
    const site = new GuestSite({ bridge, deployment, guest, address }, stack.move())
    try {
      await site.configure(node)
      await site.startNode()
      return site
    } catch (error) {
      await site[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Gives the guest its node's configuration, with its token and the element's certificate; for the next start. */
  async configure(node: object = {}): Promise<void> {
    const config = parse(readFileSync(this.deployment.configOf('node'), 'utf8')) as NodeFile
    const { url, tokenFile, caFile } = config.element
    const file = (name: string): string => join(FOLDER, name)
    const here = {
      ...config,
      csiEndpoint: `unix://${file('csi.sock')}`,
      element: { url, tokenFile: file('token'), caFile: file('ca.pem') },
      stateDir: file('state'),
      initiator: 'open-iscsi',
      keeper: { startedBy: 'service' },
      ...node,
    }
    await this.guest.run(`mkdir -p ${FOLDER}`)
    await this.#put(file('token'), readFileSync(tokenFile, 'utf8'))
    await this.#put(file('ca.pem'), readFileSync(caFile, 'utf8'))
    await this.#put(file('node.yaml'), stringify(here))
  }

  async #put(file: string, input: string): Promise<void> {
    await this.guest.run(`umask 077 && cat > ${file} && sync`, { input })
  }

  /** What a guest's services would do after each boot. Returns when the node plugin answers. */
  async startNode(): Promise<void> {
    await this.guest.run('modprobe -a iscsi_tcp fuse && iscsid')
    const keeper = `${NODE} /mooring/src/main/keeper.ts --state-dir ${FOLDER}/state/userspace`
    await this.#startService('keeper', `${keeper} --config ${FOLDER}/node.yaml`)
    const isReady = `grep -q 'keeper ready' ${FOLDER}/keeper.log`
    await this.guest.run(`until ${isReady}; do sleep 0.2; done`, { timeoutMs: START_LIMIT_MS })
    await this.#startService('node', `/mooring/bin/mooring node --config ${FOLDER}/node.yaml`)
    await this.#startService('relay', `${NODE} /mooring/${RELAY} ${this.address} ${FOLDER}/csi.sock`)
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await this.#isReady())) {
      if (Date.now() > deadline) throw new Error(`the node plugin is not ready:\n${await this.nodeLog()}`)
      await sleep(250)
    }
  }

  async #startService(name: string, command: string): Promise<void> {
    await this.guest.run(`setsid ${command} > ${FOLDER}/${name}.log 2>&1 < /dev/null &`)
  }

  async #isReady(): Promise<boolean> {
    const answer = this.node.call<ProbeResponse>('Probe', {}, 10_000)
    return answer.then(
      ({ ready }) => ready?.value ?? true,
      () => false,
    )
  }

  nodeLog(): Promise<string> {
    return this.guest.output(`tail -c 4000 ${FOLDER}/*.log`)
  }

  async create(name: string, access: AccessType, sizeMib: number): Promise<GuestVolume> {
    const request = {
      name,
      capacityRange: { requiredBytes: String(sizeMib * MIB) },
      volumeCapabilities: [capabilityOf(access)],
    }
    const { volume } = await this.controller.call<CreateVolumeResponse>(
      'CreateVolume',
      request,
      CALL_TIMEOUT_MS,
    )
    const { volumeId, volumeContext } = volume as NonNullable<typeof volume>
    const paths = { staging: `${FOLDER}/staging/${volumeId}`, target: `${FOLDER}/pods/${volumeId}` }
    return { volumeId, volumeContext, access, ...paths }
  }

  /** NodeStageVolume and NodePublishVolume. */
  async attach(volume: GuestVolume): Promise<void> {
    const { volumeId, volumeContext, access, staging, target } = volume
    await this.guest.run(['mkdir', '-p', staging, `${FOLDER}/pods`])
    const common = { volumeId, volumeContext, volumeCapability: capabilityOf(access) }
    const staged = { ...common, stagingTargetPath: staging }
    await this.node.call('NodeStageVolume', staged, CALL_TIMEOUT_MS)
    await this.node.call('NodePublishVolume', { ...staged, targetPath: target }, CALL_TIMEOUT_MS)
  }

  /** NodeUnpublishVolume and NodeUnstageVolume. */
  async detach({ volumeId, staging, target }: GuestVolume): Promise<void> {
    await this.node.call('NodeUnpublishVolume', { volumeId, targetPath: target }, CALL_TIMEOUT_MS)
    await this.node.call('NodeUnstageVolume', { volumeId, stagingTargetPath: staging }, CALL_TIMEOUT_MS)
  }

  async delete({ volumeId }: GuestVolume): Promise<void> {
    await this.controller.call('DeleteVolume', { volumeId }, CALL_TIMEOUT_MS)
  }

  /** How many sessions the guest's kernel has. */
  async sessionCount(): Promise<number> {
    return Number(await this.guest.output('ls /sys/class/iscsi_session 2>/dev/null | wc -l'))
  }

  /** What its open-iscsi would log in to if it were told to. */
  async initiatorRecords(): Promise<readonly string[]> {
    const found = await this.guest.output('find /etc/iscsi/nodes -type f 2>/dev/null || true')
    return found.split('\n').filter(Boolean)
  }

  /** Moves the guest to another QEMU process with a port of its own on the bridge. */
  async migrate(): Promise<Migration> {
    return await this.guest.migrate(await this.bridge.port(NUMBER))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

interface Parts {
  readonly bridge: GuestBridge
  readonly deployment: Deployment
  readonly guest: Guest
  readonly address: string
}

interface NodeFile {
  readonly element: { readonly url: string; readonly tokenFile: string; readonly caFile: string }
}

/** Makes the node plugin's port on the bridge a unix socket of this machine. */
function startRelay(bridge: GuestBridge, socket: string, address: string): Promise<Daemon> {
  const relay = bridge.inside({ file: process.execPath, args: [RELAY, socket, address] })
  return startDaemon({ file: 'setpriv', args: ['--pdeathsig', 'KILL', relay.file, ...relay.args] })
}
