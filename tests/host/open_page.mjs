// Open ComfyUI's page in a real browser that cannot leave this machine, and note what goes wrong in it.
import { createRequire } from 'node:module'
import path from 'node:path'

// job: url, chromium, modules, limit_s as in drive.mjs; vue for Nodes 2.0; palette and locale as ComfyUI names them.
export async function openPage(job) {
  const { chromium } = createRequire(path.join(job.modules, 'x.js'))('playwright-core')
  const local = new URL(job.url).host
  const settings = {
    'Comfy.TutorialCompleted': true,
    'Comfy.VueNodes.Enabled': Boolean(job.vue),
    'Comfy.ColorPalette': job.palette ?? 'dark',
    'Comfy.Locale': job.locale ?? 'en',
  }
  for (const [name, value] of Object.entries(settings)) {
    await fetch(`${job.url}/api/settings/${name}`, { method: 'POST', body: JSON.stringify(value) })
  }
  const browser = await chromium.launch({
    executablePath: job.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server'],
  })
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  page.setDefaultTimeout(job.limit_s * 1000) // a busy machine takes its time
  const errors = []
  const refused = []
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`)
  })
  await page.route('**/*', (route) => {
    const url = new URL(route.request().url())
    if (url.host === local || !url.protocol.startsWith('http')) return route.continue()
    refused.push(url.host)
    return route.abort()
  })
  await page.goto(job.url, { waitUntil: 'domcontentloaded' })
  await ready(page)
  return { browser, page, errors, refused }
}

export async function ready(page) {
  await page.waitForFunction(() => window.app?.graph && window.app?.canvas && window.app?.vueAppReady)
}
