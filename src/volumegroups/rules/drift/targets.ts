import type { Finding } from '../../audits.ts'
import { diskOfSerial } from '../../ids.ts'
import type { Export, ServedLun, ServedTarget } from '../../target.ts'

/** A target that is not as it should be: it has to be made anew, with what is wanted of it. */
export interface TargetDrift {
  readonly targetName: string
  readonly wanted: readonly Export[]
  readonly served: ServedTarget | undefined
  readonly findings: readonly Finding[]
}

/** What a target serves that it should not, or the other way round. A pure function; nothing where both agree. */
export function compareTargets(
  exports: readonly Export[],
  served: readonly ServedTarget[],
): readonly TargetDrift[] {
  const wanted = Map.groupBy(exports, ({ targetName }) => targetName)
  const there = new Map(served.map((one) => [one.targetName, one]))
  return [...new Set([...wanted.keys(), ...there.keys()])]
    .map((targetName) => compareOne(targetName, wanted.get(targetName) ?? [], there.get(targetName)))
    .filter(({ findings }) => findings.length > 0)
}

function compareOne(
  targetName: string,
  wanted: readonly Export[],
  served: ServedTarget | undefined,
): TargetDrift {
  const drift = { targetName, wanted, served }
  const disks = [...wanted, ...(served?.luns ?? [])].flatMap(({ serial }) => diskOfSerial(serial) ?? [])
  const entities = [targetName, ...new Set(disks)]
  const told = (kind: Finding['kind'], found: string, should: string): Finding => {
    return { kind, entities, found, wanted: should, action: 'repaired' }
  }
  if (served === undefined) {
    const should = `LUNs ${lunsIn(wanted)} for ${wanted[0]?.initiatorName}`
    return { ...drift, findings: [told('targetMissing', 'no such target', should)] }
  }
  if (wanted.length === 0) {
    const found = `LUNs ${lunsIn(served.luns)} for ${listed(served.admitted)}`
    return { ...drift, findings: [told('targetUnknown', found, 'no such target')] }
  }
  const [now, should] = [accessOf(served), accessOf(asServed(wanted))]
  return {
    ...drift,
    findings: [
      ...(now === should ? [] : [told('accessChanged', now, should)]),
      ...compareLuns(targetName, wanted, served.luns),
    ],
  }
}

function compareLuns(targetName: string, wanted: readonly Export[], served: readonly ServedLun[]): Finding[] {
  const numbers = new Set([...wanted, ...served].map(({ lun }) => lun))
  return [...numbers].flatMap((lun): Finding[] => {
    const should = wanted.find((one) => one.lun === lun)
    const now = served.find((one) => one.lun === lun)
    if (now && should && aboutOf(now) === aboutOf(should)) return []
    return [
      {
        kind: now === undefined ? 'lunMissing' : should ? 'lunChanged' : 'lunUnknown',
        entities: [diskOfSerial((should ?? now)?.serial ?? '') ?? `LUN ${lun}`, targetName],
        found: now ? aboutOf(now) : `no LUN ${lun}`,
        wanted: should ? aboutOf(should) : `no LUN ${lun}`,
        action: 'repaired',
      },
    ]
  })
}

const asServed = (exports: readonly Export[]): Pick<ServedTarget, 'admitted' | 'users'> => ({
  admitted: exports.map(({ initiatorName }) => initiatorName),
  users: exports.flatMap(({ chap }) => chap?.user ?? []),
})

const accessOf = ({ admitted, users }: Pick<ServedTarget, 'admitted' | 'users'>): string =>
  `admits ${listed(admitted)} as ${listed(users)}`

const aboutOf = ({ lun, backingPath, serial, readOnly }: ServedLun): string =>
  `LUN ${lun}: ${backingPath || 'nothing'}, serial ${serial || 'none'}, ${readOnly ? 'read only' : 'writable'}`

const listed = (names: readonly string[]): string => [...new Set(names)].sort().join(', ') || 'nobody'

const lunsIn = (luns: readonly { readonly lun: number }[]): string =>
  luns.map(({ lun }) => lun).join(', ') || 'none'
