import { onTestFinished } from 'vitest'
import { isidOf, Session, type SessionOptions } from '../../src/iscsi/index.ts'
import { type Script, ScriptedTarget } from './scripted-target.ts'

/** A session with a target that follows the script; both end with the test. */
export async function connect(script: Script, options: Partial<SessionOptions> = {}): Promise<Session> {
  const target = await ScriptedTarget.start(script)
  onTestFinished(() => target[Symbol.asyncDispose]())
  const session = await Session.login({
    portal: target.portal,
    targetName: 'iqn.test:target',
    initiatorName: 'iqn.test:initiator',
    isid: isidOf('test'),
    ...options,
  })
  onTestFinished(() => session.destroy())
  return session
}
