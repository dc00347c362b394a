import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { bootGuest, type Guest, type GuestOptions } from './guest.ts'

interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly Outcome[]
  }[]
}

interface Outcome {
  readonly fullName: string
  readonly status: 'passed' | 'failed' | 'pending' | 'skipped' | 'todo'
  readonly failureMessages: readonly string[]
}

const ROOT = resolve(import.meta.dirname, '../../..')
const TREE = '/tree'
const REPORT = '/tmp/report.json'
const RUN_LIMIT_MS = 15 * 60_000

/**
 * Runs a test file (`*.inside.test.ts`) in a guest of its own, and makes a test here of each test there. To be called
 * at the top of a test file, with `await`.
 */
export async function testsInside(
  file: string,
  options: GuestOptions & { prepare?: string } = {},
): Promise<void> {
  const report = await runInside(relative(ROOT, file), options)
  const outcomes = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  test('the tests in the guest can be loaded', () => {
    expect(report.testResults.map(({ message }) => message).filter((message) => message !== '')).toEqual([])
    expect(outcomes.length).toBeGreaterThan(0)
  })
  for (const { fullName, status, failureMessages } of outcomes) {
    const body = (): void => expect(failureMessages.join('\n'), status).toBe('')
    test.skipIf(status !== 'passed' && status !== 'failed')(fullName, body)
  }
}

async function runInside(file: string, options: GuestOptions & { prepare?: string }): Promise<Report> {
  await using guest = await bootGuest({ memoryMiB: 2048, ...options })
  await makeTreeWritable(guest)
  if (options.prepare !== undefined) await guest.run(options.prepare)
  const vitest = [
    ...['node_modules/.bin/node', 'node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'runner'],
    ...['--project', 'inside', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, file],
  ]
  const limits = { timeoutMs: RUN_LIMIT_MS, okCodes: [0, 1] }
  const { exitCode, stdout, stderr } = await guest.run(`cd ${TREE} && ${vitest.join(' ')}`, limits)
  if (exitCode !== 0) process.stdout.write(`${stdout}${stderr}`)
  const report = await guest.output(`cat ${REPORT}`).catch((cause: unknown) => {
    throw new Error(`vitest made no report in the guest:\n${stdout}${stderr}`, { cause })
  })
  return JSON.parse(report) as Report
}

/** vitest writes beside what it runs. */
async function makeTreeWritable(guest: Guest): Promise<void> {
  const overlay = (lower: string, at: string): string =>
    `mkdir -p /run/over${at}/upper /run/over${at}/work ${at} && mount -t overlay overlay ${at} ` +
    `-o lowerdir=${lower},upperdir=/run/over${at}/upper,workdir=/run/over${at}/work`
  await guest.run('modprobe overlay')
  await guest.run(overlay('/mooring', TREE))
  await guest.run(overlay('/mooring/node_modules', join(TREE, 'node_modules')))
}
