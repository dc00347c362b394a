import type { WorkerChannel } from './worker.ts'
import type { WorkerCall } from './worker-protocol.ts'

/** This process's IPC channel as a worker's channel to its keeper. */
export function processChannel(): WorkerChannel {
  return {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    },
    onCall: (listener) => {
      process.on('message', (call) => listener(call as WorkerCall))
    },
    onDisconnect: (listener) => {
      process.on('disconnect', listener)
    },
  }
}
