import pino from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { measureDrift } from '../../../src/element/drift-metrics.ts'
import { createReconciler } from '../../../src/element/loops/reconciler.ts'
import { type Finding, StorageError, type Sweep } from '../../../src/volumegroups/index.ts'

const finding = (changes: Partial<Finding> = {}): Finding => ({
  ...{ kind: 'lunMissing', entities: ['disk'], found: 'no LUN 1', wanted: 'LUN 1', action: 'repaired' },
  ...changes,
})

function listening() {
  const lines: { level: number; msg: string; err?: { reason: string } }[] = []
  return { lines, log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }) }
}

test('what a sweep finds is logged, once for as long as it lasts, and is in the figures', async () => {
  const { lines, log } = listening()
  const registry = new Registry()
  let findings: readonly Finding[] = []
  const sweep = async (): Promise<Sweep> => {
    return { at: new Date(5000), durationMs: 1, findings, count: findings.length }
  }
  const swept = measureDrift(registry)
  await using reconciler = createReconciler({
    ...{ groups: { sweep }, everyMs: Infinity, limitMs: 1000, swept, log },
  })
  await reconciler.tick()
  expect(lines).toEqual([])
  expect(await registry.metrics()).toContain('mooring_drift_findings{kind="any",action="repaired"} 0')
  findings = [finding(), finding({ kind: 'dataMissing', action: 'reported' })]
  await reconciler.tick()
  await reconciler.tick()
  expect(lines.map(({ msg }) => msg)).toEqual([
    'something was not as it should be, and is put right',
    'something is not as it should be',
  ])
  const figures = await registry.metrics()
  expect(figures).toContain('mooring_drift_findings{kind="lunMissing",action="repaired"} 1')
  expect(figures).toContain('mooring_drift_findings{kind="any",action="reported"} 1')
  expect(figures).toContain('mooring_drift_last_sweep_timestamp_seconds 5')
})

test('it sweeps by itself, and goes on after one that failed or was left out', async () => {
  const { lines, log } = listening()
  const third = Promise.withResolvers<void>()
  let sweeps = 0
  const sweep = async (): Promise<Sweep> => {
    sweeps += 1
    if (sweeps === 1) throw new StorageError('AUTHORITY_LOST', 'none')
    if (sweeps === 2) throw new StorageError('TARGET_UNAVAILABLE', 'gone')
    third.resolve()
    return { at: new Date(), durationMs: 1, findings: [], count: 0 }
  }
  await using _ = createReconciler({
    ...{ groups: { sweep }, everyMs: 1, limitMs: 1000, swept: () => {}, log },
  })
  await third.promise
  expect(lines.map(({ err }) => err?.reason)).toEqual(['TARGET_UNAVAILABLE'])
})
