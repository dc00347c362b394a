import type { Violations } from '../volumegroups/index.ts'

/** They would change what is mounted, or where from, instead of how. */
const REFUSED = ['bind', 'rbind', 'move', 'rmove', 'remount', 'loop', 'offset', 'sizelimit', 'helper']

/** An option as mount(8) reads it: a comma within double quotes, as SELinux contexts have it, does not end it. */
const ONE_OPTION = /^(?:[^",\0\n]|"[^"\0\n]*")+$/

/** The flags are given to mount as they are (`context="…"` too), but for those that would make it another mount. */
export function checkMountFlags(flags: readonly string[], field: string, faults: Violations): void {
  const add = (what: string): void => faults.add(field, 'INVALID_ARGUMENT', `${field}: ${what}`)
  for (const flag of flags) {
    const name = nameOf(flag)
    if (!ONE_OPTION.test(flag)) add(`${JSON.stringify(flag)} is not one mount flag`)
    else if (REFUSED.includes(name) || name.startsWith('x-')) {
      add(`the mount flag ${JSON.stringify(flag)} is not allowed`)
    }
  }
  const contexts = new Set(flags.filter((flag) => nameOf(flag) === 'context'))
  if (contexts.size > 1) add('a mount has one SELinux context, and several are given')
}

const nameOf = (flag: string): string => flag.split('=')[0]!.toLowerCase()
