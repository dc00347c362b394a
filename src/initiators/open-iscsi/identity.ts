import { parseNaas } from '../../iscsi/lun-facts.ts'

/** What a LUN should say of itself. */
export interface Identity {
  readonly serial: string
  readonly naa: string
}

/** What it says. */
export interface FoundIdentity {
  readonly serial: string | undefined
  readonly naas: readonly string[]
}

/** From VPD pages 0x80 and 0x83 as sysfs shows them; an empty one says nothing. */
export const identityOf = (serialPage: Buffer, naaPage: Buffer): FoundIdentity => ({
  serial: parseSerial(serialPage),
  naas: naaPage[1] === 0x83 ? parseNaas(naaPage) : [],
})

/** A LUN that will not say is not the one. */
export const isSame = (found: FoundIdentity, expected: Identity): boolean =>
  found.serial === expected.serial && found.naas.includes(expected.naa.toLowerCase())

/** For people. */
export const identityText = ({ serial, naas }: FoundIdentity): string =>
  `serial ${serial ?? 'unknown'}, NAA ${naas.join(' or ') || 'unknown'}`

/** VPD page 0x80 (SPC-5 §7.7.19). tgt fills the front with spaces. */
function parseSerial(page: Buffer): string | undefined {
  if (page.length < 4 || page[1] !== 0x80 || page.length < 4 + page.readUInt16BE(2)) return undefined
  const text = page.toString('latin1', 4, 4 + page.readUInt16BE(2))
  return text.replaceAll('\0', ' ').trim() || undefined
}
