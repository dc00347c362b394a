import { run } from '../../../src/host/exec.ts'

/**
 * An element and two nodes, each in a network namespace of its own, so that a node's cable can be pulled. Nothing of it
 * can be reached from the host, or from outside.
 */
export class Network implements AsyncDisposable {
  static readonly ELEMENT_ADDRESS = '10.211.0.1'
  readonly #name: string

  private constructor(name: string) {
    this.#name = name
  }

  static async create(nodes: readonly string[]): Promise<Network> {
    const network = new Network(`mooring-${process.pid}`)
    await network[Symbol.asyncDispose]() // what a killed run of this pid left
    try {
      await network.#addNamespace('element')
      await network.#ip('element', 'address', 'add', `${Network.ELEMENT_ADDRESS}/32`, 'dev', 'lo')
      for (const [index, node] of nodes.entries()) await network.#connect(node, index + 1)
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
    return network
  }

  /** The arguments that run a command there; it sees the host's files and mounts. */
  enter(place: string): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}-${place}`]
  }

  async setLink(node: string, state: 'up' | 'down'): Promise<void> {
    await this.#ip('element', 'link', 'set', `to-${node}`, state)
    if (state === 'up') await this.#route(node)
  }

  async #connect(node: string, subnet: number): Promise<void> {
    await this.#addNamespace(node)
    const peer = ['peer', 'name', 'eth0', 'netns', `${this.#name}-${node}`]
    await this.#ip('element', 'link', 'add', `to-${node}`, 'type', 'veth', ...peer)
    await this.#ip('element', 'address', 'add', `10.211.${subnet}.1/24`, 'dev', `to-${node}`)
    await this.#ip('element', 'link', 'set', `to-${node}`, 'up')
    await this.#ip(node, 'address', 'add', `10.211.${subnet}.2/24`, 'dev', 'eth0')
    await this.#ip(node, 'link', 'set', 'eth0', 'up')
    this.#gateways.set(node, `10.211.${subnet}.1`)
    await this.#route(node)
  }

  readonly #gateways = new Map<string, string>()

  async #route(node: string): Promise<void> {
    await this.#ip(node, 'route', 'replace', 'default', 'via', this.#gateways.get(node) as string)
  }

  async #addNamespace(place: string): Promise<void> {
    await run({ file: 'ip', args: ['netns', 'add', `${this.#name}-${place}`] })
    await this.#ip(place, 'link', 'set', 'lo', 'up')
  }

  async #ip(place: string, ...args: readonly string[]): Promise<void> {
    await run({ file: 'ip', args: ['-n', `${this.#name}-${place}`, ...args] })
  }

  /** The links go with their namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { stdout } = await run({ file: 'ip', args: ['netns', 'list'] })
    const own = stdout.split('\n').map((line) => line.split(' ')[0] as string)
    for (const name of own) {
      if (name.startsWith(`${this.#name}-`)) await run({ file: 'ip', args: ['netns', 'delete', name] })
    }
  }
}
