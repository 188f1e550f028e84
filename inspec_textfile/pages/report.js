const folds = $$('.fold')
page.what = 'control'
page.things = $$('.c')
// Findings that were not tested may be on controls that the report does not have.
page.size = page.things.filter(control => control.classList[1] !== 'not_tested').length
page.fields = {
  status: c => [c.classList[1]], severity: c => [c.dataset.v], change: c => (c.dataset.w || '').split(' ')
}
page.profile = control => profile(control).toLowerCase()
page.marks = control => $$('.tags dd b', control).map(mark => mark.textContent.toLowerCase())
page.things.forEach((control, at) => { control.at = at })

page.after = on => {
  for (const group of $$('.g')) {
    const all = $$('.c', group), left = all.filter(control => !control.hidden).length
    group.hidden = !left
    $('.hits', group).textContent = left < all.length ? `${number(left)} of ${number(all.length)}` : number(all.length)
  }
  for (const fold of folds) {
    if (on && fold.dataset.was === undefined) { fold.dataset.was = fold.open ? 1 : ''; fold.open = true }
    else if (!on && fold.dataset.was !== undefined) { fold.open = !!fold.dataset.was; delete fold.dataset.was }
  }
  const sort = $('#sort')
  if (sort.value !== page.sorted) sortControls(page.sorted = sort.value)
}
page.sorted = ''

// Show the results of a filter.
page.reveal = () => {
  const list = $('#controls'), { top } = list.getBoundingClientRect()
  if (top < 0 || top > innerHeight * .6) scrollTo(0, scrollY + top - tools.offsetHeight - 8)
}

function sortControls(by) {
  const key = {
    id: c => $('summary code', c).textContent, title: c => $('h3', c).textContent,
    time: c => 1e9 - (c.dataset.t || 0), since: c => c.dataset.s || 1e15
  }[by]
  for (const group of $$('.g')) {
    const own = $$('.c', group), box = own[0].parentNode
    const made = new Map(own.map(c => [c, `${key ? key(c) : ''}`]))
    box.append(...own.sort((a, b) => compare(made.get(a), made.get(b)) || a.at - b.at))
  }
  page.things.sort((a, b) => a.compareDocumentPosition(b) & 4 ? -1 : 1)
}

function recall() {
  const query = new URLSearchParams(location.search), sort = query.get('sort') || ''
  choose(query)
  if ($(`#sort option[value="${CSS.escape(sort)}"]`)) $('#sort').value = sort
  page.index = query.get('ix') || ''
  if (page.index) $('nav a').search = page.index
}

// every number filters

document.addEventListener('click', event => {
  const link = event.target.closest('[data-f]'), mark = event.target.closest('.tags dd b')
  if (event.ctrlKey || event.metaKey || event.shiftKey || !link && !mark) return
  event.preventDefault()
  filter(link ? link.dataset.f : new URLSearchParams({ q: `tag:${/\s/.test(mark.textContent) ? `"${mark.textContent}"` : mark.textContent}` }))
})

// links to one control

function unfold(element) {
  for (let at = element; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true
}

// Go to a control: open, marked, its place among the failing told in the bar.
const isFailing = control => control.matches('.failed, .error, .not_tested')
function goTo(control) {
  for (const marked of $$('.at')) marked.classList.remove('at')
  unfold(control)
  control.classList.add('at')
  const failing = shown().filter(isFailing), at = failing.indexOf(control) + 1
  $('#at').textContent = at ? `${number(at)} of ${number(failing.length)} findings` : ''
  const summary = $('summary', control)
  summary.focus({ preventScroll: true })
  // What lies above is laid out only as it comes near, so the place is sure only at a second look.
  let looks = 0
  const look = () => { summary.scrollIntoView(); if (++looks < 3) requestAnimationFrame(look) }
  look()
}

function goToAnchor() {
  const hash = location.hash.slice(1), control = document.getElementById(hash)?.closest('.c'), lost = $('#lost')
  lost.hidden = !hash.startsWith('c:') || !!control
  if (!lost.hidden) {
    const [profile, id] = hash.slice(2).split('/').map(part => {
      part = part.replace(/\+/g, ' ')
      try { return decodeURIComponent(part) } catch { return part }
    })
    lost.textContent = `${id} of profile ${profile} is not in this report: not run, removed or renamed.`
    lost.scrollIntoView({ block: 'center' })
  }
  if (!control) return
  if (control.hidden) { choose(new URLSearchParams()); apply(); remember(true) }
  goTo(control)
}

function step(by) {
  const list = shown().filter(isFailing)
  if (!list.length) return
  const now = document.activeElement.closest('.c') || $('.at')
  if (by < 0) list.reverse()
  goTo(list.find(one => !now || now.compareDocumentPosition(one) & (by < 0 ? 2 : 4)) || list[list.length - 1])
}

// keys and buttons

function expandAll() {
  const list = shown(), open = !list.every(control => control.open)
  for (const fold of folds) if (open) fold.open = true
  for (const control of list) {
    control.open = open
    if (open) for (const part of $$('.x:not(.deep)', control)) part.open = true
  }
  $('#fold').textContent = open ? 'Collapse all' : 'Expand all'
}
useKeys({ j: () => step(1), k: () => step(-1), e: expandAll })

// Made as a control is opened: tags that filter by keyboard, buttons that copy.
function equip(control) {
  for (const mark of $$('.tags dd b', control)) Object.assign(mark, { tabIndex: 0, role: 'button' })
  const acts = document.createElement('p'), fix = $('.b > .fix', control)
  acts.className = 'cp'
  if (fix) acts.append(button('Copy fix', () => copy(fix.textContent.trim())), ' ')
  acts.append(button('Copy link', () => copy(`${location.href.replace(/[?#].*/, '')}#${$('.b', control).id}`)))
  fix ? fix.after(acts) : $('.b', control).append(acts)
}
document.addEventListener('toggle', event => {
  if (!event.target.matches('.c[open]:not(.eq)')) return
  event.target.classList.add('eq')
  equip(event.target)
}, true)
document.addEventListener('keydown', event => {
  if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('.tags dd b')) { event.preventDefault(); event.target.click() }
})

if (!CSS.supports('selector(::details-content)')) {
  let opened = []
  addEventListener('beforeprint', () => {
    const parts = $('#all').checked ? 'details' : $('#short').checked ? '.fold' : '.fold, .c.failed, .c.error'
    opened = $$(`:is(${parts}):not([open])`)
    for (const part of opened) part.open = true
  })
  addEventListener('afterprint', () => { for (const part of opened) part.open = false })
}

tellTimes()
if (tools) {
  for (const control of $$('.c[open]')) { control.classList.add('eq'); equip(control) }
  start(recall)
  $('#fold').addEventListener('click', expandAll)
  $('#next')?.addEventListener('click', () => step(1))
  $('#back')?.addEventListener('click', () => step(-1))
  addEventListener('hashchange', goToAnchor)
  if (location.hash) { goToAnchor(); addEventListener('load', () => setTimeout(goToAnchor)) } // the browser goes there after us
  else if (location.search) page.reveal()
}
