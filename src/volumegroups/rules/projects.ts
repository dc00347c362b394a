import type { Violations } from '../errors.ts'
import { MAX_PROJECT_DEPTH, MAX_PROJECT_NAME_BYTES } from '../limits.ts'
import { ancestryOf } from '../policies/effective.ts'
import type { ProjectPath } from '../types.ts'

/** Where projects are: pure rules on paths. */

/** Whether a project is another one or in it, at any depth. */
export const isWithin = (path: ProjectPath, above: ProjectPath): boolean =>
  above === '/' || path === above || path.startsWith(`${above}/`)

/** The root has none above it. */
export const parentOf = (path: ProjectPath): ProjectPath | undefined => ancestryOf(path)[1]

export const depthOf = (path: ProjectPath): number => ancestryOf(path).length - 1

/** What a path becomes when the project `from`, which it is or is in, becomes `to`. */
export const movedPath = (path: ProjectPath, from: ProjectPath, to: ProjectPath): ProjectPath =>
  `${to}${path.slice(from.length)}`

/** A Kubernetes namespace is one, and so is a label value. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/

/** What the path of a project that is to be made, or moved there, must be beyond being a path. */
export function checkNewProject(faults: Violations, path: ProjectPath): void {
  const add = (message: string): void =>
    faults.add('project', 'INVALID_ARGUMENT', `project ${path} ${message}`)
  if (path === '/') add('names the root, which is there always')
  if (depthOf(path) > MAX_PROJECT_DEPTH) add(`is more than ${MAX_PROJECT_DEPTH} projects deep`)
  const names = path.split('/').slice(1)
  if (path !== '/' && !names.every((name) => NAME.test(name) && name.length <= MAX_PROJECT_NAME_BYTES)) {
    add(
      `has a name that is not 1 to ${MAX_PROJECT_NAME_BYTES} of A-Z a-z 0-9 . _ -, with a letter or digit at each end`,
    )
  }
}
