/** One measured number: on how many samples it stands, and what it is meant to be. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly samples: number
  readonly atLeast?: number
  readonly atMost?: number
}

export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Half and all but a hundredth of the samples were not above these; the target is for the latter. */
export function spread(
  name: string,
  samplesMs: readonly number[],
  target: Pick<Figure, 'atMost'> = {},
): Figure[] {
  const common = { unit: 'ms', samples: samplesMs.length }
  return [
    { ...common, name: `${name}, p50`, value: quantile(samplesMs, 0.5) },
    { ...common, name: `${name}, p99`, value: quantile(samplesMs, 0.99), ...target },
  ]
}

export async function timedMs(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await task()
  return performance.now() - begun
}

/** Does the task for each item, some at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  callers: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const pending = items.toReversed()
  const caller = async (): Promise<void> => {
    for (let item = pending.pop(); item !== undefined; item = pending.pop()) await task(item)
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

export function tableOf(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length))
  return figures.map((figure) => lineOf(figure, width)).join('')
}

function lineOf({ name, value, unit, samples, atLeast, atMost }: Figure, width: number): string {
  const target = atLeast === undefined ? (atMost === undefined ? '' : `≤ ${atMost}`) : `≥ ${atLeast}`
  const missed = value < (atLeast ?? value) || value > (atMost ?? value)
  const columns = [
    name.padEnd(width),
    value.toFixed(value < 10 ? 2 : 0).padStart(7),
    unit.padEnd(6),
    `n=${samples}`.padEnd(6),
    target.padEnd(6),
    missed ? 'missed' : '',
  ]
  return `${columns.join('  ').trimEnd()}\n`
}
