import { type Command, run } from '../../../src/host/exec.ts'
import type { GuestNetwork } from './qemu.ts'

/** A network of a test's own: a bridge in a network namespace, for guests that meet each other or migrate. */
export interface GuestBridge extends AsyncDisposable {
  /** This side's address on the bridge: what runs `inside` and listens on it is what the guests reach. */
  readonly address: string
  /** The same command, run in the namespace. */
  inside(command: Command): Command
  /** A port of the bridge for one QEMU process. A guest keeps its number when it migrates: address and MAC follow. */
  port(number: number): Promise<Extract<GuestNetwork, { kind: 'tap' }>>
}

const PREFIX = '10.77.0'
let networks = 0

export async function createGuestBridge(): Promise<GuestBridge> {
  const namespace = `mooring-guest-${process.pid}-${networks++}`
  const inside = ({ file, args, input }: Command): Command => ({
    file: 'nsenter', // not `ip netns exec`, which would hide what the command mounts
    args: [`--net=/run/netns/${namespace}`, file, ...args],
    input,
  })
  const ip = (...args: string[]) => run({ file: 'ip', args: ['-n', namespace, ...args] })
  const destroy = () => run({ file: 'ip', args: ['netns', 'delete', namespace] })
  await run({ file: 'ip', args: ['netns', 'add', namespace] })
  try {
    await ip('link', 'set', 'lo', 'up')
    await ip('link', 'add', 'bridge', 'type', 'bridge')
    await ip('address', 'add', `${PREFIX}.1/24`, 'dev', 'bridge')
    await ip('link', 'set', 'bridge', 'up')
  } catch (error) {
    await destroy()
    throw error
  }
  let taps = 0
  return {
    address: `${PREFIX}.1`,
    inside,
    port: async (number) => {
      const tap = `tap${taps++}`
      await ip('tuntap', 'add', tap, 'mode', 'tap')
      await ip('link', 'set', tap, 'master', 'bridge', 'up')
      const mac = `52:54:00:77:00:${number.toString(16).padStart(2, '0')}`
      return { kind: 'tap', namespace, tap, mac, address: `${PREFIX}.${number}/24` }
    },
    [Symbol.asyncDispose]: async () => {
      await destroy()
    },
  }
}
