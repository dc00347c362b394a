import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** How a test uses the block devices of the machine that the initiator runs on. */
export interface DeviceAccess {
  /** Durable when it returns. */
  write(path: string, position: number, text: string): Promise<void>
  read(path: string, position: number, length: number): Promise<string>
  /** Keeps it open until it is disposed of. `alone`: as a mount does. */
  hold(path: string, how: 'shared' | 'alone'): Promise<AsyncDisposable>
}

/** This machine's. */
export const localDevices: DeviceAccess = {
  async write(path, position, text) {
    await using file = await open(path, 'r+')
    await file.write(text, position)
    await file.sync()
  },
  async read(path, position, length) {
    await using file = await open(path, 'r')
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, position)
    return buffer.toString()
  },
  hold: (path, how) => open(path, constants.O_RDONLY | (how === 'alone' ? constants.O_EXCL : 0)),
}
