import { stop } from '../../engine/errors.ts'
import type { EvaluateArguments } from './command.ts'
import { eventsMaxDefault } from './event-columns.ts'

type Value = string | boolean | string[]

export function trainFileOf({ train }: EvaluateArguments): string {
  if (typeof train !== 'string') throw stop('usage', 'Name the file to learn from: --train FILE.')
  return train
}

/** Nothing that was asked for is left out without a word. */
export function refuseOthers(args: EvaluateArguments, understood: readonly string[], where: string): void {
  const given = Object.entries(args).filter(([, value]) => value !== undefined)
  const other = given.find(([name]) => !understood.includes(name))
  if (other) throw stop('usage', `--${other[0]} says nothing ${where}: leave it out.`)
}

export function eventsMaxOf({ 'max-events': given }: EvaluateArguments): number {
  return given === undefined ? eventsMaxDefault : wholeNumber('--max-events', given)
}

export function oneOf<T extends string>(name: string, value: Value, allowed: readonly T[]): T {
  const found = allowed.find(one => one === value)
  if (found === undefined) throw stop('usage', `${name} is one of ${allowed.join(', ')}; it is "${value}".`)
  return found
}

export function wholeNumber(name: string, value: Value): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw stop('usage', `${name} must be a whole number from 1 on, it is "${value}".`)
  return number
}

/** A share as `1/3`, `0.25` or `1`: one event in so many. */
export function oneIn(name: string, value: Value): number {
  const [above, below] = String(value).split('/')
  const share = Number(above) / Number(below ?? 1)
  if (!(share > 0 && share <= 1)) throw stop('usage', `${name} must be a share such as 1/3 or 1, it is "${value}".`)
  return Math.round(1 / share)
}
