/* SPDX-License-Identifier: MIT */
#include "fs/media/xmp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fs/base/str.h"

#define VALUE_MAX 16000 /* as it is written, so that two long texts and a request find room */

static const char begin[] =
	"<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
	"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
	"<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
	"<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
	" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:weryai=\"urn:weryaifs:result:1.0/\">\n"
	"<xmp:CreatorTool>weryaifs</xmp:CreatorTool>\n";
static const char end[] = "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>";

/* XML 1.0, 2.2: no controls but these three, and neither U+FFFE nor U+FFFF. */
static bool is_sayable(const char *at, size_t size)
{
	if (size == 1)
		return (unsigned char)*at >= 0x20 || *at == '\t' || *at == '\n';
	return size != 3 || memcmp(at, "\xef\xbf", 2) != 0 || (unsigned char)at[2] < 0xbe;
}

static void add_text(struct buf *packet, const char *text)
{
	size_t length = strlen(text), start = packet->length;

	while (length > 0) {
		size_t size = str_utf8_next(text, length);
		const char *said = size == 0 || !is_sayable(text, size) ? "\xef\xbf\xbd" : NULL;
		if (packet->length - start > VALUE_MAX) {
			buf_adds(packet, "\xe2\x80\xa6");
			return;
		}
		if (size == 1 && *text == '&')
			said = "&amp;";
		else if (size == 1 && *text == '<')
			said = "&lt;";
		else if (size == 1 && *text == '>')
			said = "&gt;";
		if (said != NULL)
			buf_adds(packet, said);
		else
			buf_add(packet, text, size);
		text += size == 0 ? 1 : size;
		length -= size == 0 ? 1 : size;
	}
}

static void add_fact(struct buf *packet, const struct xmp_fact *fact)
{
	struct buf text;

	buf_init(&text, XMP_MAX);
	buf_addf(&text, "<weryai:%s>", fact->name);
	add_text(&text, fact->value);
	buf_addf(&text, "</weryai:%s>\n", fact->name);
	if (!buf_ok(&text))
		packet->failed = text.failed;
	else if (packet->length + text.length + sizeof(end) <= packet->ceiling)
		buf_add(packet, text.data, text.length);
	buf_finish(&text);
}

int xmp_packet(const char *description, const struct xmp_fact *facts, size_t count, struct buf *packet)
{
	buf_adds(packet, begin);
	buf_adds(packet, "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">");
	add_text(packet, description);
	buf_adds(packet, "</rdf:li></rdf:Alt></dc:description>\n");
	for (size_t i = 0; i < count; i++)
		if (facts[i].value != NULL)
			add_fact(packet, &facts[i]);
	buf_adds(packet, end);
	return packet->failed;
}
