import { batchRecords } from '../connectors/demo/demo-records.ts'
import { demoBatches } from '../connectors/demo/demo-source.ts'
import { shiftBefore } from '../connectors/demo/online-retail.ts'
import { control } from '../schemas/topics.ts'
import type { DemoHistory } from './cli/context.ts'
import type { DemoNote } from './demo/demo-note.ts'
import { demoLoad } from './demo/demo-thread-data.ts'

/** The demo shop as commands load it. */
export function composeDemoHistory(): DemoHistory {
  return {
    name: demoLoad,
    noteTopic: control.name,
    readNote: value => control.value.decode(value) as unknown as DemoNote,
    writeNote: note => control.value.encode({ ...note }),
    shiftBefore,
    batches: from => {
      const history = demoBatches(from)
      return {
        rowsTotal: history.rowsTotal,
        *[Symbol.iterator]() {
          for (const batch of history) {
            yield { topic: batch.topic, records: batchRecords(batch), position: batch.position }
          }
        }
      }
    }
  }
}
