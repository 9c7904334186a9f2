// Which Markdown file is which page of the site, and how links between the files become links between the pages.
// GitHub shows the same files where they are: nothing in them is written for the site.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const repository = 'https://github.com/kubectl-vsphere/kubectl-vsphere'

// Files outside of docs/ that are pages too.
const others = {
  'README.md': 'overview.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'reporting.md',
  'CHANGELOG.md': 'changelog.md',
  'test/lab/README.md': 'lab.md',
}

export const sources = ['docs/**/*.md', ...Object.keys(others)]

// page is the page of a file, such as ko/index.md for docs/ko/README.md; undefined if the site does not have it.
export function page(file) {
  if (others[file]) return others[file]
  if (!file.startsWith('docs/') || !file.endsWith('.md')) return undefined
  return file.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md')
}

// linkTo is where a link of a file leads: to a page, or to a file of the repository.
export function linkTo(file, href) {
  if (/^[a-z]+:|^#|^\//.test(href)) return href
  const [to, fragment] = href.split('#')
  const target = path.posix.join(path.posix.dirname(file), to)
  const anchor = fragment ? '#' + fragment : ''
  const found = page(target)
  return found ? '/' + found + anchor : `${repository}/blob/main/${target}${anchor}`
}

// links makes markdown-it follow linkTo.
export function links(md) {
  md.core.ruler.push('links-between-files', (state) => {
    const file = state.env.realPath ?? state.env.path
    if (!file) return
    const source = path.relative(root, file).split(path.sep).join('/')
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        if (token.type === 'link_open') token.attrSet('href', linkTo(source, token.attrGet('href')))
      }
    }
  })
}

// anchor is what GitHub makes of a heading.
export function anchor(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
}
