import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fuzzRest } from './fuzz/rest.ts'
import { csiSanity, type Tally } from './sanity/sanity.ts'

/**
 * Runs the suites one after another and ends with one line, `N passed, N failed`, that adds them all up.
 *   run.ts          everything
 *   run.ts check    format, lint, types, tidy and unit tests: no root, under a minute
 *   run.ts sanity   csi-sanity only
 *   run.ts fuzz     the REST API only, fuzzed
 */

const ROOT = resolve(import.meta.dirname, '..')
const NODE = join(ROOT, 'node_modules/.bin/node')

interface Suite {
  readonly name: string
  readonly run: () => Promise<Tally>
}

const check: readonly Suite[] = [
  { name: 'format and lint', run: () => program('node_modules/.bin/biome', ['ci', '--colors=off', '.']) },
  { name: 'types', run: () => program('node_modules/.bin/tsc', []) },
  { name: 'unit', run: () => vitest('unit') },
]

const sanity: readonly Suite[] = [{ name: 'csi-sanity', run: csiSanity }]

const fuzz: readonly Suite[] = [{ name: 'rest fuzz', run: fuzzRest }]

const SUITES: Record<string, readonly Suite[]> = {
  check,
  sanity,
  fuzz,
  all: [
    ...check,
    { name: 'real parts', run: () => vitest('real') },
    ...sanity,
    ...fuzz,
    { name: 'demo', run: () => program(NODE, ['test/demo/demo.ts']) },
  ],
}

/** A program that passes or fails as a whole. */
async function program(file: string, args: readonly string[]): Promise<Tally> {
  const exitCode = await start(file, args)
  return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** A vitest project, counted by its own report. */
async function vitest(project: string): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-report-'))
  const report = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const exitCode = await start(NODE, [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      project,
      ...reporters,
    ])
    const result = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>
    const [passed = 0, failed = 0, skipped = 0] = [
      result.numPassedTests,
      result.numFailedTests,
      result.numPendingTests,
    ]
    // A file that can not be loaded has no tests to fail, but vitest says so with its exit code.
    return { passed, failed: exitCode === 0 ? failed : Math.max(failed, 1), skipped }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function start(file: string, args: readonly string[]): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', fail)
    child.once('exit', (code) => done(code ?? 1))
  })
}

async function main(which: string): Promise<void> {
  const total = { passed: 0, failed: 0, skipped: 0 }
  const lines: string[] = []
  for (const suite of SUITES[which] ?? []) {
    process.stdout.write(`\n=== ${suite.name}\n`)
    const begun = Date.now()
    const tally = await suite.run().catch((error: unknown): Tally => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      return { passed: 0, failed: 1, skipped: 0 }
    })
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += tally[key]
    const seconds = ((Date.now() - begun) / 1000).toFixed(0)
    lines.push(
      `${suite.name}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped, ${seconds} s`,
    )
  }
  if (lines.length === 0) throw new Error(`no suite is called ${which}: take check, sanity, fuzz or nothing`)
  process.stdout.write(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`)
  process.exitCode = total.failed === 0 ? 0 : 1
}

await main(process.argv[2] ?? 'all')
