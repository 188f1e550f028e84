const folds = $$('.fold')
page.what = 'control'
page.things = $$('.c')
page.fields = { status: c => [c.classList[1]], severity: c => [c.dataset.v], change: c => [c.dataset.w] }
page.marks = control => $$('.tags dd b', control).map(mark => mark.textContent.toLowerCase())
const place = new Map(page.things.map((thing, at) => [thing, at]))

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

// Show the results of a filter.
page.reveal = () => {
  const { top } = $('#controls').getBoundingClientRect()
  if (top < 0 || top > innerHeight * .7) tools.scrollIntoView()
}

function sortControls(by) {
  const key = {
    id: c => $('h3 code', c).textContent, title: c => $('h3 span', c).textContent,
    time: c => -(c.dataset.t || 0), since: c => +(c.dataset.s || 1e15)
  }[by]
  for (const group of $$('.g')) {
    const own = $$('.c', group), box = own[0].parentNode
    const made = new Map(own.map(c => [c, key ? key(c) : place.get(c)]))
    own.sort((a, b) => (by === 'id' || by === 'title' ? compare(made.get(a), made.get(b)) : made.get(a) - made.get(b)) || place.get(a) - place.get(b))
    box.append(...own)
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
  if (link) choose(new URLSearchParams(link.dataset.f))
  else search.value = `tag:${/\s/.test(mark.textContent) ? `"${mark.textContent}"` : mark.textContent}`
  apply()
  tools.scrollIntoView()
})

// links to one control

function unfold(element) {
  for (let at = element; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true
}

function goToAnchor() {
  const hash = location.hash.slice(1), body = document.getElementById(hash), control = body && body.closest('.c')
  for (const marked of $$('.at')) marked.classList.remove('at')
  const lost = hash.startsWith('c:') && !control
  $('#lost').hidden = !lost
  if (lost) {
    let id = hash.slice(hash.indexOf('/') + 1).replace(/\+/g, ' ')
    try { id = decodeURIComponent(id) } catch { /* as it stands */ }
    $('#lost').textContent = `${id} is not in this report (any more).`
    $('#lost').scrollIntoView({ block: 'center' })
  }
  if (!control) return
  if (control.hidden) clear()
  unfold(body)
  control.classList.add('at')
  const summary = $('summary', control)
  // What lies above is laid out only as it comes near, so the place is sure only at a second look.
  let looks = 0
  const look = () => { summary.scrollIntoView(); summary.focus({ preventScroll: true }); if (++looks < 3) requestAnimationFrame(look) }
  look()
}

// keys and buttons

function expandAll() {
  const list = shown(), open = !list.every(control => control.open)
  for (const fold of folds) if (open) fold.open = true
  for (const control of list) {
    control.open = open
    if (open) for (const part of $$('.x:not(.deep)', control)) part.open = true
  }
  $('#fold').textContent = open ? 'Fold all' : 'Expand all'
}

const reachable = () => shown().filter(control => folds.every(fold => fold.open || !fold.contains(control)))
useKeys({ j: () => step(1, reachable(), '.c'), k: () => step(-1, reachable(), '.c'), e: expandAll })

// Made as a control is opened: tags that filter by keyboard, buttons that copy.
function equip(control) {
  for (const mark of $$('.tags dd b', control)) { mark.tabIndex = 0; mark.setAttribute('role', 'button'); mark.title = 'Filter by this tag' }
  for (const text of $$('.md pre, .fix > .md', control)) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'cp'
    button.textContent = 'Copy'
    button.onclick = () => told(button, copy([...text.childNodes].filter(node => !node.matches?.('.cp')).map(plain).join('').trim()))
    text.append(button)
  }
}
const plain = node => {
  const clone = node.cloneNode(true)
  if (clone.querySelectorAll) for (const button of $$('.cp', clone)) button.remove()
  return clone.textContent
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
    opened = $('#all').checked ? $$('details:not([open])') : []
    for (const part of opened) part.open = true
  })
  addEventListener('afterprint', () => { for (const part of opened) part.open = false })
}

tellTimes()
if (page.things.length) {
  for (const link of $$('.ln')) link.textContent = 'Copy link'
  for (const control of $$('.c[open]')) { control.classList.add('eq'); equip(control) }
  start(recall)
  $('#fold').addEventListener('click', expandAll)
  addEventListener('hashchange', goToAnchor)
  if (location.hash) { goToAnchor(); addEventListener('load', () => setTimeout(goToAnchor)) } // the browser goes there after us
}
