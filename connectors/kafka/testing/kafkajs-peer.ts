/**
 * kafkajs, another client, as a process of its own: `node kafkajs-peer.ts write|read BROKER TOPIC`. It sets timers to times
 * that have passed, which Node warns of: `--disable-warning=TimeoutNegativeWarning` keeps that out of our results.
 */
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'

const readMax = 2
const [what, broker, topic] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })

if (what === 'write') await write()
else console.log(JSON.stringify(await read()))

async function write(): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const messages = [{ key: 'k', value: 'theirs', headers: { by: 'kafkajs' } }]
  await producer.send({ topic, compression: CompressionTypes.GZIP, messages })
  await producer.disconnect()
}

/** The first two records. */
async function read(): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `kafkajs-${topic}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const seen: string[] = []
  await new Promise<void>(resolve => {
    const eachMessage = async ({
      message
    }: {
      message: { value: Buffer | null; headers?: Record<string, unknown> }
    }) => {
      seen.push(`${message.value} by ${message.headers?.by}`)
      if (seen.length === readMax) resolve()
    }
    void consumer.run({ eachMessage })
  })
  await consumer.disconnect()
  return seen
}
