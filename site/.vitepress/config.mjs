import { defineConfig } from 'vitepress'
import { fileURLToPath } from 'node:url'
import { anchor, links, page, sources } from './pages.mjs'

const module = (file) => fileURLToPath(new URL('../node_modules/' + file, import.meta.url))

const started = [
  { text: 'What it is, install', link: '/overview' },
  { text: 'First login', link: '/first-login' },
  { text: 'Questions', link: '/questions' },
  { text: 'Troubleshooting', link: '/troubleshooting' },
]

const sidebar = [
  { text: 'Start', items: started },
  { text: 'Every day', items: [
    { text: 'Reference', link: '/reference' },
    { text: 'Identity providers', link: '/oidc' },
    { text: 'Registries', link: '/registry' },
    { text: 'Clusters', link: '/clusters' },
    { text: 'Break-glass', link: '/breakglass' },
    { text: 'Migration', link: '/migration' },
    { text: 'Commands', link: '/commands' },
  ] },
  { text: 'Programs and jobs', items: [
    { text: 'Jobs in CI', link: '/ci' },
    { text: 'Other tools', link: '/tools' },
    { text: 'Automation tools', link: '/automation' },
    { text: 'Go library', link: '/go-library' },
    { text: 'The lab', link: '/lab' },
  ] },
  { text: 'To judge it', items: [
    { text: 'Security', link: '/security' },
    { text: 'Compatibility', link: '/compatibility' },
    { text: 'Performance', link: '/performance' },
    { text: 'Architecture', link: '/architecture' },
    { text: 'Contributing', link: '/contributing' },
  ] },
]

const korean = [{ text: '시작', items: [
  { text: '설명서', link: '/ko/' },
  { text: '첫 로그인', link: '/ko/first-login' },
  { text: 'English', link: '/' },
] }]

// MANUAL_BASE is the path below which a web server has the site, such as /kubectl-vsphere/.
export default defineConfig({
  base: process.env.MANUAL_BASE ?? '/',
  srcDir: '..',
  outDir: '../.cache/manual',
  cacheDir: '../.cache/vitepress',
  // The Markdown files lie outside of the directory that has node_modules.
  vite: { resolve: { alias: [
    { find: /^vue$/, replacement: module('vue/dist/vue.runtime.esm-bundler.js') },
    { find: /^vue\/server-renderer$/, replacement: module('vue/server-renderer/index.mjs') },
  ] } },
  srcExclude: ['**/node_modules/**', 'bin/**', 'dist/**'],
  rewrites: (file) => page(file) ?? file,
  title: 'kubectl-vsphere',
  description: 'Log in to a vSphere Supervisor once, and use kubectl and docker with it and its clusters.',
  lastUpdated: false,
  head: [['style', {}, ':lang(ko) .vp-doc { word-break: keep-all }']], // Korean breaks lines between words.
  // Each command has the same headings of its own.
  transformPageData: (p) => (p.relativePath === 'commands.md' ? { frontmatter: { ...p.frontmatter, outline: 2 } } : undefined),
  markdown: {
    anchor: { slugify: anchor },
    toc: { slugify: anchor },
    config: (md) => md.use(links),
  },
  locales: {
    root: { label: 'English', lang: 'en' },
    ko: {
      label: '한국어',
      lang: 'ko',
      description: 'vSphere Supervisor에 한 번 로그인하여 kubectl과 docker를 사용합니다.',
      themeConfig: {
        sidebar: korean,
        outline: { level: [2, 3], label: '이 페이지의 내용' },
        docFooter: { prev: '이전', next: '다음' },
        returnToTopLabel: '맨 위로',
        sidebarMenuLabel: '메뉴',
        darkModeSwitchLabel: '화면 모드',
        langMenuLabel: '언어',
      },
    },
  },
  themeConfig: {
    nav: [],
    sidebar,
    outline: { level: [2, 3] },
    i18nRouting: false,
    search: { provider: 'local', options: { locales: { ko: { translations: {
      button: { buttonText: '검색', buttonAriaLabel: '검색' },
      modal: { noResultsText: '결과가 없습니다', resetButtonTitle: '지우기', footer: { selectText: '선택', navigateText: '이동', closeText: '닫기' } },
    } } } } },
    socialLinks: [{ icon: 'github', link: 'https://github.com/kubectl-vsphere/kubectl-vsphere' }],
  },
})
