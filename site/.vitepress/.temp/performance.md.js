import { _ as _export_sfc, s as ssrRenderAttrs_1, r as runtimeDom_cjs_prod } from "./plugin-vue_export-helper.BmMjnq_N.js";
import "node:stream";
const __pageData = JSON.parse('{"title":"Performance","description":"","frontmatter":{},"headers":[],"relativePath":"performance.md","filePath":"docs/performance.md"}');
const _sfc_main = { name: "performance.md" };
function _sfc_ssrRender(_ctx, _push, _parent, _attrs, $props, $setup, $data, $options) {
  _push(`<div${ssrRenderAttrs_1(_attrs)}><h1 id="performance" tabindex="-1">Performance <a class="header-anchor" href="#performance" aria-label="Permalink to &quot;Performance&quot;">​</a></h1><p><code>make bench</code> measures speed and memory, and compares each figure with something else that it measures in the same run: the standard library alone, other credential helpers, the same requests one at a time. It fails if a figure is over its budget. These are the figures of one run, on a noisy machine with 2 cores:</p><div class="language-console vp-adaptive-theme"><button title="Copy Code" class="copy"></button><span class="lang">console</span><pre class="shiki shiki-themes github-light github-dark vp-code" tabindex="0"><code><span class="line"><span style="--shiki-light:#24292E;--shiki-dark:#E1E4E8;">$ make bench</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">                                                             measured     budget</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">get-token on a hit, median of 200                             3.85 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">standard library reads and prints the file, median of 200     3.19 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ratio                                                         1.21x      1.60x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  resident memory of get-token                                7.9 MiB   16.0 MiB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">helper get on a hit, median of 200                            2.48 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">a helper that knows one answer, median of 200                 2.11 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ratio of the helpers                                          1.17x      1.25x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  resident memory of the helper                               8.9 MiB   12.0 MiB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  size of the helper                                           3.0 MB     9.0 MB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">docker-credential-gcr get on a hit, median of 200             2.46 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ours by it                                                    0.70x      1.00x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">docker-credential-ecr-login get on a hit, median of 200       3.20 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ours by it                                                    0.50x      1.00x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">get-token on a hit, 10000 credentials, median of 200          1.89 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">get-token on a hit, 1 credential, median of 200               1.89 ms</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ratio                                                         1.00x      1.15x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">login, 200 clusters, 50ms on every request, median of 5        1.24 s     1.50 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  resident memory of login                                   27.1 MiB   64.0 MiB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">login, 1000 clusters, 20ms on every request, median of 3       2.12 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">its requests one at a time, over one connection               21.38 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">the same requests, 16 at a time                                1.55 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  times faster: no program can do better                       13.75x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  times faster                                                 10.09x    &gt;=8.00x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  processor time of login                                      1.06 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  resident memory of login                                   72.3 MiB  256.0 MiB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  most requests under way at once                                  16         16</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">list clusters, 100 namespaces, 20ms, median of 5               0.54 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  its first line                                               0.08 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">one namespace after the other, over one connection             4.99 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  times faster                                                  9.19x    &gt;=7.00x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  resident memory of list                                    22.1 MiB  128.0 MiB</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">1000 new contexts for a kubeconfig of 5000, median of 5        2.46 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">client-go reads and writes that file once                      1.64 s</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ratio                                                         1.50x      2.00x</span></span>
<span class="line"><span style="--shiki-light:#005CC5;--shiki-dark:#79B8FF;">  ratio of the peaks of resident memory                         0.96x      2.00x</span></span></code></pre></div><p>The lab answers logins to these clusters from memory, with tokens that it signed before, so that the figure is the client&#39;s. Sixteen requests at once are the bound. Before them come six that wait for each other: the banner, the namespaces, the login to the Supervisor, the version of the clusters&#39; API, and two pages of their list. Credentials are written while others are waited for. What is left runs alone: before the first request, the kubeconfig is read, and a change to it is tried unless it is as kubectl writes it; after the last reply, the credentials get their names, and the contexts are planned, written and read again as kubectl does. On busy machines we measured down to 5.0x. A program that sends the same requests, sixteen at a time, and keeps nothing, is the measure of what can be reached.</p></div>`);
}
const _sfc_setup = _sfc_main.setup;
_sfc_main.setup = (props, ctx) => {
  const ssrContext = runtimeDom_cjs_prod.useSSRContext();
  (ssrContext.modules || (ssrContext.modules = /* @__PURE__ */ new Set())).add("docs/performance.md");
  return _sfc_setup ? _sfc_setup(props, ctx) : void 0;
};
const performance = /* @__PURE__ */ _export_sfc(_sfc_main, [["ssrRender", _sfc_ssrRender]]);
export {
  __pageData,
  performance as default
};
