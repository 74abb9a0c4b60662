/** How `stream.memory_max_mb` is shared out; the parts add up to it and are printed at the start. */
export interface MemoryPlan {
  /** Memtables and block caches of the storage engine. */
  storeMb: number
  /** Heap of the stream thread; decoded state lives in it. */
  streamHeapMb: number
  /** Of that heap, decoded state; a unit of work that needs more commits early. */
  stateCacheMb: number
  /** Records and view rows on their way between threads. */
  creditsMb: number
}

/** Appends in flight 16 MiB, unapplied view rows 4 MiB and what one unit may add to them, demo or load batches 4 MiB. */
const creditsMb = 32
const storeShare = 0.125
const stateShareOfHeap = 0.36

export function planMemory(memoryMaxMb: number): MemoryPlan {
  const storeMb = Math.floor(memoryMaxMb * storeShare)
  const streamHeapMb = memoryMaxMb - storeMb - creditsMb
  return { storeMb, streamHeapMb, stateCacheMb: Math.floor(streamHeapMb * stateShareOfHeap), creditsMb }
}

export function printMemoryPlan({ storeMb, streamHeapMb, stateCacheMb, creditsMb: credits }: MemoryPlan): string {
  const sum = storeMb + streamHeapMb + credits
  return `memory ${sum} MB: store ${storeMb}, stream heap ${streamHeapMb} (state ${stateCacheMb}), in flight ${credits}`
}
