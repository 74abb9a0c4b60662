const separator = '>'
/** What is deeper counts as this deep. */
const depthMax = 8
const categoriesMax = 65_536

/**
 * Categories named by their path, `a > b > c`; spaces around `>` do not matter. Past `categoriesMax` nodes a new path is
 * no category (−1): its items have none.
 */
export class CategoryTree {
  private readonly nodes = new Map<string, number>()
  private readonly paths: string[] = []
  private readonly parents: number[] = []
  private readonly children: number[][] = []

  get count(): number {
    return this.paths.length
  }

  /** −1: no such category. */
  find(path: string): number {
    return this.nodes.get(path) ?? this.nodes.get(pathOf(partsOf(path))) ?? -1
  }

  /** The node of a path, made with its ancestors if it is new. */
  intern(path: string): number {
    const known = this.nodes.get(path)
    if (known !== undefined) return known
    const parts = partsOf(path)
    let node = -1
    for (let depth = 1; depth <= parts.length; depth++) {
      node = this.child(node, pathOf(parts.slice(0, depth)))
      if (node < 0) return -1
    }
    return node
  }

  pathOf(node: number): string {
    return this.paths[node]
  }

  /** −1 above the top. */
  parentOf(node: number): number {
    return this.parents[node]
  }

  childrenOf(node: number): readonly number[] {
    return this.children[node]
  }

  isWithin(node: number, ancestor: number): boolean {
    for (let at = node; at >= 0; at = this.parents[at]) if (at === ancestor) return true
    return false
  }

  /** Calls back for the node and everything below it. */
  forEachBelow(node: number, visit: (node: number) => void): void {
    visit(node)
    for (const child of this.children[node]) this.forEachBelow(child, visit)
  }

  private child(parent: number, path: string): number {
    const known = this.nodes.get(path)
    if (known !== undefined) return known
    const node = this.paths.length
    if (node >= categoriesMax) return -1
    this.nodes.set(path, node)
    this.paths.push(path)
    this.parents.push(parent)
    this.children.push([])
    if (parent >= 0) this.children[parent].push(node)
    return node
  }
}

function partsOf(path: string): string[] {
  const parts = path
    .split(separator)
    .map(part => part.trim())
    .filter(part => part !== '')
  return parts.slice(0, depthMax)
}

const pathOf = (parts: readonly string[]) => parts.join(` ${separator} `)
