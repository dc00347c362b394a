/** Where things are in the kernel's tree, and what they are called. */

/** Backstores of the element are under a number of their own, apart from those of other programs. */
const BACKSTORES = 'core/fileio_2026'
const GROUP = 'tpgt_1'

export const TARGETS = 'iscsi'
export const GROUP_TAG = 1

/** Fixed, so that what was left half can be found. */
export const LUN_LINK = 'disk'

/** What a mapping is called says what was granted; whether writes are refused now is another matter (`protect`). */
export const MAPPING = { readWrite: 'rw', readOnly: 'ro' } as const

export const backstores = (): string => BACKSTORES
export const backstore = (name: string): string => `${BACKSTORES}/${name}`
export const target = (name: string): string => `${TARGETS}/${name}`
export const group = (name: string): string => `${TARGETS}/${name}/${GROUP}`
export const lunFolder = (name: string, lun: number): string => `${group(name)}/lun/lun_${lun}`
export const lunLink = (name: string, lun: number): string => `${lunFolder(name, lun)}/${LUN_LINK}`
export const acl = (name: string, initiatorName: string): string => `${group(name)}/acls/${initiatorName}`
export const mapping = (name: string, initiatorName: string, lun: number): string =>
  `${acl(name, initiatorName)}/lun_${lun}`

/** A portal's folder, RFC 3986 style for IPv6. */
export const portalName = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`

/** `lun_7` → 7; other names are not LUNs. */
export function lunOf(folder: string): number | undefined {
  const digits = /^lun_(\d+)$/.exec(folder)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
