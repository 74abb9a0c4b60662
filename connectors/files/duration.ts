import { stop } from '../../engine/errors.ts'

const pattern = /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
const unitsMs = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000]

/** Milliseconds of an ISO 8601 duration, such as P52W, -P1D or PT36H. Years and months have no fixed length. */
export function parseDuration(text: string): number {
  const [, sign, ...amounts] = pattern.exec(text) ?? []
  if (amounts.every(amount => amount === undefined)) {
    throw stop(
      'bad_duration',
      `"${text}" is no duration: write weeks, days, hours, minutes or seconds in ISO 8601, such as P52W, -P1D or PT36H.`
    )
  }
  const ms = amounts.reduce((sum, amount, unit) => sum + Number(amount ?? 0) * unitsMs[unit], 0)
  return sign === '-' ? -ms : ms
}
