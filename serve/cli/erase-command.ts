import type { Command } from 'commander'
import { packRecords } from '../../engine/ports/packed-records.ts'
import type { ErasureProgress } from '../../schemas/erasure.ts'
import { type Operations, only } from '../admin/operations.ts'
import type { CommandContext, Session } from './context.ts'
import { type CommonOptions, configOf, leaf, misused } from './leaf.ts'
import { printJson, printTable, say } from './output.ts'

/** Erasures go through a few topics: each look waits until what is on the log has been processed, on every topic behind it. */
const looksMax = 20

export function addErase(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'erase',
    summary: 'forget a person everywhere, and print a receipt per place',
    examples: ['erase --user u_123'],
    onLog: true,
    json: true
  })
    .option('--user <id>', 'whom to forget, with all sessions and devices known to be theirs')
    .action(async (options: CommonOptions & { user?: string }) => {
      if (!options.user) throw misused('Say whom to forget: erase --user ID.')
      const loaded = configOf(options)
      const { begin, receipt } = await context.erasing()
      const session = await context.open(loaded, { write: true })
      try {
        const { erasureId, topic, view, record } = begin(options.user)
        const records = Buffer.from(packRecords([record])).toString('base64')
        await only(session.operations.append({ appends: [{ topic, records }] }))
        const progress = await followed(session.operations, view, erasureId)
        const { log } = loaded.config
        const index = { isDone: false, detail: indexDetail(session, log) }
        const shown = receipt({ erasureId, progress, isSettled: progress.done >= progress.found, log, index })
        if (options.json) return printJson(shown)
        printTable(
          ['place', 'state', 'what'],
          shown.places.map(({ place, state, detail }) => [place, state, detail])
        )
        say(`Erasure ${erasureId}; GET /v1/erasures/${erasureId} tells of each server.`)
        if (progress.done < progress.found) process.exitCode = 1
      } finally {
        await session.close()
      }
    })
}

async function followed(operations: Operations, view: string, key: string): Promise<ErasureProgress> {
  let progress: ErasureProgress = { requested_at: Date.now(), until: Date.now(), found: 1, done: 0 }
  for (let look = 0; look < looksMax && progress.done < progress.found; look++) {
    await only(operations.flush())
    for await (const { value } of operations.get({ store: view, key })) progress = value as ErasureProgress
  }
  // What came of the last id may have been written while the look before was under way.
  await only(operations.flush())
  return progress
}

/** An index is in the memory of servers, which this process is none of. */
function indexDetail({ isRemote }: Session, log: string): string {
  return isRemote || log === 'kafka'
    ? 'Each server takes the visits out as it meets the erasure, and rewrites its snapshot.'
    : 'No server is running: the next start takes the visits out of its snapshot.'
}
