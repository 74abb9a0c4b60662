import { refusal } from './errors.ts'
import type { Address, Link } from './link.ts'
import { findCoordinator } from './wire.ts'

export type CoordinatorKind = 'group' | 'transaction'

/** Key types of FindCoordinator (protocol guide; batched since KIP-699). */
const keyTypes = { group: 0, transaction: 1 }

/** Which broker answers for a group or a transactional id; asked once, forgotten when it turns out to have moved. */
export class Coordinators {
  readonly #known = new Map<string, Promise<Address>>()
  readonly #anyLink: () => Promise<Link>

  constructor(anyLink: () => Promise<Link>) {
    this.#anyLink = anyLink
  }

  find(kind: CoordinatorKind, key: string): Promise<Address> {
    const name = `${kind} ${key}`
    let found = this.#known.get(name)
    if (!found) {
      found = this.#ask(kind, key)
      this.#known.set(name, found)
      found.catch(() => this.#known.delete(name))
    }
    return found
  }

  clear(): void {
    this.#known.clear()
  }

  async #ask(kind: CoordinatorKind, key: string): Promise<Address> {
    const doing = `looking for the coordinator of ${kind} ${key}`
    const link = await this.#anyLink()
    const { coordinators } = await link.send(findCoordinator, doing, keyTypes[kind], [key])
    const found = coordinators.find(one => one.key === key)
    if (found?.errorCode !== 0) throw refusal(found?.errorCode ?? 15, doing)
    return { host: found.host, port: found.port }
  }
}
