import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { StorageError } from '../volumegroups/index.ts'
import { toProblem } from './problems.ts'
import { PROBLEM_MEDIA_TYPE } from './schemas/index.ts'

/** Answers what is no HTTP request, or has more headers than are read, with a problem too, and hangs up. */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const failure = new StorageError('INVALID_ARGUMENT', 'the request is no HTTP, or its headers are too long')
  const problem = toProblem(failure, randomUUID())
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
