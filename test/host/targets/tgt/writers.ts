import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { write16 } from '../../../../src/iscsi/cdb.ts'
import type { Export, Target } from '../../../../src/volumegroups/index.ts'
import { login } from './visitor.ts'

/** Writers that never let the LUN rest and do not mind errors. */
export async function startWriters(target: Target, one: Export) {
  const session = await login(target, one)
  let stopped = false
  let done = 0
  const run = async (index: number): Promise<void> => {
    for (let turn = index; !stopped && session.end === undefined; turn++) {
      const dataOut = randomBytes(65536)
      const { status } = await session.execute({
        lun: one.lun,
        cdb: write16((turn % 64) * 128, 128),
        dataOut,
      })
      if (status === 0) done += 1
    }
  }
  const running = Promise.allSettled(Array.from({ length: 16 }, (_, index) => run(index)))
  return {
    busy: () => expect.poll(() => done, { interval: 5, timeout: 30_000 }).toBeGreaterThan(50),
    stop: async () => {
      stopped = true
      session.destroy()
      await running
      return done
    },
  }
}
