/** 32-bit serial number arithmetic (RFC 1982), which all sequence numbers of RFC 7143 obey. */

export const nextSerial = (value: number): number => (value + 1) >>> 0

/** Whether `a` comes after `b`. */
export const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0
