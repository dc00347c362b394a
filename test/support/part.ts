import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { ProbeResponse } from '../../src/csi/messages.ts'
import { CsiClient } from '../fakes/csi-client.ts'

export const MOORING = join(resolve(import.meta.dirname, '../..'), 'bin/mooring')
const READY_TIMEOUT_MS = 30_000

/** A controller or node as a process of its own, beside those of a deployment and in its folder. */
export interface Part extends AsyncDisposable {
  readonly csi: CsiClient
}

export interface PartOptions {
  readonly role: 'controller' | 'node'
  readonly name: string
  readonly folder: string
  /** Of its configuration: all but its socket and log level. */
  readonly config: object
}

/** Starts it and waits until it is ready. Disposing of it stops it, and for a node its keeper. */
export async function startPart({ role, name, folder, config }: PartOptions): Promise<Part> {
  const file = join(folder, `${name}.yaml`)
  const csiEndpoint = `unix://${join(folder, `${name}.sock`)}`
  writeFileSync(file, stringify({ csiEndpoint, logLevel: 'info', ...config }))
  const logFile = join(folder, `${name}.log`)
  const log = openSync(logFile, 'a')
  const child = spawn(MOORING, [role, '--config', file], { stdio: ['ignore', log, log] })
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const end = Date.now() + READY_TIMEOUT_MS
  while (!(await isReady(csiEndpoint))) {
    if (isOver() || Date.now() > end) {
      child.kill('SIGKILL')
      throw new Error(`${name} did not start:\n${readFileSync(logFile, 'utf8').slice(-4000)}`)
    }
    await sleep(50)
  }
  const csi = new CsiClient(csiEndpoint)
  return {
    csi,
    [Symbol.asyncDispose]: async () => {
      csi[Symbol.dispose]()
      child.kill('SIGTERM')
      if (!isOver()) await once(child, 'exit')
      if (role === 'node') {
        const stop = spawn(MOORING, ['keeper', 'stop', '--config', file], { stdio: 'ignore' })
        await once(stop, 'exit')
      }
    },
  }
}

async function isReady(endpoint: string): Promise<boolean> {
  using csi = new CsiClient(endpoint) // one that was refused would wait before it tries again
  return await csi.call<ProbeResponse>('Probe', {}, 2000).then(
    ({ ready }) => ready?.value ?? true,
    () => false,
  )
}
