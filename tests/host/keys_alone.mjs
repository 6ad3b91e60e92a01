// Use the viewer and the editor by keys alone: nothing is clicked on, and nothing gets the focus but by Tab.

const MOST_TABS = 400

// In the page: what has the focus, if it is in an open panel of ours, and what else there can be used now.
function focus() {
  const now = document.activeElement
  const panel = now?.closest('.clipasso-panel:not(.clipasso-folded)')
  if (!panel) return null
  const all = [...panel.querySelectorAll('button, input, select, [tabindex]')]
  const isPlay = now.tagName === 'BUTTON' && now.nextElementSibling?.type === 'range'
  const isUndo = now === window.app.graph._nodes.find((node) => node.clipassoEditor).clipassoEditor.buttons.undo
  return {
    panel: panel.querySelector('[role=application]') ? 'editor' : 'viewer',
    what: isPlay ? 'play' : isUndo ? 'undo' : now.type === 'range' ? 'slider' : now.getAttribute('role') ?? 'other',
    at: all.indexOf(now),
    usable: all.flatMap((one, at) => (one.getClientRects().length && !one.disabled ? [at] : [])),
  }
}

/** Go through both panels once; @returns {Promise<object>} what Tab came to, and what the keys did. */
export async function byKeysAlone(page) {
  const slider = () => page.evaluate(() => Number(document.activeElement.parentElement.querySelector('[type=range]').value))
  const strokes = () => page.evaluate(() => window.app.graph._nodes.find((n) => n.clipassoEditor).clipassoEditor.strokes.map((s) => s.id))
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const report = { viewer: { reached: [], usable: [] }, editor: { reached: [], usable: [] } }
  const does = {
    play: async () => {
      const before = await slider()
      await press('Space')
      await page.waitForFunction((was) => document.activeElement.nextElementSibling.value !== was, String(before))
      report.played = [before, await slider()]
      await press('Space')
    },
    slider: async () => {
      await press('Home', 'ArrowRight', 'ArrowRight')
      report.scrubbed = await slider()
    },
    application: async () => {
      report.strokes = [await strokes()]
      await press('n', 'Delete')
      report.strokes.push(await strokes())
    },
    undo: async () => {
      await press('Enter')
      report.strokes.push(await strokes())
    },
  }
  const left = new Set(['viewer', 'editor'])
  let panel = null
  await page.evaluate(() => document.activeElement?.blur())
  for (let count = 0; count < MOST_TABS && left.size > 0; count++) {
    await page.keyboard.press('Tab')
    const here = await page.evaluate(focus)
    if (panel && panel !== here?.panel) left.delete(panel)
    panel = here?.panel ?? null
    if (!panel || !left.has(panel)) continue
    report[panel].reached.push(here.at)
    await does[here.what]?.()
    report[panel].usable = (await page.evaluate(focus)).usable
  }
  return { ...report, left: [...left] }
}
