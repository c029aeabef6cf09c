/* SPDX-License-Identifier: MIT */
/* Where a request may connect to. URLs of results and of redirects are chosen by whoever answers, so it is the address of the
 * socket that is looked at, at each hop. */
#include "fs/net/http_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without one of the settings, a proxy is what the environment says, as libcurl reads it; only that we have to know it, too. */
const char *request_find_proxy(bool https)
{
	/* not HTTP_PROXY: a web server sets that from a request's header */
	static const char *const https_names[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
	static const char *const http_names[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};

	for (const char *const *name = https ? https_names : http_names; *name != NULL; name++) {
		const char *proxy = getenv(*name);
		if (proxy != NULL && proxy[0] != '\0')
			return proxy;
	}
	return NULL;
}

/* "localhost,.example.com" or "*". What this does not understand is no exception, so that it goes to the proxy. */
static bool is_excepted(const char *host)
{
	const char *list = getenv("no_proxy");
	size_t host_length = strlen(host);

	if (list == NULL)
		list = getenv("NO_PROXY");
	if (list == NULL)
		return false;
	while (*list != '\0') {
		list += strspn(list, ", ");
		size_t length = strcspn(list, ", ");
		const char *name = list;
		list += length;
		if (length == 1 && name[0] == '*')
			return true;
		if (length > 0 && name[0] == '.') {
			name++;
			length--;
		}
		if (length == 0 || length > host_length)
			continue;
		const char *tail = host + host_length - length;
		if (strncasecmp(tail, name, length) == 0 && (tail == host || tail[-1] == '.'))
			return true;
	}
	return false;
}

/* "10.0.0.5", "[fd00::1]"; libcurl has made the usual form of odd ones. False: it is a name. */
static bool read_literal(const char *host, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
	char inner[INET6_ADDRSTRLEN];
	size_t length = strlen(host);

	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return true;
	}
	if (length < 3 || length - 2 >= sizeof(inner) || host[0] != '[')
		return false;
	memcpy(inner, host + 1, length - 2);
	inner[strcspn(inner, "%")] = '\0';
	inner[length - 2] = '\0';
	v6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, inner, &v6->sin6_addr) == 1;
}

unsigned http_url_networks(const char *url)
{
	struct sockaddr_storage literal;
	struct http_url parsed;

	if (http_url_parse(url, &parsed) < 0)
		return 0;
	if (read_literal(parsed.host, &literal))
		return http_address_network((struct sockaddr *)&literal);
	return parsed.loopback ? HTTP_LOOPBACK : 0;
}

static bool is_allowed(const struct http *http, const struct sockaddr *address)
{
	unsigned trusted =
		http->trusts != NULL ? http->trusts->networks & ~(unsigned)HTTP_OTHER : 0;

	return http->any_address || (http_address_network(address) & (HTTP_PUBLIC | trusted)) != 0;
}

static void refuse(struct http_request *request, const struct sockaddr *address)
{
	http_address_text(address, request->refused);
}

int request_choose_way(struct http_request *request)
{
	const struct http_url *target = &request->target;
	const char *chosen = request->http->proxy;
	const char *proxy = target->loopback ? NULL
			    : chosen != NULL ? chosen
					     : request_find_proxy(target->https);
	struct sockaddr_storage literal;

	request->refused[0] = '\0';
	request->proxied = proxy != NULL;
	if (request->http->any_address)
		/* "" also shuts out the proxies of the environment */
		return curl_easy_setopt(request->easy, CURLOPT_PROXY,
			       target->loopback ? "" : chosen) == CURLE_OK
			       ? 0
			       : -ENOMEM;
	if (proxy != NULL && is_excepted(target->host))
		proxy = NULL;
	request->proxied = proxy != NULL;
	if (curl_easy_setopt(request->easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") !=
			CURLE_OK ||
		curl_easy_setopt(request->easy, CURLOPT_NOPROXY, "") != CURLE_OK)
		return -ENOMEM;
	if (!read_literal(target->host, &literal) ||
		is_allowed(request->http, (struct sockaddr *)&literal))
		return 0;
	refuse(request, (struct sockaddr *)&literal);
	return -EPERM;
}

curl_socket_t request_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_request *request = arg;

	if (!request->proxied && !is_allowed(request->http, &address->addr)) {
		refuse(request, &address->addr);
		errno = EACCES;
		return CURL_SOCKET_BAD;
	}
	/* a proxy's own network says nothing about the host behind it */
	if (!request->proxied)
		request->http->networks |= http_address_network(&address->addr);
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
