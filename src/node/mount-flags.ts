import type { Violations } from '../volumegroups/index.ts'

/** They would change what is mounted, or where from, instead of how. */
const REFUSED = ['bind', 'rbind', 'move', 'rmove', 'remount', 'loop', 'offset', 'sizelimit', 'helper']

/** The flags are given to mount as they are (`context=…` too), but for those that would make it another mount. */
export function checkMountFlags(flags: readonly string[], field: string, faults: Violations): void {
  for (const flag of flags) {
    const name = flag.split('=')[0]!.toLowerCase()
    if (REFUSED.includes(name) || name.startsWith('x-') || !/^[^\0\n]+$/.test(flag)) {
      faults.add(field, 'INVALID_ARGUMENT', `${field}: the mount flag ${JSON.stringify(flag)} is not allowed`)
    }
  }
}
