import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../../../src/host/exec.ts'
import type { GuestImage } from './image.ts'

/** How a guest is connected. */
export type GuestNetwork =
  /**
   * A network of its own, made by QEMU: the guest is 10.0.2.15 and reaches what listens on this machine's loopback
   * at 10.0.2.2. `forward` makes ports of the guest reachable on loopback.
   */
  | { readonly kind: 'user'; readonly forward?: readonly PortForward[] | undefined }
  /** A tap device on a bridge in a network namespace: see network.ts. */
  | {
      readonly kind: 'tap'
      readonly namespace: string
      readonly tap: string
      readonly mac: string
      /** Address and prefix, such as 10.77.0.11/24. */
      readonly address: string
    }

export interface PortForward {
  readonly hostPort: number
  readonly guestPort: number
}

/** One QEMU process, as data. */
export interface Machine {
  readonly name: string
  readonly memoryMiB: number
  readonly cpus: number
  readonly network: GuestNetwork
  /** Holds its sockets and its disk. */
  readonly folder: string
  readonly disk: string
  readonly tree: string
  readonly console: string
  /** Waits for a migration at this address instead of booting. */
  readonly incoming?: string | undefined
}

export const agentSocket = (folder: string): string => join(folder, 'agent')
export const monitorSocket = (folder: string): string => join(folder, 'monitor')

/** The address at which a guest with a network of its own reaches this machine's loopback. */
export const HOST_ADDRESS = '10.0.2.2'

/** QEMU is killed with the process that started it, so that nothing outlives a test run that is killed. */
export function qemuCommand(machine: Machine, image: GuestImage): Command {
  const { network } = machine
  const inside = network.kind === 'tap' ? ['ip', 'netns', 'exec', network.namespace] : []
  return {
    file: 'setpriv',
    args: ['--pdeathsig', 'KILL', ...inside, 'qemu-system-x86_64', ...qemuArguments(machine, image)],
  }
}

function qemuArguments(machine: Machine, image: GuestImage): string[] {
  const { name, memoryMiB, cpus, folder, incoming } = machine
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-name', name],
    ...[
      '-machine',
      'q35',
      '-accel',
      accelerator(),
      '-cpu',
      'max',
      '-m',
      String(memoryMiB),
      '-smp',
      String(cpus),
    ],
    ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', kernelCommandLine(machine)],
    ...['-chardev', `file,id=console,path=${machine.console},append=on`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${monitorSocket(folder)},server=on,wait=off`],
    ...['-device', 'virtio-serial-pci', '-device', 'virtio-rng-pci'],
    ...['-chardev', `socket,id=agent,path=${agentSocket(folder)},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=agent,name=mooring.agent'],
    ...drive('root', machine.disk, 'qcow2'),
    ...drive('tree', machine.tree, 'raw,read-only=on'),
    ...drive('modules', image.modules, 'raw,read-only=on'),
    ...networkArguments(machine.network),
    ...(incoming === undefined ? [] : ['-incoming', incoming]),
  ]
}

function drive(id: string, file: string, format: string): string[] {
  const device = `virtio-blk-pci,drive=${id},serial=mooring-${id}`
  return ['-drive', `if=none,id=${id},file=${file},format=${format}`, '-device', device]
}

function networkArguments(network: GuestNetwork): string[] {
  if (network.kind === 'tap') {
    const tap = `tap,id=net,ifname=${network.tap},script=no,downscript=no`
    return ['-netdev', tap, '-device', `virtio-net-pci,netdev=net,mac=${network.mac}`]
  }
  const forwards = (network.forward ?? []).map(
    ({ hostPort, guestPort }) => `,hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`,
  )
  return ['-netdev', `user,id=net${forwards.join('')}`, '-device', 'virtio-net-pci,netdev=net']
}

function kernelCommandLine({ name, network }: Machine): string {
  const address =
    network.kind === 'user'
      ? ['mooring.ip=10.0.2.15/24', `mooring.gateway=${HOST_ADDRESS}`]
      : [`mooring.ip=${network.address}`]
  return [
    ...[
      'root=LABEL=root',
      'rw',
      'console=ttyS0',
      'panic=1',
      'net.ifnames=0',
      'mitigations=off',
      'init=/sbin/mooring-init',
    ],
    ...[`mooring.name=${name}`, ...address],
  ].join(' ')
}

/** A /dev/kvm on a machine whose processor does not say that it can virtualize starts guests and then fails in them. */
function accelerator(): string {
  const able = /\b(vmx|svm)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  return able && existsSync('/dev/kvm') ? 'kvm' : 'tcg'
}
