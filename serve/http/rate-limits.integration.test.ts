import test from 'ava'
import { newDirectory, startProcess } from '../testing/instance.ts'

const env = {
  MILLRACE_API_KEYS: 'app:app-secret:read+write,other:other-secret:read',
  MILLRACE_HTTP_RATE_LIMITS_KEY_PER_S: '4',
  MILLRACE_HTTP_RATE_LIMITS_TOKEN_PER_S: '1'
}

test('a started process answers a key or token that asks too often with 429, and others as before', async t => {
  const { url, kill } = await startProcess(newDirectory(t), ['--no-demo'], { env })
  t.teardown(() => kill('SIGKILL'))
  const ask = (credential: string) =>
    fetch(`${url}/v1/recommendations?surface=home`, { headers: { authorization: `Bearer ${credential}` } })
  const made = await fetch(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: 'Bearer app-secret', 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: 's1', ttl_s: 60 })
  })
  const { token } = (await made.json()) as { token: string }
  for (const [credential, burst] of [
    ['app-secret', 20],
    [token, 5]
  ] as const) {
    const replies = await Promise.all(Array.from({ length: burst * 2 }, () => ask(credential)))
    const refused = replies.filter(({ status }) => status === 429)
    t.true(refused.length > 0 && refused.length <= burst + 1, `${refused.length} of ${burst * 2}`)
    t.true(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1))
  }
  t.is((await ask('other-secret')).status, 200)
})
