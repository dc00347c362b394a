import { run } from '../../../src/host/exec.ts'

/**
 * Writes with fio and reads everything back, compared by checksum. Throws when one byte is wrong, or any I/O failed.
 * @param options fio's own, without the dashes.
 */
export async function fioVerify(filename: string, options: readonly string[]): Promise<void> {
  const args = [
    '--name=verify',
    `--filename=${filename}`,
    '--ioengine=libaio',
    '--direct=1',
    '--verify=crc32c',
    '--verify_fatal=1',
    '--verify_state_save=0',
    ...options.map((option) => `--${option}`),
  ]
  await run({ file: 'fio', args }, { timeoutMs: 120_000 })
}
