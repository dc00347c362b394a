import type { Session } from '../session.ts'
import { shorten, withoutControls } from './text.ts'
import { formatDuration } from './values.ts'

/** A change that may take a while. */
export interface Work {
  /** For a person: `making disk data`. */
  readonly label: string
  /** The kind of its operation. */
  readonly kind: string
  /** The id of what it works on, if it is known before: by it the operation is found. */
  readonly about?: string | undefined
}

const TICK_MS = 1000
const CLEAR_LINE = '\r\u001b[K'
/** So many running operations are looked through for the one that is waited for. */
const LOOKED_THROUGH = 100

/** Makes a change; from the first second on a person is told what is waited for. */
export async function working<Result>(
  session: Session,
  work: Work,
  change: () => Promise<Result>,
): Promise<Result> {
  if (session.terminal.err.columns === undefined) return change()
  const ended = new AbortController()
  const telling = tellProgress(session, work, ended.signal)
  try {
    return await change()
  } finally {
    ended.abort()
    await telling
  }
}

async function tellProgress(session: Session, work: Work, ended: AbortSignal): Promise<void> {
  const { terminal } = session
  const { err } = terminal
  const begunAt = terminal.now().getTime()
  let isTold = false
  while (await passes(terminal.sleep(TICK_MS, ended))) {
    const step = await stepOf(session, work, ended)
    if (ended.aborted) break
    const took = formatDuration(terminal.now().getTime() - begunAt)
    const line = withoutControls(`${work.label} … ${took}${step === undefined ? '' : `, ${step}`}`)
    err.write(`${CLEAR_LINE}${shorten(line, err.columns ?? Number.POSITIVE_INFINITY)}`)
    isTold = true
  }
  if (isTold) err.write(CLEAR_LINE)
}

/** Whether a wait was not cut short. */
const passes = (wait: Promise<void>): Promise<boolean> =>
  wait.then(
    () => true,
    () => false,
  )

/** The step that the one operation of this kind on this entity is at. Nothing to go by is no fault. */
async function stepOf(
  session: Session,
  { kind, about }: Work,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (about === undefined) return undefined
  try {
    const query = { state: 'running', limit: LOOKED_THROUGH } as const
    const { items } = await session.groups.listOperations(query, { signal })
    const [mine, another] = items.filter((item) => item.kind === kind && item.entities.includes(about))
    return another === undefined ? mine?.step : undefined
  } catch {
    return undefined
  }
}
