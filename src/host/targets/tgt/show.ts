/** Parses what tgtd shows of itself: text that is indented by four spaces for each level. */

export interface ShownLun {
  readonly lun: number
  readonly naa: string
  readonly serial: string
  readonly backingPath: string
  readonly readOnly: boolean
}

export interface ShownTarget {
  readonly tid: number
  readonly name: string
  readonly ready: boolean
  /** Without LUN 0, which is tgtd's own controller. */
  readonly luns: readonly ShownLun[]
  readonly incoming: readonly string[]
  readonly outgoing: readonly string[]
  readonly initiators: readonly string[]
}

export function parseTargets(text: string): readonly ShownTarget[] {
  return split(text, /^Target (\d+): (.+)$/).map(({ match, lines }) => {
    const sections = new Map(
      split(lines.join('\n'), /^ {4}(\S.*):$/).map((part) => [part.match[1], part.lines]),
    )
    const names = (section: string): string[] => (sections.get(section) ?? []).map((line) => line.trim())
    const accounts = names('Account information')
    return {
      tid: Number(match[1]),
      name: match[2]!,
      ready: names('System information').includes('State: ready'),
      luns: parseLuns(sections.get('LUN information') ?? []),
      incoming: accounts.filter((name) => !name.endsWith(OUTGOING)),
      outgoing: accounts
        .filter((name) => name.endsWith(OUTGOING))
        .map((name) => name.slice(0, -OUTGOING.length)),
      initiators: names('ACL information'),
    }
  })
}

const OUTGOING = ' (outgoing)'

function parseLuns(lines: readonly string[]): ShownLun[] {
  return split(lines.join('\n'), /^ {8}LUN: (\d+)$/)
    .map(({ match, lines: about }) => {
      const fields = new Map(about.map((line) => line.trim().split(/: ?(.*)/s) as [string, string]))
      return {
        lun: Number(match[1]),
        naa: fields.get('SCSI ID') ?? '',
        serial: fields.get('SCSI SN') ?? '',
        backingPath: fields.get('Backing store path') ?? '',
        readOnly: fields.get('Readonly') === 'Yes',
      }
    })
    .filter(({ lun }) => lun !== 0)
}

export interface ShownConnection {
  readonly session: bigint
  readonly connection: number
}

export function parseConnections(text: string): readonly ShownConnection[] {
  return split(text, /^Session: (\d+)$/).flatMap(({ match, lines }) =>
    lines.flatMap((line) => {
      const connection = /^ {4}Connection: (\d+)$/.exec(line)?.[1]
      return connection === undefined ? [] : [{ session: BigInt(match[1]!), connection: Number(connection) }]
    }),
  )
}

export const parseAccounts = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** The parts of a text that begin with a line of this form, each with the lines below it. */
function split(text: string, heading: RegExp): { match: RegExpExecArray; lines: string[] }[] {
  const parts: { match: RegExpExecArray; lines: string[] }[] = []
  for (const line of text.split('\n')) {
    const match = heading.exec(line)
    if (match) parts.push({ match, lines: [] })
    else if (line.trim() !== '') parts.at(-1)?.lines.push(line)
  }
  return parts
}
