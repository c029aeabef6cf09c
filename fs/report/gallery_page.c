/* SPDX-License-Identifier: MIT */
#include "fs/report/gallery_page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "fs/net/http.h"

#define PROMPT_SHOWN_MAX 16000 /* bytes of one prompt: the whole is in its file */

static const char style[] =
	":root{color-scheme:light dark;--line:#8884;--dim:#777}"
	"body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1400px;padding:0 1rem 4rem}"
	"header{position:sticky;top:0;background:Canvas;padding:.6rem 0;border-bottom:1px solid var(--line);z-index:1}"
	"h1{font-size:1.1rem;margin:0 0 .4rem}h2{font-size:1rem;margin:1.6rem 0 .6rem;color:var(--dim)}"
	"input,select{font:inherit;padding:.25rem .5rem;max-width:100%}"
	"section{content-visibility:auto;contain-intrinsic-size:auto 1200px}"
	".g{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:1rem}"
	"figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden;overflow-wrap:anywhere}"
	"figure[hidden],section[hidden]{display:none}"
	".v{display:flex;align-items:center;justify-content:center;height:220px;background:#8881}"
	".v a{display:block;width:100%;height:100%}"
	".v img,.v video{width:100%;height:100%;object-fit:contain}.v audio{width:92%}"
	"figcaption{padding:.5rem .7rem}"
	".p{margin:0;max-height:9em;overflow:auto;white-space:pre-wrap;unicode-bidi:plaintext}"
	".m{margin:.4rem 0 0;font-size:.85em;color:var(--dim)}.e{margin:.4rem 0 0;font-size:.85em;color:#c33}"
	"footer{margin-top:2rem;color:var(--dim)}";

/* What it filters is in the page already: without scripts everything is shown. */
static const char script[] =
	"'use strict';(()=>{const q=document.getElementById('q'),s=document.getElementById('s'),"
	"m=document.getElementById('m'),n=document.getElementById('n');"
	"const all=[...document.querySelectorAll('figure')].map(f=>({f,t:f.textContent.toLowerCase()}));"
	"const fill=(e,k)=>{[...new Set(all.map(i=>i.f.dataset[k]))].filter(Boolean).sort().forEach(v=>{"
	"const o=document.createElement('option');o.textContent=v;e.append(o)})};fill(s,'s');fill(m,'m');"
	"const show=()=>{const w=q.value.toLowerCase().split(/\\s+/).filter(Boolean);let c=0;"
	"all.forEach(i=>{const y=(!s.value||i.f.dataset.s===s.value)&&(!m.value||i.f.dataset.m===m.value)&&"
	"w.every(x=>i.t.includes(x));i.f.hidden=!y;c+=y});n.textContent=c+' of '+all.length;"
	"document.querySelectorAll('section').forEach(e=>{e.hidden=!e.querySelector('figure:not([hidden])')})};"
	"[q,s,m].forEach(e=>e.addEventListener('input',show));document.getElementById('f').hidden=false;show()})()";

/* SHA-256 of the two texts above in base64, by which the policy lets them in and nothing else; test_gallery_page compares. */
#define STYLE_HASH "F/N3yN/ByYTodobiEJ+5B8E5Gth7Ta9ZOHaUEAH1npE="
#define SCRIPT_HASH "3J+1RAxJ/4sKMOr3OJkmU8lxRElckXca77E5QLl+hqw="

static void add_line(struct buf *out, const char *line, size_t length)
{
	/* control characters and what is no UTF-8 become '?' */
	CLEANUP_FREE char *clean = str_printable(line, length, PROMPT_SHOWN_MAX);

	if (clean == NULL) {
		out->failed = -ENOMEM;
		return;
	}
	for (const char *c = clean; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_add(out, c, 1);
		}
	}
}

static void add_text(struct buf *out, const char *text, size_t length)
{
	const char *end = text + length, *line = text, *next;

	for (; (next = memchr(line, '\n', (size_t)(end - line))) != NULL; line = next + 1) {
		add_line(out, line, (size_t)(next - line));
		buf_adds(out, "\n");
	}
	add_line(out, line, (size_t)(end - line));
}

static void add_string(struct buf *out, const char *string)
{
	if (string != NULL)
		add_text(out, string, strlen(string));
}

/* Each name is percent-encoded, so that none of them can be taken for a scheme, a query or markup. */
static void add_link(struct buf *out, const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		CLEANUP_FREE char *name = strndup(path, length);
		CLEANUP_FREE char *encoded = name == NULL ? NULL : http_escape(name);
		if (encoded == NULL) {
			out->failed = -ENOMEM;
			return;
		}
		buf_adds(out, encoded);
		path += length;
		if (*path == '/') {
			buf_adds(out, "/");
			path++;
		}
	}
}

