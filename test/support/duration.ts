/** Long runs are for machines that have the time: `MOORING_LONG=1`. The only reader of it. */
export const isLong = process.env.MOORING_LONG === '1'

/** What a suite does in its short form, within `npm test`, and in its long one. */
export const byLength = <Value>(short: Value, long: Value): Value => (isLong ? long : short)
