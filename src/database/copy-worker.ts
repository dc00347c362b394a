import { parentPort, workerData } from 'node:worker_threads'
import { copyDatabase } from './copy-database.ts'

/** Copying and checking occupy a thread for as long as they take: this one, so that the element goes on answering. */
const { from, to } = workerData as { readonly from: string; readonly to: string }
parentPort?.postMessage(copyDatabase(from, to))
