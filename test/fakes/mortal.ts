/** Thrown by every port once the process is dead. */
export class Died extends Error {
  override readonly name = 'Died'
}

/** When a process dies: just before its nth step takes effect, or just after. */
export interface Death {
  readonly step: number
  readonly when: 'before' | 'after'
}

/**
 * Ports as one process sees them: its nth call of any method kills it, and from then on nothing that it does has an
 * effect. `steps` counts the calls, so that a run without a death says how many there are.
 */
export class Mortal {
  steps = 0
  dead = false
  readonly #death: Death | undefined

  constructor(death?: Death) {
    this.#death = death
  }

  wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (object, name) => {
        const member = Reflect.get(object, name, object)
        return typeof member === 'function'
          ? (...args: unknown[]) => this.#step(() => member.apply(object, args))
          : member
      },
    })
  }

  async #step(effect: () => unknown): Promise<unknown> {
    if (this.dead) throw new Died('the process is dead')
    this.steps += 1
    const isLast = this.steps === this.#death?.step
    if (isLast && this.#death?.when === 'before') this.#die()
    const result = await effect()
    if (isLast) this.#die()
    return result
  }

  #die(): never {
    this.dead = true
    throw new Died('the process died here')
  }
}
