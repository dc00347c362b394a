import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Tally } from '../sanity/sanity.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import type { ElementClient } from '../support/https.ts'

/**
 * Schemathesis makes requests out of the element's own OpenAPI document, good ones and bad ones, single ones and
 * sequences, and checks each answer against the document. Passed and failed are calls of the API.
 */
const ROOT = resolve(import.meta.dirname, '../..')
const SCHEMATHESIS = join(ROOT, '.cache/schemathesis/bin/schemathesis')
const DOCUMENT = join(ROOT, 'docs/reference/openapi.json')
const EXAMPLES = byLength(12, 400)
const TIMEOUT_MS = byLength(300_000, 7_200_000)

/** Fuzzes a real element over HTTPS, as an administrator. */
export async function fuzzRest(): Promise<Tally> {
  await using deployment = await Deployment.start({ name: 'mooring-fuzz', transport: 'https' })
  const folder = mkdtempSync(join(tmpdir(), 'mooring-fuzz-report-'))
  try {
    const exitCode = await schemathesis(deployment.admin as ElementClient, folder)
    const tally = tallyOf(readFileSync(join(folder, 'junit.xml'), 'utf8'))
    return exitCode === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Gives its exit code, or null when it was killed. */
async function schemathesis(
  { url, tokenFile, caFile }: ElementClient,
  folder: string,
): Promise<number | null> {
  copyFileSync(join(import.meta.dirname, 'schemathesis.toml'), join(folder, 'schemathesis.toml'))
  const options = {
    '--url': url,
    '--tls-verify': caFile,
    '--checks': 'all',
    '--max-examples': String(EXAMPLES),
    '--seed': String(Date.now() % 1_000_000),
    '--generation-database': 'none',
    '--report': 'junit',
    '--report-junit-path': join(folder, 'junit.xml'),
    ...(process.stdout.isTTY ? {} : { '--no-color': undefined }),
  }
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [name] : [name, value],
  )
  const child = spawn(SCHEMATHESIS, ['run', DOCUMENT, ...args], {
    cwd: folder,
    env: { ...process.env, ELEMENT_TOKEN: readFileSync(tokenFile, 'utf8').trim() },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const [exitCode] = await once(child, 'exit')
  return exitCode
}

/** The report's own sums: one test for each call of the API, and one for the sequences. */
function tallyOf(report: string): Tally {
  const suites = report.match(/<testsuites [^>]*>/)?.[0] ?? ''
  const number = (name: string): number =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suites)?.[1] ?? Number.NaN)
  const failed = number('failures') + number('errors')
  return { passed: number('tests') - failed, failed, skipped: 0 }
}
