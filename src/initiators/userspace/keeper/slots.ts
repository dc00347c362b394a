import assert from 'node:assert/strict'

/**
 * `spent`: a file was mounted on the descriptor once; after that it is dead.
 * `reserved`: the descriptor is a new one, which only the next process will have.
 */
type SlotState = 'free' | 'taken' | 'spent' | 'reserved'

interface Slot {
  fd: number
  state: SlotState
}

/**
 * The /dev/fuse descriptors that one worker inherits. A process gets descriptors only when it starts, so they
 * are opened before it, and new ones come in only when another process takes its place.
 */
export class Slots {
  readonly #slots: Slot[]
  readonly #closeFd: (fd: number) => void

  constructor(fds: readonly number[], closeFd: (fd: number) => void) {
    this.#slots = fds.map((fd) => ({ fd, state: 'free' }))
    this.#closeFd = closeFd
  }

  get free(): number {
    return this.#count('free')
  }

  get taken(): number {
    return this.#count('taken')
  }

  /** What the first worker inherits, in the order of the slots. */
  get fds(): readonly number[] {
    return this.#slots.map((slot) => slot.fd)
  }

  fdOf(index: number): number {
    return this.#at(index, 'taken').fd
  }

  /** A free slot, taken now; undefined when there is none. */
  take(): number | undefined {
    const index = this.#slots.findIndex((slot) => slot.state === 'free')
    if (index < 0) return undefined
    this.#at(index, 'free').state = 'taken'
    return index
  }

  /** Gives back a slot on which nothing was ever mounted. */
  release(index: number): void {
    this.#at(index, 'taken').state = 'free'
  }

  /** Closes a slot on which something was mounted. */
  spend(index: number): void {
    this.#close(this.#at(index, 'taken'))
  }

  /** What a process that is yet to start inherits: new descriptors in place of spent ones. */
  reserve(openFd: () => number): readonly number[] {
    for (const slot of this.#slots) {
      if (slot.state !== 'spent') continue
      slot.fd = openFd()
      slot.state = 'reserved'
    }
    return this.fds
  }

  /** That process is the present one. */
  renew(): void {
    for (const slot of this.#slots) {
      if (slot.state === 'reserved') slot.state = 'free'
    }
  }

  /** Closes what is open; a file that is still mounted and has no other server fails from then on. */
  closeAll(): void {
    for (const slot of this.#slots) {
      if (slot.state !== 'spent') this.#close(slot)
    }
  }

  #close(slot: Slot): void {
    slot.state = 'spent'
    this.#closeFd(slot.fd)
  }

  #count(state: SlotState): number {
    return this.#slots.filter((slot) => slot.state === state).length
  }

  #at(index: number, state: SlotState): Slot {
    const slot = this.#slots[index]
    assert(slot?.state === state, `slot ${index} is ${slot?.state}, not ${state}`)
    return slot
  }
}
