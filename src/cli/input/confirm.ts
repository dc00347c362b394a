import { DeclinedError, UsageError } from '../errors.ts'
import { withoutControls } from '../output/text.ts'
import type { Session } from '../session.ts'
import type { ConfirmOptions } from './options.ts'

/** Lets a person think again about what can not be undone; a script must have said so before. */
export async function confirm({ terminal }: Session, { yes }: ConfirmOptions, what: string): Promise<void> {
  if (yes) return
  if (!terminal.isAttended) throw new UsageError(`${what}: say --yes where nobody is there to be asked`)
  const answer = await terminal.ask(withoutControls(`${what}? [y/N] `))
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeclinedError('nothing was changed')
}
