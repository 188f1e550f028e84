// Makes a page quicker to use. Everything on it can be read without.
const $ = (selector, root = document) => root.querySelector(selector)
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
const tools = $('#tools'), search = $('#q'), count = $('#count'), keys = $('#keys')
const number = n => n.toLocaleString('en')
const compare = new Intl.Collator('en', { numeric: true }).compare

// What a page's own script says about it: what is filtered, and by which boxes.
const page = { things: [], what: '', fields: {}, marks: () => [], sort: () => {}, after: () => {} }

// The text of a control or row, in lower case: read when first searched for.
const texts = new Map(), marks = new Map()
const known = (map, thing, read) => { if (!map.has(thing)) map.set(thing, read(thing)); return map.get(thing) }
const text = thing => known(texts, thing, t => t.textContent.toLowerCase())
const shown = () => page.things.filter(thing => !thing.hidden)

// filter, kept in the URL

const picked = name => $$(`[name=${name}]:checked`).map(box => box.value)
const words = query => [...query.toLowerCase().matchAll(/(?:(tag|nist):)?(?:"([^"]*)"|(\S+))/g)].map(([, kind, quoted, plain]) => [kind, quoted ?? plain])

function fits(thing, [kind, value]) {
  if (!kind) return text(thing).includes(value)
  return known(marks, thing, page.marks).some(mark => mark === value || kind === 'nist' && mark.startsWith(value) && !/\w/.test(mark[value.length]))
}

let filtered = ''
function apply() {
  const wanted = words(search.value)
  const boxes = Object.entries(page.fields).map(([name, read]) => [picked(name), read]).filter(([values]) => values.length)
  let left = 0
  for (const thing of page.things) {
    const fit = boxes.every(([values, read]) => read(thing).some(one => values.includes(one))) && wanted.every(word => fits(thing, word))
    if (thing.hidden === fit) thing.hidden = !fit
    left += fit
  }
  const on = wanted.length || boxes.length
  filtered = [...$$('#filters :checked').map(box => box.parentNode.firstChild.nextSibling.textContent.trim()), search.value.trim()].filter(Boolean).join(', ')
  count.textContent = `${on ? `${number(left)} of ` : ''}${number(page.things.length)} ${page.what}${page.things.length === 1 ? '' : 's'}`
  if (filtered) filtered = `Only: ${filtered}. ${count.textContent}.`
  $('#filtered').textContent = filtered
  $('#none').hidden = left > 0
  $('#reset').hidden = !on
  page.after(on)
  remember()
}

function remember() {
  const query = new URLSearchParams()
  const put = (name, value) => value && query.set(name, value)
  put('q', search.value)
  for (const name in page.fields) put(name, picked(name).join())
  put('sort', page.sorted)
  put('ix', page.index)
  const next = location.pathname + (`${query}` && `?${query}`) + location.hash
  if (next !== location.pathname + location.search + location.hash) try { history.replaceState(null, '', next) } catch { /* not everywhere on file: */ }
}

function choose(query) {
  search.value = query.get('q') || ''
  for (const name in page.fields) {
    const values = (query.get(name) || '').split(',')
    for (const box of $$(`[name=${name}]`)) box.checked = values.includes(box.value)
  }
}

function clear() {
  choose(new URLSearchParams())
  apply()
}

// times: what only the browser knows is the time of day and its zone

const units = [['year', 31557600], ['month', 2629800, 7776000], ['day', 86400], ['hour', 3600], ['minute', 60]]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' }), short = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' })
const local = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })

function tellTimes() {
  for (const time of $$('time')) {
    const when = new Date(time.dateTime), seconds = (when - Date.now()) / 1000
    if (seconds !== seconds) continue
    const [unit, size] = units.find(([, size, least = size]) => Math.abs(seconds) >= least) || units[4]
    const age = format => format.format(Math.trunc(seconds / size), unit)
    const here = when.getTimezoneOffset() ? local.format(when) : ''
    const exact = `${when.toISOString().replace('T', ' ').replace('.000Z', ' UTC')}${here && `, ${here}`}`
    if (time.className) time.title = `${exact}, ${age(relative)}`
    if (time.className === 'age') { // on paper the date, on the screen its age
      const parts = ['full', 'ago'].map(name => Object.assign(document.createElement('span'), { className: name }))
      parts[0].textContent = time.textContent
      parts[1].textContent = age(short)
      time.replaceChildren(...parts)
    }
    if (time.className && time.className !== 'exp') continue
    const note = document.createElement('small')
    note.textContent = ` ${here && `${here}, `}${age(relative)}`
    if (time.matches('.wv:not(.expired) .exp')) {
      if (seconds < 0) note.textContent += ': has expired since this run'
      else if (seconds < 30 * 86400) note.textContent += ': about to expire'
      if (seconds < 30 * 86400) note.className = 'soon'
    }
    time.after(note)
  }
}

// keys

const stored = value => {
  try { return value === undefined ? localStorage.getItem('inspec-keys') : localStorage.setItem('inspec-keys', value) } catch { return null }
}

function step(by, list, selector) {
  const now = document.activeElement.closest(selector) || $('.at')
  let to = list.indexOf(now) + by
  if (!now || !list.includes(now)) to = by > 0 ? 0 : list.length - 1
  const next = list[Math.max(0, Math.min(to, list.length - 1))]
  if (next) ($(':scope > summary, a', next) || $('summary', next))?.focus()
}

function useKeys(acts) {
  const use = $('#usekeys')
  use.checked = stored() !== 'off'
  use.onchange = () => stored(use.checked ? 'on' : 'off')
  $('#help')?.addEventListener('click', () => keys.showModal())
  acts = { ...acts, '/': () => search.focus(), '?': () => keys.showModal() }
  document.addEventListener('keydown', event => {
    const field = event.target.matches('input[type=search], select, textarea')
    if (event.key === 'Escape' && event.target === search) { if (search.value) { search.value = ''; apply() } else search.blur(); return }
    if (!use.checked || field || keys.open || event.ctrlKey || event.metaKey || event.altKey) return
    const act = acts[event.key]
    if (act && !tools.hidden) { event.preventDefault(); act() }
  })
}

function start(recall) {
  tools.hidden = false
  document.documentElement.classList.add('js')
  const bar = () => document.documentElement.style.setProperty('--bar', `${getComputedStyle(tools).position === 'sticky' ? tools.offsetHeight : 0}px`)
  new ResizeObserver(bar).observe(tools)
  recall()
  apply()
  tools.addEventListener('input', () => { apply(); page.reveal?.() })
  tools.addEventListener('submit', event => event.preventDefault())
  $('#reset').addEventListener('click', () => { clear(); search.focus() })
  $('#more').addEventListener('click', () => {
    const open = tools.classList.toggle('more')
    $('#more').setAttribute('aria-expanded', open)
  })
  addEventListener('popstate', () => { recall(); apply() })
}
