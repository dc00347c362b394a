import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ElementClient } from './https.ts'
import { MOORING } from './part.ts'

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `mooring` as a process, with the way to the element; single quotes keep words together. */
export async function mooring(
  line: string,
  { url, tokenFile, caFile }: Partial<ElementClient>,
): Promise<Ended> {
  const words = (line.match(/(?:'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll("'", ''))
  const way = Object.entries({ '--url': url, '--token-file': tokenFile, '--ca-file': caFile })
  const options = way.flatMap(([option, value]) => (value === undefined ? [] : [option, value]))
  const child = spawn(MOORING, [...words, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts }
}
