import { expect, test } from 'vitest'
import { bootGuest } from '../../../guest/support/guest.ts'
import { testsInside } from '../../../guest/support/inside.ts'

/** The kernel of this machine may have no LIO: a guest's has. */

const CONFIGFS = 'modprobe -a configfs loop && mount -t configfs configfs /sys/kernel/config'

await testsInside(`${import.meta.dirname}/target.inside.test.ts`, { prepare: CONFIGFS })

test('what an initiator has flushed is there after the power of the host was cut', async () => {
  await using guest = await bootGuest({ memoryMiB: 2048 })
  await guest.run(CONFIGFS)
  const program = `/mooring/test/host/targets/lio/write-and-flush.ts`
  const written = await guest.output(['/mooring/node_modules/.bin/node', program], { timeoutMs: 120_000 })
  await guest.powerCut()
  await guest.start()
  const kept = await guest.output('sha256sum /root/disk')
  expect(written).toMatch(/^[0-9a-f]{64}$/)
  expect(kept).toContain(written)
})
