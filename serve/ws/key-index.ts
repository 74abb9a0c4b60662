import type { Subscription } from './subscription.ts'

/** Which subscriptions a key concerns. */
export class KeyIndex {
  private readonly all = new Map<string, Set<Subscription>>()

  add(key: string, subscription: Subscription): void {
    const known = this.all.get(key)
    if (known === undefined) this.all.set(key, new Set([subscription]))
    else known.add(subscription)
  }

  remove(key: string, subscription: Subscription): void {
    const known = this.all.get(key)
    if (known?.delete(subscription) && known.size === 0) this.all.delete(key)
  }

  forEach(keys: ReadonlySet<string>, visit: (subscription: Subscription) => void): void {
    for (const key of keys) {
      const known = this.all.get(key)
      if (known !== undefined) for (const subscription of known) visit(subscription)
    }
  }
}
