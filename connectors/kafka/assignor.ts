/** One partition of a set of co-partitioned topics; `name/partition` names it on the wire. */
export interface Task {
  /** Of the topics that are read together. */
  name: string
  partition: number
}

/** Topics read by the same tasks: all have as many partitions. */
export interface TaskGroup {
  name: string
  topics: readonly string[]
}

export interface Candidate {
  memberId: string
  /** Stable over restarts; ties are decided by it. */
  name: string
  /** Tasks run under the previous assignment. */
  owned: readonly string[]
  /** Tasks whose state is here in part, and how many changelog records it lacks. */
  standbys: ReadonlyMap<string, number>
  /** Of the assignment that `owned` is from. */
  generation: number
}

export interface Assigned {
  tasks: string[]
  standbys: string[]
}

export function taskId({ name, partition }: Task): string {
  return `${name}/${partition}`
}

export function taskOf(id: string): Task {
  const slash = id.lastIndexOf('/')
  return { name: id.slice(0, slash), partition: Number(id.slice(slash + 1)) }
}

/**
 * Shares out tasks so that members have as many as each other (±1), and moves only what must move for that: a task stays
 * where it runs; one that has to go prefers the member with the freshest copy of its state, then whoever has the fewest
 * of its kind. The same input gives the same answer.
 */
export function assignTasks(
  tasks: readonly string[],
  candidates: readonly Candidate[],
  standbysPerTask = 0
): Map<string, Assigned> {
  const members = [...candidates]
    .sort(byName)
    .map(candidate => ({ candidate, tasks: [] as string[], standbys: [] as string[] }))
  if (members.length === 0) return new Map()
  const known = new Set(tasks)
  const owners = ownersOf(members, known)
  // By partition: who keeps only some of its tasks keeps some of each kind.
  const inTurn = [...tasks].sort((a, b) => taskOf(a).partition - taskOf(b).partition)
  const homeless = keepWhatFits(members, owners, inTurn)
  for (const id of homeless) freshest(members, id, tasks.length).tasks.push(id)
  for (const id of tasks) placeStandbys(members, id, standbysPerTask)
  return new Map(
    members.map(member => [member.candidate.memberId, { tasks: member.tasks.sort(), standbys: member.standbys.sort() }])
  )
}

interface Member {
  candidate: Candidate
  tasks: string[]
  standbys: string[]
}

/** Two may claim a task after a split: the younger assignment is right. */
function ownersOf(members: readonly Member[], known: ReadonlySet<string>): Map<string, Member> {
  const owners = new Map<string, Member>()
  for (const member of members) {
    for (const id of member.candidate.owned) {
      const rival = owners.get(id)
      if (!known.has(id) || (rival && rival.candidate.generation >= member.candidate.generation)) continue
      owners.set(id, member)
    }
  }
  return owners
}

/** Every member keeps up to its share; some may keep one more, those that have it first. Returns what has to move. */
function keepWhatFits(
  members: readonly Member[],
  owners: ReadonlyMap<string, Member>,
  tasks: readonly string[]
): string[] {
  const share = Math.floor(tasks.length / members.length)
  let extra = tasks.length % members.length
  const homeless: string[] = []
  const surplus = new Map<Member, string[]>()
  for (const id of tasks) {
    const owner = owners.get(id)
    if (!owner) homeless.push(id)
    else if (owner.tasks.length < share) owner.tasks.push(id)
    else surplus.set(owner, [...(surplus.get(owner) ?? []), id])
  }
  for (const [owner, ids] of surplus) {
    const kept = extra > 0 ? 1 : 0
    owner.tasks.push(...ids.slice(0, kept))
    extra -= kept
    homeless.push(...ids.slice(kept))
  }
  return homeless.sort()
}

function freshest(members: readonly Member[], id: string, total: number): Member {
  const share = Math.floor(total / members.length)
  const areAllFull = members.every(({ tasks }) => tasks.length >= share)
  const open = members.filter(({ tasks }) => (areAllFull ? tasks.length === share : tasks.length < share))
  const kind = taskOf(id).name
  const ofKind = ({ tasks }: Member) => tasks.filter(one => taskOf(one).name === kind).length
  const missing = ({ candidate }: Member) => candidate.standbys.get(id) ?? Number.POSITIVE_INFINITY
  const inOrder = open.sort(
    (a, b) =>
      compare(missing(a), missing(b)) || ofKind(a) - ofKind(b) || a.tasks.length - b.tasks.length || byMember(a, b)
  )
  return inOrder[0]
}

function placeStandbys(members: readonly Member[], id: string, count: number): void {
  const others = members.filter(({ tasks }) => !tasks.includes(id))
  const has = ({ candidate }: Member) => Number(candidate.standbys.has(id) || candidate.owned.includes(id))
  others.sort((a, b) => a.standbys.length - has(a) - (b.standbys.length - has(b)) || has(b) - has(a) || byMember(a, b))
  for (const member of others.slice(0, count)) member.standbys.push(id)
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function byMember(a: Member, b: Member): number {
  return byName(a.candidate, b.candidate)
}

function byName(a: Candidate, b: Candidate): number {
  const [one, other] = [`${a.name}\n${a.memberId}`, `${b.name}\n${b.memberId}`]
  return one === other ? 0 : one < other ? -1 : 1
}
