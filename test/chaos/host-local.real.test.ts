import { resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { sweepInterrupted } from '../support/deployment.ts'

const NAMESPACE = `mooring-host-local-${process.pid}`
const SCENARIO = resolve(import.meta.dirname, 'host-local/scenario.ts')
const STEPS = ['create', 'attach', 'snapshot', 'grow', 'detach']

beforeAll(async () => {
  await sweepInterrupted('host-local')
  await run({ file: 'ip', args: ['netns', 'add', NAMESPACE] })
})
afterAll(() => run({ file: 'ip', args: ['netns', 'delete', NAMESPACE] }))

test('with every address cut but the host-local one, volumes are made, attached, snapshotted, grown and detached', async () => {
  const args = [`--net=/run/netns/${NAMESPACE}`, process.execPath, SCENARIO]
  const { stdout } = await run({ file: 'nsenter', args }, { timeoutMs: 110_000 })
  const report = JSON.parse(stdout) as Record<'before' | 'cut', object> & Record<string, unknown>
  process.stdout.write(`ms before the cut and after it: ${JSON.stringify([report.before, report.cut])}\n`)
  expect(Object.keys(report.cut)).toEqual(STEPS)
  expect(report).toMatchObject({ usedLocal: true, returned: true })
})