static void add_view(struct buf *out, const struct gallery_item *item)
{
	buf_adds(out, "<div class=v>");
	switch (item->kind) {
	case GALLERY_PICTURE:
		buf_adds(out, "<a href=\"");
		add_link(out, item->path);
		buf_adds(out, "\"><img loading=lazy decoding=async alt=\"\" src=\"");
		add_link(out, item->path);
		buf_adds(out, "\"></a>");
		break;
	case GALLERY_FILM:
		buf_adds(out, "<video controls preload=none");
		if (item->poster != NULL) {
			buf_adds(out, " poster=\"");
			add_link(out, item->poster);
			buf_adds(out, "\"");
		}
		buf_adds(out, " src=\"");
		add_link(out, item->path);
		buf_adds(out, "\"></video>");
		break;
	case GALLERY_SOUND:
		buf_adds(out, "<audio controls preload=none src=\"");
		add_link(out, item->path);
		buf_adds(out, "\"></audio>");
		break;
	case GALLERY_FILE:
		buf_adds(out, "<a href=\"");
		add_link(out, item->path);
		buf_adds(out, "\">");
		add_string(out, item->path);
		buf_adds(out, "</a>");
		break;
	case GALLERY_NOTHING:
		add_string(out, item->state);
		break;
	}
	buf_adds(out, "</div>");
}

static void add_facts(struct buf *out, const struct gallery_item *item)
{
	char when[CLOCK_TEXT];

	buf_adds(out, "<p class=m>");
	add_string(out, item->model);
	buf_adds(out, " · ");
	add_string(out, item->state);
	if (item->when_ms != 0) {
		clock_format(item->when_ms, when);
		/* the day stands above: hours and minutes are enough */
		buf_addf(out, " · <time datetime=\"%s\">%.5s UTC</time>", when, when + sizeof("2026-11-27T") - 1);
	}
	if (!isnan(item->credits))
		buf_addf(out, " · %.10g credits", item->credits);
	if (item->path != NULL) {
		buf_adds(out, " · <a href=\"");
		add_link(out, item->path);
		buf_adds(out, "\">");
		const char *name = strrchr(item->path, '/');
		add_string(out, name != NULL ? name + 1 : item->path);
		buf_adds(out, "</a>");
	}
	buf_adds(out, "</p>");
	if (item->reason != NULL) {
		buf_adds(out, "<p class=e>");
		add_string(out, item->reason);
		buf_adds(out, "</p>");
	}
}

static void open_day(struct gallery_page *page, int64_t when_ms)
{
	char day[CLOCK_DAY];

	clock_day(when_ms, day);
	if (strcmp(day, page->day) == 0)
		return;
	if (page->day[0] != '\0')
		buf_adds(page->out, "</div></section>\n");
	buf_addf(page->out, "<section><h2>%s</h2><div class=g>\n", day);
	memcpy(page->day, day, sizeof(day));
}

void gallery_page_begin(struct gallery_page *page, struct buf *out, const char *title)
{
	*page = (struct gallery_page){.out = out};
	/* 'self' alone lets nothing in where the page is a file of its own */
	buf_addf(out,
		"<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=Content-Security-Policy content=\""
		"default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'sha256-%s'; "
		"script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">"
		"<meta name=viewport content=\"width=device-width\"><meta name=referrer content=no-referrer><title>",
		STYLE_HASH, SCRIPT_HASH);
	add_string(out, title);
	buf_addf(out, "</title><style>%s</style>\n<header><h1>", style);
	add_string(out, title);
	buf_adds(out,
		"</h1><div id=f hidden><input id=q type=search placeholder=\"words of a prompt\" aria-label=Search> "
		"<select id=s aria-label=State><option value=\"\">every state</option></select> "
		"<select id=m aria-label=Model><option value=\"\">every model</option></select> <output id=n></output>"
		"</div></header>\n");
}

void gallery_page_add(struct gallery_page *page, const struct gallery_item *item)
{
	struct buf *out = page->out;

	open_day(page, item->when_ms);
	page->count++;
	buf_adds(out, "<figure data-s=\"");
	add_string(out, item->state);
	buf_adds(out, "\" data-m=\"");
	add_string(out, item->model);
	buf_adds(out, "\">");
	add_view(out, item);
	buf_adds(out, "<figcaption><p class=p>");
	if (item->prompt != NULL)
		add_text(out, item->prompt, item->prompt_length);
	buf_adds(out, "</p>");
	add_facts(out, item);
	buf_adds(out, "</figcaption></figure>\n");
}

void gallery_page_end(struct gallery_page *page, unsigned next, bool cut)
{
	struct buf *out = page->out;

	if (page->day[0] != '\0')
		buf_adds(out, "</div></section>\n");
	if (page->count == 0)
		buf_adds(out, "<p>Nothing was made here yet.</p>\n");
	if (next != 0)
		buf_addf(out, "<footer><a href=\"gallery-%u.html\">older</a></footer>\n", next);
	if (cut)
		buf_addf(out, "<footer>The newest %zu are shown; all are in the gallery of the mount, "
			"<code>.weryaifs/gallery.html</code>.</footer>\n", page->count);
	buf_addf(out, "<script>%s</script></html>\n", script);
}
