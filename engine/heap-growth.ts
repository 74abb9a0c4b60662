import { setFlagsFromString } from 'node:v8'

/**
 * Lets the heaps of all threads double before they are marked again. V8 lets a heap whose limit is below 256 MB grow by
 * 30 % only, whatever that costs: much of a stream's state in memory is replaced from one second to the next, and
 * marking was a fifth of all CPU of a stream process. The limits of heaps stay what they are. To be called before threads start.
 */
export function letHeapsGrow(): void {
  setFlagsFromString('--heap-growing-percent=100')
}

/**
 * Gives each thread the young generation that it is started with, whatever the process was: main, which serves, does with a
 * small one (`--max-semi-space-size`, deploy/environment.sh), and the flag would go before. To be called before threads start.
 */
export function letThreadsSizeYoungGenerations(): void {
  setFlagsFromString('--max-semi-space-size=0')
}
