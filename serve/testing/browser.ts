import { existsSync } from 'node:fs'
import type { TestFn } from 'ava'
import type { Browser, BrowserContextOptions, BrowserType, Page } from 'playwright-core'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync'
]

interface Teardown {
  teardown(end: () => Promise<void>): void
}

/** `browserTest(title, body)`: skipped, with what to install in its title, where there is no browser. */
export function browserTests(test: TestFn, chromium: BrowserType) {
  let launched: Promise<Browser> | null = null
  const launch = () => {
    launched ??= chromium.launch({ executablePath, args })
    return launched
  }
  test.after.always(async () => (await launched)?.close())
  const isThere = existsSync(executablePath)
  const missing = 'needs a browser (apt-get install chromium, or CHROMIUM=its path): '
  return {
    browserTest: (title: string, body: Parameters<TestFn>[1] & ((t: any) => Promise<void>)) =>
      isThere ? test.serial(title, body) : test.serial.skip(missing + title, body),
    /** A tab with nothing in its profile. `complaints` collects errors, broken requests and violations of the policy. */
    open: async (t: Teardown, url: string, options: BrowserContextOptions = {}) => {
      const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, ...options })
      t.teardown(() => context.close())
      const page = await context.newPage()
      page.setDefaultTimeout(10_000)
      const complaints = complaintsOf(page)
      await page.addInitScript(countShifts)
      await page.goto(url)
      return { page, complaints }
    }
  }
}

/** In the page: how much moved without anybody's doing (Layout Instability API). */
const countShifts = `
  globalThis.shifted = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value
  }).observe({ type: 'layout-shift', buffered: true })`

function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  // The console also says what the policy has blocked.
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  return complaints
}
